"""What the command line prints: JSON for programs, tables for people, plain text where nobody looks."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

import msgspec

Align = Literal["left", "right"]


class Column(NamedTuple):
    """A table's column; numbers that people compare stand at the right."""

    heading: str
    align: Align = "left"


def say(text: str = "") -> None:
    """A line for people, on stdout."""
    print(_harmless(text), flush=True)


def warn(text: str) -> None:
    """A line on stderr."""
    print(_harmless(text), file=sys.stderr, flush=True)


def emit(value: object) -> None:
    """One line of JSON on stdout, in UTF-8 whatever the terminal's encoding; flushed. NaN becomes null."""
    line = msgspec.json.encode(value) + b"\n"
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(line.decode())
    else:
        sys.stdout.flush()
        buffer.write(line)
        buffer.flush()
    sys.stdout.flush()


def forgiving_streams() -> None:
    """A character that the terminal does not have is replaced; printing never fails for it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """A table: lined on a terminal, columns parted by spaces elsewhere."""
    rows = [[_harmless(cell) for cell in row] for row in rows]
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


def percent(fraction: float | None) -> str:
    """96.4 %; a dash for what is not known."""
    return "–" if fraction is None else f"{fraction * 100:.1f} %"


def _harmless(text: str) -> str:
    """Without control characters: a name in a stranger's file must not steer the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _rich_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column.heading, justify=column.align)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout).print(shown)
