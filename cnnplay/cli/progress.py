"""A bar on a terminal that goes when it is done, and words above it."""

import sys
from typing import TYPE_CHECKING

from cnnplay.cli.output import harmless, say

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def terminal_bar(*more: "ProgressColumn") -> "Progress":
    """What is done in words, a bar, and `more` columns. For who knows that stdout is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), *more)
    return Progress(*columns, console=Console(file=sys.stdout), transient=True)


def say_above(bar: "Progress | None", text: str) -> None:
    """A line above the bar, or just a line where there is none."""
    if bar is not None:
        bar.console.print(harmless(text), markup=False, highlight=False, soft_wrap=True)
    else:
        say(text)
