"""A SQLite index of the runs: a cache of what was read from each folder, so that only changed ones are
reread.

The folders are the source of truth. The index is one file on this machine, without a write-ahead log. If it
is damaged, locked, missing or of another version, it counts as empty and is rebuilt. It is open only during a
query, so that two programs can share it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.spec.json_values import json_number

VERSION = 2
"""Raise it when a column changes."""
PATIENCE = 0.5
"""Seconds to wait for another program's write."""

_TYPES = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER"}


def _column_type(kind: object) -> str:
    name = getattr(kind, "__name__", str(kind)).split(" | ")[0]
    return _TYPES.get(name, "TEXT")


FIELDS = tuple(field.name for field in msgspec.structs.fields(RunRow))
_METRICS = frozenset({"best", "last", "train"})
_AS_JSON = frozenset({"config", "environment", "tags"}) | _METRICS
_COLUMNS = ", ".join(
    f'"{field.name}" {_column_type(field.type)}' + (" PRIMARY KEY" if field.name == "path" else "")
    for field in msgspec.structs.fields(RunRow)
)
_NAMES = ", ".join(f'"{name}"' for name in FIELDS)
CREATE = f"CREATE TABLE IF NOT EXISTS runs ({_COLUMNS}, signature TEXT NOT NULL)"
INSERT = f"INSERT OR REPLACE INTO runs ({_NAMES}, signature) VALUES ({', '.join('?' * (len(FIELDS) + 1))})"
SELECT = f"SELECT {_NAMES}, signature FROM runs"


class Entry(NamedTuple):
    """A row, and the signature of the files it was read from."""

    signature: str
    row: RunRow


class RunIndex:
    """The index file. No method raises if something is wrong with it: `trouble` describes it ("" if all is
    well), and the program works without the index.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""

    def load(self) -> dict[str, Entry]:
        """All entries by path; empty if the index cannot be used."""
        if not self.path.exists():
            return {}
        try:
            with self._open() as connection:
                found = connection.execute(SELECT).fetchall()
            return {entry.row.path: entry for entry in map(_entry, found)}
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, OSError) as error:
            self._cope(error)
            return {}

    def store(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        """Writes changed entries and deletes those that are gone, in one transaction."""
        rows = [_values(entry) for entry in entries]
        lost = [(path,) for path in gone]
        if not rows and not lost:
            return
        try:
            self._store(rows, lost)
            self.trouble = ""
        except (sqlite3.Error, OSError) as error:
            self._cope(error)

    def clear(self) -> None:
        """Deletes the index: the next `load` finds nothing."""
        for path in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _store(self, rows: list[list[Any]], lost: list[tuple[str]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, rows)
            connection.executemany("DELETE FROM runs WHERE path = ?", lost)
            connection.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DROP TABLE IF EXISTS runs")
                connection.execute(CREATE)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("COMMIT")
            yield connection

    def _cope(self, error: Exception) -> None:
        """Deletes a damaged index, which the next `store` rebuilds. One that is locked or unreachable
        stays."""
        self.trouble = (
            f"{self.path}: the index cannot be used, so all run folders are read each time: {error}"
        )
        usable = isinstance(error, (sqlite3.OperationalError, OSError)) and not _damaged(error)
        if not usable:
            self.clear()


def _damaged(error: Exception) -> bool:
    """SQLite reports some damage as an operational error, such as a table without the expected columns."""
    message = str(error)
    return any(sign in message for sign in ("malformed", "no such", "not a database", "no column"))


def _values(entry: Entry) -> list[Any]:
    return [*(_plain(name, getattr(entry.row, name)) for name in FIELDS), entry.signature]


def _plain(name: str, value: Any) -> Any:
    if name in _METRICS:
        value = {metric: json_number(number) for metric, number in value.items()}
    if name in _AS_JSON:
        return msgspec.json.encode(value).decode()
    return json_number(value) if isinstance(value, float) else value  # SQLite makes NULL of NaN


def _entry(values: tuple[Any, ...]) -> Entry:
    fields: Mapping[str, Any] = dict(zip(FIELDS, values[:-1], strict=True))
    decoded = {
        name: msgspec.json.decode(value) if name in _AS_JSON else value for name, value in fields.items()
    }
    return Entry(str(values[-1]), msgspec.convert(decoded, RunRow, strict=False))
