"""A progress bar on a terminal, removed when done, with lines printed above it."""

import sys
from typing import TYPE_CHECKING

from cnnplay.cli.output import echo, printable

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def terminal_bar(*more: "ProgressColumn") -> "Progress":
    """A description, a bar, and `more` columns. Only if stdout is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), *more)
    return Progress(*columns, console=Console(file=sys.stdout), transient=True)


def echo_above(bar: "Progress | None", text: str) -> None:
    """Prints a line above the bar, or just a line without one."""
    if bar is not None:
        bar.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
    else:
        echo(text)
