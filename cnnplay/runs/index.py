"""A SQLite index over the runs: what was read of each folder, so that only changed ones are read again.

The folders are the truth. The index is one file on this machine, without a write-ahead log; one that is
damaged, locked, missing or of another version counts as empty and is made anew. It is open for the length of
a question only, so that two programs can share it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.spec.portable import number

VERSION = 1
"""Who changes a column raises it."""
PATIENCE = 0.5
"""Seconds to wait for another program that writes."""

_TYPES = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER"}


def _column_type(kind: object) -> str:
    name = getattr(kind, "__name__", str(kind)).split(" | ")[0]
    return _TYPES.get(name, "TEXT")


FIELDS = tuple(field.name for field in msgspec.structs.fields(RunRow))
_AS_JSON = frozenset({"config", "environment", "tags"})
_COLUMNS = ", ".join(
    f'"{field.name}" {_column_type(field.type)}' + (" PRIMARY KEY" if field.name == "path" else "")
    for field in msgspec.structs.fields(RunRow)
)
_NAMES = ", ".join(f'"{name}"' for name in FIELDS)
CREATE = f"CREATE TABLE IF NOT EXISTS runs ({_COLUMNS}, signature TEXT NOT NULL)"
INSERT = f"INSERT OR REPLACE INTO runs ({_NAMES}, signature) VALUES ({', '.join('?' * (len(FIELDS) + 1))})"
SELECT = f"SELECT {_NAMES}, signature FROM runs"


class Entry(NamedTuple):
    """A row, and the signature of the files that it was made from."""

    signature: str
    row: RunRow


class RunIndex:
    """One file. Nothing here raises for what is wrong with it: `trouble` says it in words, "" where all is
    well; the program goes on without.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""

    def load(self) -> dict[str, Entry]:
        """All entries by path; none where the index cannot be used."""
        if not self.path.exists():
            return {}
        try:
            with self._open() as connection:
                found = connection.execute(SELECT).fetchall()
            return {entry.row.path: entry for entry in map(_entry, found)}
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, OSError) as error:
            self._cope(error)
            return {}

    def store(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        """Writes what changed and takes out what is gone, all or nothing."""
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
        """Throws the index away: the next `load` finds nothing."""
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
        """A damaged index goes, and is made anew at the next `store`; one in use or out of reach stays."""
        self.trouble = f"{self.path}: the list of runs is read from their folders each time: {error}"
        usable = isinstance(error, (sqlite3.OperationalError, OSError)) and not _damaged(error)
        if not usable:
            self.clear()


def _damaged(error: Exception) -> bool:
    """Some damage is told as an operational error: a table that is not what its name says."""
    words = str(error)
    return any(sign in words for sign in ("malformed", "no such", "not a database", "no column"))


def _values(entry: Entry) -> list[Any]:
    return [*(_plain(name, getattr(entry.row, name)) for name in FIELDS), entry.signature]


def _plain(name: str, value: Any) -> Any:
    if name in _AS_JSON:
        return msgspec.json.encode(value).decode()
    return number(value) if isinstance(value, float) else value  # SQLite makes NULL of NaN


def _entry(values: tuple[Any, ...]) -> Entry:
    fields: Mapping[str, Any] = dict(zip(FIELDS, values[:-1], strict=True))
    decoded = {
        name: msgspec.json.decode(value) if name in _AS_JSON else value for name, value in fields.items()
    }
    return Entry(str(values[-1]), msgspec.convert(decoded, RunRow, strict=False))
