"""Reading a run's events while they are being written: whole lines, from where the last call stopped."""

import os
from pathlib import Path
from typing import Any

import msgspec

from cnnplay.runs.record import RunError
from cnnplay.runs.regular_file import open_regular_file
from cnnplay.spec.events import Event

EVENTS = "events.jsonl"
AT_ONCE = 8 * 2**20
"""The most bytes to read at once. A longer line is not an event of ours."""
STEP = b'{"event":"step"'

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event, strict=False)


class _Named(msgspec.Struct):
    """What events of known and unknown kinds have."""

    event: str


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_names = msgspec.json.Decoder(_Named)
_KNOWN = frozenset(kind.__struct_config__.tag for kind in Event.__args__)


class Tail:
    """Follows one file. A line is read when it is complete. Events of unknown kinds are skipped, and so are
    damaged lines, for example from a failing disk, which `damage` reports.

    `restarted`: the file was replaced or is shorter than before, so what was read is no longer valid.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVENTS
        self.offset = 0
        """Bytes read so far, in whole lines."""
        self.lines = 0
        self._damaged: list[int] = []
        self._known = 0
        self.restarted = False
        self.written = 0.0
        """When the file was last written, in seconds since 1970."""
        self._identity: tuple[int, int] | None = None

    def lines_since(self, at_once: int = AT_ONCE) -> list[bytes]:
        """The whole lines added since the last call, without line ends; none if the file does not exist yet.
        RunError if it cannot be read or, at its end, if all lines are damaged.
        """
        self.restarted = False
        try:
            with open_regular_file(self.path) as file:
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
        """Which lines were damaged; "" if none."""
        if not self._damaged:
            return ""
        more = f" (and {len(self._damaged) - 1:,} more)" if len(self._damaged) > 1 else ""
        return f"{EVENTS}, line {self._damaged[0]:,}: not an event{more}"

    def decoded(self, lines: list[bytes]) -> list[Event]:
        """Decodes lines returned by the last call."""
        found = []
        for line in lines:
            self.lines += 1
            event = self.event(line)
            if event is not None:
                found.append(event)
        return found

    def event(self, line: bytes) -> Event | None:
        """Decodes the line counted last; None if it is damaged or of an unknown kind."""
        try:
            event: Event = _decoder.decode(line)
        except _UNREADABLE:
            if not _is_unknown_kind(line):
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


def _is_unknown_kind(line: bytes) -> bool:
    """Whether it is an event of an unknown kind, from a newer program."""
    try:
        return _names.decode(line).event not in _KNOWN
    except _UNREADABLE:
        return False
