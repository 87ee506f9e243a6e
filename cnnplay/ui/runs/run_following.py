"""What the background does for the table of runs: looks at the store, and reads on in the chosen runs."""

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
from cnnplay.ui.train.trace import Trace


@dataclass(frozen=True)
class Look:
    """What one look found. `rows` is None where only some folders were looked at: `changed` holds theirs.

    `begun` are runs that were read from their beginning, `told` is what others told since the last look.
    """

    rows: tuple[RunRow, ...] | None = None
    trouble: str = ""
    changed: dict[str, RunRow] = field(default_factory=dict)
    begun: dict[str, Trace] = field(default_factory=dict)
    told: dict[str, list[Event]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """That looking at the whole store took."""


class Follower:
    """Used by one thread at a time. A trace that was handed out is not touched again."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._tails: dict[str, Tail] = {}
        self._broken: dict[str, tuple[str, str]] = {}
        """Of runs whose events cannot be read: what is wrong with which files."""

    def look(
        self, chosen: Iterable[str], on: Iterable[str], everything: bool = True, rebuild: bool = False
    ) -> Look:
        """Looks at the store, or at the runs that are `on` alone, and reads on in those chosen."""
        begun = time.perf_counter()
        if everything or rebuild:
            listing = self.library.refresh(rebuild)
            found = Look(listing.rows, listing.trouble, seconds=time.perf_counter() - begun)
        else:
            found = Look(changed=self.library.look_again(map(Path, on)))
        chosen = tuple(chosen)
        self._tails = {path: tail for path, tail in self._tails.items() if path in chosen}
        for path in chosen:
            self._try(path, found)
        return found

    def _try(self, path: str, found: Look) -> None:
        """What could not be read is tried again when its file is another one."""
        files = _mark(path)
        broken = self._broken.pop(path, None)
        if broken is not None and broken[0] == files:
            self._broken[path] = broken
            found.problems[path] = broken[1]
            return
        try:
            self._read(path, found)
        except RunError as error:
            self._tails.pop(path, None)
            found.begun.pop(path, None)
            self._broken[path] = (files, str(error))
            found.problems[path] = str(error)

    def _read(self, path: str, found: Look) -> None:
        tail = self._tails.get(path)
        if tail is None:
            tail = self._tails[path] = Tail(Path(path))
            found.begun[path] = Trace()
        while True:
            lines = tail.lines_since()
            if tail.restarted:
                found.begun[path] = Trace()
                found.told.pop(path, None)
            if not lines:
                return
            events = tail.decoded(lines)
            if path in found.begun:
                found.begun[path].extend(events)
            else:
                found.told.setdefault(path, []).extend(events)


def _mark(path: str) -> str:
    try:
        return signature(files_of(Path(path)))
    except OSError:
        return ""
