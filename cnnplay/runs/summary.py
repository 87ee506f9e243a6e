"""A run's folder in one row: read at once, or along with somebody who writes it."""

from pathlib import Path

import msgspec

from cnnplay.network.network import Network
from cnnplay.runs.about import read_about
from cnnplay.runs.digest import Digest
from cnnplay.runs.files import RECORD, RunFile
from cnnplay.runs.plain import content_of
from cnnplay.runs.presence import is_written
from cnnplay.runs.record import LARGEST, RunError, RunRecord, decode
from cnnplay.runs.row import RunRow, State
from cnnplay.runs.tail import STEP, Tail
from cnnplay.shapes.infer import infer


def read_record(folder: Path) -> RunRecord:
    """What the run says of itself. RunError where the folder is no run."""
    path = folder / RECORD
    try:
        content = content_of(path, LARGEST, "larger than any run's")
    except (FileNotFoundError, NotADirectoryError):
        found = "no such folder" if not folder.exists() else f"no {RECORD} in it"
        raise RunError(
            f"{folder}: not a run: {found}. A run is the folder that `cnnplay train` wrote"
        ) from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
    return decode(content, str(path))


class Follower:
    """What a run's events come to, read further each time that their file grew."""

    def __init__(self, folder: Path) -> None:
        self._tail = Tail(folder)
        self._digest = Digest()

    @property
    def written(self) -> float:
        """When the events were written to last, in seconds since 1970."""
        return self._tail.written

    @property
    def damage(self) -> str:
        """Which lines could not be read, in words."""
        return self._tail.damage

    def digest(self) -> Digest:
        """The outcome so far. RunError where the events cannot be read."""
        while True:
            lines = self._tail.lines_since()
            if self._tail.restarted:
                self._digest = Digest()
            if not lines:
                return self._digest
            self._take(lines)

    def _take(self, lines: list[bytes]) -> None:
        """Of steps in a row the last one alone is decoded: of it the outcome is made."""
        before = b""
        for line in lines:
            self._tail.lines += 1
            if line.startswith(STEP):
                before = line
                continue
            self._decode(before)
            before = b""
            self._decode(line)
        self._decode(before)

    def _decode(self, line: bytes) -> None:
        event = self._tail.event(line) if line else None
        if event is not None:
            self._digest.take(event)


class Reading:
    """One run, read further each time that its files grew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._follower = Follower(folder)
        self._record: RunRecord | None = None
        self._record_file: RunFile | None = None
        self._parameters: int | None = None

    def row(self, files: tuple[RunFile, ...]) -> RunRow:
        """The run as its files are now. What cannot be read makes an `unreadable` row that says why."""
        size = sum(file.size for file in files)
        try:
            self._read_record(files)
            row = self._row(self._follower.digest())
            row = msgspec.structs.replace(row, problem=row.problem or self._follower.damage)
        except RunError as error:
            return self._unreadable(str(error), size)
        try:
            about = read_about(self.folder)
        except RunError as error:  # the run itself is whole
            return msgspec.structs.replace(row, bytes=size, problem=row.problem or str(error))
        return msgspec.structs.replace(row, bytes=size, note=about.note, tags=about.tags)

    def _read_record(self, files: tuple[RunFile, ...]) -> None:
        file = next((one for one in files if one.name == RECORD), None)
        if file is None:
            raise RunError(f"{self.folder}: not a run: no {RECORD} in it")
        if file != self._record_file:
            self._record = read_record(self.folder)
            self._record_file, self._parameters = file, None

    def _row(self, digest: Digest) -> RunRow:
        record = self._record
        assert record is not None
        told = digest.fields()
        if told["parameters"] is None:
            told["parameters"] = self._counted(record.network)
        if not told["epochs_asked"]:
            told["epochs_asked"] = record.config.epochs
        started = digest.started
        return RunRow(
            path=str(self.folder),
            run=record.run,
            name=record.network.name,
            preset=record.network.preset,
            data=record.data,
            created=record.created,
            config=msgspec.to_builtins(record.config if started is None else started.config),
            environment=record.environment,
            written=self._follower.written,
            **told,
        )

    def _counted(self, network: Network) -> int:
        if self._parameters is None:
            self._parameters = infer(network).parameters
        return self._parameters

    def _unreadable(self, problem: str, size: int) -> RunRow:
        return RunRow(
            path=str(self.folder),
            run=self.folder.name,
            ended="unreadable",
            state="unreadable",
            problem=problem,
            bytes=size,
        )


def state_of(row: RunRow) -> State:
    """What the run does now: one without an end is on while somebody writes it, and else interrupted."""
    if row.ended:
        return row.ended
    if is_written(row.folder, row.written):
        return "paused" if row.paused else "running"
    return "interrupted"


def signature(files: tuple[RunFile, ...]) -> str:
    """What changes with whatever a row is made from."""
    return "|".join(f"{file.name}:{file.size}:{file.changed}" for file in files)
