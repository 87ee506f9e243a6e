"""All runs: those in the store and remembered ones elsewhere. Each is reread only when it changed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from cnnplay.data.paths import is_utf8, printable
from cnnplay.runs import run_store
from cnnplay.runs.files import RECORD, files_of
from cnnplay.runs.index import Entry, RunIndex
from cnnplay.runs.row import RunRow
from cnnplay.runs.summary import RunReader, read_record, signature, state_of


class Listing(NamedTuple):
    """All runs, newest first. `trouble` describes a problem with the index or the store."""

    rows: tuple[RunRow, ...]
    trouble: str = ""


class Library:
    """Not thread-safe: use it from one thread at a time."""

    def __init__(self, store: Path | None = None, index: Path | None = None) -> None:
        self.store = store or run_store.store_folder()
        self.index = RunIndex(index or run_store.index_path())
        self._known: dict[str, Entry] | None = None
        self._readings: dict[str, RunReader] = {}
        """Readers of unfinished runs, which continue where they stopped."""
        self.read = 0
        """How many folders the last refresh read."""

    def refresh(self, rebuild: bool = False) -> Listing:
        """Checks every folder. `rebuild` deletes the index and rereads them all."""
        if rebuild:
            self.index.clear()
            self._known, self._readings = {}, {}
        if self._known is None:
            self._known = self.index.load()
        known, trouble, self.read = self._known, "", 0
        try:
            folders = self._folders()
        except OSError as error:
            folders, trouble = [], f"{self.store}: cannot be listed ({error.strerror or error})"
        unnamed = [folder for folder in folders if not is_utf8(folder)]
        if unnamed:  # they could be stored in no file of ours
            folders = [folder for folder in folders if is_utf8(folder)]
            trouble = f"{printable(unnamed[0])}: not listed: expected a name in UTF-8; rename the folder"
        found: dict[str, Entry] = {}
        changed = []
        for folder in folders:
            entry = self._entry(folder, known.get(str(folder)))
            if entry is None:
                continue
            found[str(folder)] = entry
            if entry is not known.get(str(folder)):
                changed.append(entry)
        gone = known.keys() - found.keys() if not trouble or unnamed else set()
        self._known = found
        self.index.store(changed, gone)
        return Listing(_sorted(entry.row for entry in found.values()), trouble or self.index.trouble)

    def look_again(self, folders: Iterable[Path]) -> dict[str, RunRow]:
        """The rows of some folders as they are now, by path: for runs that grow, between two refreshes."""
        known = self._known if self._known is not None else {}
        found = {}
        for folder in folders:
            entry = self._entry(folder, known.get(str(folder)))
            if entry is not None:
                known[str(folder)] = entry
                found[str(folder)] = entry.row
        return found

    def remember(self, folder: Path) -> None:
        """Adds a run outside the store to the list. RunError if it is not a run; OSError from the disk."""
        read_record(folder)
        run_store.remember(self.store, folder)

    def forget(self, folder: Path) -> None:
        """Removes a run from the list; its files stay."""
        run_store.forget(self.store, folder)

    def _folders(self) -> list[Path]:
        found = []
        if self.store.is_dir():
            with os.scandir(self.store) as entries:
                found = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        return found + [folder for folder in run_store.elsewhere(self.store) if folder not in found]

    def _entry(self, folder: Path, known: Entry | None) -> Entry | None:
        """The folder's entry, the known one if nothing changed; None for a folder without a run."""
        try:
            files = files_of(folder)
        except OSError:
            return None
        if not any(file.name == RECORD for file in files):
            return None
        mark, path = signature(files), str(folder)
        if known is not None and known.signature == mark:
            row = known.row
        else:
            reading = self._readings.pop(path, None) or RunReader(folder)
            row = reading.row(files)
            self.read += 1
            if not row.ended:
                self._readings[path] = reading
        state = state_of(row)
        if known is not None and known.signature == mark and known.row.state == state:
            return known
        return Entry(mark, msgspec.structs.replace(row, state=state))


def _sorted(rows: Iterable[RunRow]) -> tuple[RunRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.created, row.path), reverse=True))
