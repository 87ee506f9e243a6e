"""What the command line prints: JSON for programs, tables for people, plain text where nobody looks."""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from cnnplay.spec.portable import text as as_text

LISTED = 5
"""So many problems are told one by one."""

Align = Literal["left", "right"]


class Column(NamedTuple):
    """A table's column; numbers that people compare stand at the right."""

    heading: str
    align: Align = "left"


def say(text: str = "") -> None:
    """A line for people, on stdout."""
    print(harmless(text), flush=True)


def warn(text: str) -> None:
    """A line on stderr."""
    print(harmless(text), file=sys.stderr, flush=True)


def emit(value: object) -> None:
    """One line of JSON on stdout, in UTF-8 whatever the terminal's encoding; flushed. NaN becomes null, and
    a byte of a file's name that is no text a question mark."""
    try:
        line = msgspec.json.encode(value) + b"\n"
    except UnicodeEncodeError:
        line = msgspec.json.encode(_as_text(msgspec.to_builtins(value))) + b"\n"
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(line.decode())
    else:
        sys.stdout.flush()
        buffer.write(line)
        buffer.flush()
    sys.stdout.flush()


def forgiving_streams() -> None:
    """A character that the terminal does not have is replaced; printing never fails for it, nor for a stream
    that was closed before the program began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the program
            setattr(sys, name, nowhere)
        with suppress(AttributeError, ValueError, OSError):
            getattr(sys, name).reconfigure(errors="replace")


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """A table: lined on a terminal, columns parted by spaces elsewhere."""
    columns = [Column(harmless(column.heading), column.align) for column in columns]
    rows = [[harmless(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(columns, rows)
    else:
        for line in plain_table(columns, rows):
            print(line)
        sys.stdout.flush()


def plain_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """The table as lines, each column as wide as its widest cell."""
    cells = [[column.heading for column in columns], *(list(row) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]

    def line(row: list[str]) -> str:
        parts = (
            text.rjust(width) if column.align == "right" else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        return "  ".join(parts).rstrip()

    return [line(row) for row in cells]


def count(number: int | None) -> str:
    """61,706; a dash for what is not known."""
    return "–" if number is None else f"{number:,}"


def counted(number: int, word: str) -> str:
    """1 picture; 61,706 pictures."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def shortened(problems: Sequence[str]) -> list[str]:
    """The first few, and how many more there are."""
    more = len(problems) - LISTED
    return [*problems[:LISTED], *([f"and {counted(more, 'more problem')}"] if more > 0 else [])]


def percent(fraction: float | None) -> str:
    """96.4 %; a dash for what is not known."""
    return "–" if fraction is None else f"{fraction * 100:.1f} %"


def harmless(text: str) -> str:
    """Without control characters: a name in a stranger's file must not steer the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _as_text(value: Any) -> Any:
    match value:
        case dict():
            return {_as_text(key): _as_text(part) for key, part in value.items()}
        case list() | tuple():
            return [_as_text(part) for part in value]
        case str():
            return as_text(value)
        case _:
            return value


def _rich_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(Text(column.heading), justify=column.align)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout).print(shown)
