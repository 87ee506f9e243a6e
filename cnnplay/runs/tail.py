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


_names = msgspec.json.Decoder(_Named)
_KNOWN = frozenset(kind.__struct_config__.tag for kind in Event.__args__)


class Tail:
    """Follows one file. A line without its end waits for it; events of unknown kinds are left out.

    `restarted`: the file is another one or is shorter than before, so that what was read counts no more.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVENTS
        self.offset = 0
        """Bytes read so far, whole lines alone."""
        self.lines = 0
        self.restarted = False
        self.written = 0.0
        """When the file was written to last, in seconds since 1970."""
        self._identity: tuple[int, int] | None = None

    def lines_since(self, at_once: int = AT_ONCE) -> list[bytes]:
        """The whole lines that came since the last look, without their ends. RunError where the file cannot
        be read. Nothing where it is not there yet.
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
        return content[:end].split(b"\n")[:-1]

    def decoded(self, lines: list[bytes]) -> list[Event]:
        """Lines of the last look as events. RunError names the line that is none."""
        found = []
        for line in lines:
            self.lines += 1
            event = decoded(line, self.path, self.lines)
            if event is not None:
                found.append(event)
        return found

    def _look(self, found: os.stat_result) -> None:
        identity = (found.st_dev, found.st_ino)
        if self._identity not in (None, identity) or found.st_size < self.offset:
            self.offset, self.lines, self.restarted = 0, 0, True
        self._identity = identity
        self.written = found.st_mtime


def decoded(line: bytes, path: Path, number: int) -> Event | None:
    """The event in a line; None for one of a kind that this program does not know. RunError for no event."""
    try:
        event: Event = _decoder.decode(line)
        return event
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        try:
            if _names.decode(line).event not in _KNOWN:
                return None  # a newer program tells more
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        raise RunError(f"{path}, line {number}: not an event: {error}") from None
