"""Reading a run's events while somebody writes them: from where the last look ended, whole lines alone."""

import os
from pathlib import Path
from typing import Any

import msgspec

from cnnplay.runs.plain import open_plain
from cnnplay.runs.record import RunError
from cnnplay.spec.events import Event

EVENTS = "events.jsonl"
AT_ONCE = 8 * 2**20
"""Bytes that are taken in at once at most. A longer line is no event of ours."""
STEP = b'{"event":"step"'

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event, strict=False)


class _Named(msgspec.Struct):
    """What every event says, of a kind that is known or not."""

    event: str


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_names = msgspec.json.Decoder(_Named)
_KNOWN = frozenset(kind.__struct_config__.tag for kind in Event.__args__)


class Tail:
    """Follows one file. A line without its end waits for it; events of unknown kinds are left out, and so are
    lines that are none, as a failing disk makes them: `damage` tells of these.

    `restarted`: the file is another one or is shorter than before, so that what was read counts no more.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVENTS
        self.offset = 0
        """Bytes read so far, whole lines alone."""
        self.lines = 0
        self._damaged: list[int] = []
        self._known = 0
        self.restarted = False
        self.written = 0.0
        """When the file was written to last, in seconds since 1970."""
        self._identity: tuple[int, int] | None = None

    def lines_since(self, at_once: int = AT_ONCE) -> list[bytes]:
        """The whole lines that came since the last look, without their ends. Nothing where the file is not
        there yet. RunError where it cannot be read, and at its end where it holds damage alone.
        """
        self.restarted = False
        try:
            with open_plain(self.path) as file:
                self._look(os.fstat(file.fileno()))
                file.seek(self.offset)
                content = file.read(at_once)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"{self.path}: cannot be read ({error.strerror or error})") from None
        end = content.rfind(b"\n") + 1
        if not end and len(content) == at_once:
            raise RunError(f"{self.path}, line {self.lines + 1}: longer than any event; refused")
        self.offset += end
        if not end and self._damaged and not self._known:
            raise RunError(f"{self.path.parent}{os.sep}{self.damage}")
        return content[:end].split(b"\n")[:-1]

    @property
    def damage(self) -> str:
        """Which lines were none, in words; "" where all were events."""
        if not self._damaged:
            return ""
        more = f" (and {len(self._damaged) - 1:,} more)" if len(self._damaged) > 1 else ""
        return f"{EVENTS}, line {self._damaged[0]:,}: not an event{more}"

    def decoded(self, lines: list[bytes]) -> list[Event]:
        """Lines of the last look as events."""
        found = []
        for line in lines:
            self.lines += 1
            event = self.event(line)
            if event is not None:
                found.append(event)
        return found

    def event(self, line: bytes) -> Event | None:
        """The event in the line that was counted last; None where there is none that this program knows."""
        try:
            event: Event = _decoder.decode(line)
        except _UNREADABLE:
            if not _of_a_newer_program(line):
                self._damaged.append(self.lines)
            return None
        self._known += 1
        return event

    def _look(self, found: os.stat_result) -> None:
        identity = (found.st_dev, found.st_ino)
        if self._identity not in (None, identity) or found.st_size < self.offset:
            self.offset, self.lines, self.restarted = 0, 0, True
            self._damaged.clear()
            self._known = 0
        self._identity = identity
        self.written = found.st_mtime


def _of_a_newer_program(line: bytes) -> bool:
    """Whether it is an event of a kind that is not known here."""
    try:
        return _names.decode(line).event not in _KNOWN
    except _UNREADABLE:
        return False
