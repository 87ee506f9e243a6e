"""Background work for the table of runs: scans the store, and reads new events of the selected runs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cnnplay.runs.files import files_of
from cnnplay.runs.library import Library
from cnnplay.runs.record import RunError
from cnnplay.runs.row import RunRow
from cnnplay.runs.summary import signature
from cnnplay.runs.tail import Tail
from cnnplay.spec.events import Event
from cnnplay.ui.train.history import History


@dataclass(frozen=True)
class StoreUpdate:
    """The result of one scan. `rows` is None if only active runs were checked: `changed` holds their rows.

    `new_histories` are runs that were read from the start, `new_events` those of others since the last scan.
    """

    rows: tuple[RunRow, ...] | None = None
    store_problem: str = ""
    changed: dict[str, RunRow] = field(default_factory=dict)
    new_histories: dict[str, History] = field(default_factory=dict)
    new_events: dict[str, list[Event]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """How long scanning the whole store took."""


class RunWatcher:
    """Not thread-safe: use it from one thread at a time. Does not change a history after returning it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._tails: dict[str, Tail] = {}
        self._broken: dict[str, tuple[str, str]] = {}
        """Runs whose events cannot be read: the signature of their files, and the problem."""

    def check(
        self, selected: Iterable[str], active: Iterable[str], everything: bool = True, rebuild: bool = False
    ) -> StoreUpdate:
        """Scans the store, or only the `active` runs, and reads new events of the `selected` ones."""
        start = time.perf_counter()
        if everything or rebuild:
            listing = self.library.refresh(rebuild)
            found = StoreUpdate(listing.rows, listing.trouble, seconds=time.perf_counter() - start)
        else:
            found = StoreUpdate(changed=self.library.look_again(map(Path, active)))
        selected = tuple(selected)
        self._tails = {path: tail for path, tail in self._tails.items() if path in selected}
        for path in selected:
            self._try(path, found)
        return found

    def _try(self, path: str, found: StoreUpdate) -> None:
        """Reads a run; one that could not be read is tried again only after its files changed."""
        files = _signature(path)
        broken = self._broken.pop(path, None)
        if broken is not None and broken[0] == files:
            self._broken[path] = broken
            found.problems[path] = broken[1]
            return
        try:
            self._read(path, found)
        except RunError as error:
            self._tails.pop(path, None)
            found.new_histories.pop(path, None)
            self._broken[path] = (files, str(error))
            found.problems[path] = str(error)

    def _read(self, path: str, found: StoreUpdate) -> None:
        tail = self._tails.get(path)
        if tail is None:
            tail = self._tails[path] = Tail(Path(path))
            found.new_histories[path] = History()
        while True:
            lines = tail.lines_since()
            if tail.restarted:
                found.new_histories[path] = History()
                found.new_events.pop(path, None)
            if not lines:
                return
            events = tail.decoded(lines)
            if path in found.new_histories:
                found.new_histories[path].extend(events)
            else:
                found.new_events.setdefault(path, []).extend(events)


def _signature(path: str) -> str:
    try:
        return signature(files_of(Path(path)))
    except OSError:
        return ""
