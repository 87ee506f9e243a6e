"""Printing: JSON for programs, tables for people, plain text if stdout is not a terminal."""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from cnnplay.spec.json_values import json_text
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import Metric

MOST_LISTED = 5
"""The most problems that are listed one by one."""

Align = Literal["left", "right"]


class Column(NamedTuple):
    """A table's column; numbers are right-aligned."""

    heading: str
    align: Align = "left"


def echo(text: str = "") -> None:
    """Prints a line for people on stdout."""
    print(printable(text), flush=True)


def warn(text: str) -> None:
    """Prints a line on stderr."""
    print(printable(text), file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """Prints one line of JSON on stdout, in UTF-8 whatever the terminal's encoding, and flushes it. NaN
    becomes null; bytes of a file name that are not text become question marks."""
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


def make_streams_lenient() -> None:
    """Makes printing never fail: characters that the terminal cannot show are replaced, and streams that were
    closed before the program started go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the program
            setattr(sys, name, nowhere)
        with suppress(AttributeError, ValueError, OSError):
            getattr(sys, name).reconfigure(errors="replace")


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table: with lines on a terminal, with columns separated by spaces elsewhere."""
    columns = [Column(printable(column.heading), column.align) for column in columns]
    rows = [[printable(cell) for cell in row] for row in rows]
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
    """``61,706``; a dash if unknown."""
    return "–" if number is None else f"{number:,}"


def first_few(problems: Sequence[str]) -> list[str]:
    """The first few problems, and how many more there are."""
    more = len(problems) - MOST_LISTED
    return [*problems[:MOST_LISTED], *([f"and {plural(more, 'more problem')}"] if more > 0 else [])]


def metric_text(metric: Metric, value: float | None, digits: int = 4) -> str:
    """The value in the metric's format; a dash if unknown."""
    if metric.format == "percent" or value is None:
        return percent(value)
    return f"{value:.{digits}f}"


def percent(fraction: float | None) -> str:
    """``96.4 %``; a dash if unknown."""
    return "–" if fraction is None else f"{fraction * 100:.1f} %"


def printable(text: str) -> str:
    """Replaces control characters: a name in somebody's file must not control the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _as_text(value: Any) -> Any:
    match value:
        case dict():
            return {_as_text(key): _as_text(part) for key, part in value.items()}
        case list() | tuple():
            return [_as_text(part) for part in value]
        case str():
            return json_text(value)
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
