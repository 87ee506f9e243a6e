"""Reading a run's folder into one row, also repeatedly while it is being written."""

from pathlib import Path

import msgspec

from cnnplay.network.network import Network, task_key
from cnnplay.runs.digest import Digest
from cnnplay.runs.files import RECORD, RunFile
from cnnplay.runs.notes import read_notes
from cnnplay.runs.record import LARGEST, RunError, RunRecord, decode
from cnnplay.runs.regular_file import read_limited
from cnnplay.runs.row import RunRow, State
from cnnplay.runs.tail import STEP, Tail
from cnnplay.runs.writer_lock import is_being_written
from cnnplay.shapes.infer import infer


def read_record(folder: Path) -> RunRecord:
    """The run's description. RunError if the folder is not a run."""
    path = folder / RECORD
    try:
        content = read_limited(path, LARGEST, "larger than any run.json")
    except (FileNotFoundError, NotADirectoryError):
        found = "no such folder" if not folder.exists() else f"no {RECORD} in it"
        raise RunError(f"{folder}: not a run: {found}; expected the folder of a training run") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
    return decode(content, str(path))


class EventFollower:
    """The outcome of a run's events; each call reads only what was added."""

    def __init__(self, folder: Path) -> None:
        self._tail = Tail(folder)
        self._digest = Digest()

    @property
    def written(self) -> float:
        """When the events were last written, in seconds since 1970."""
        return self._tail.written

    @property
    def damage(self) -> str:
        """Which lines could not be read; "" if none."""
        return self._tail.damage

    def digest(self) -> Digest:
        """The outcome so far. RunError if the events cannot be read."""
        while True:
            lines = self._tail.lines_since()
            if self._tail.restarted:
                self._digest = Digest()
            if not lines:
                return self._digest
            self._take(lines)

    def _take(self, lines: list[bytes]) -> None:
        """Decodes only the last of consecutive steps: the others do not change the outcome."""
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


class RunReader:
    """Reads one run; each call reads only what was added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._follower = EventFollower(folder)
        self._record: RunRecord | None = None
        self._record_file: RunFile | None = None
        self._parameters: int | None = None

    def row(self, files: tuple[RunFile, ...]) -> RunRow:
        """The run as it is now. If it cannot be read, an `unreadable` row with the reason."""
        size = sum(file.size for file in files)
        try:
            self._read_record(files)
            row = self._row(self._follower.digest())
            row = msgspec.structs.replace(row, problem=row.problem or self._follower.damage)
        except RunError as error:
            return self._unreadable(str(error), size)
        try:
            about = read_notes(self.folder)
        except RunError as error:  # the run itself is readable
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
        fields = digest.fields()
        if fields["parameters"] is None:
            fields["parameters"] = self._counted(record.network)
        if not fields["epochs_asked"]:
            fields["epochs_asked"] = record.config.epochs
        started = digest.started
        return RunRow(
            path=str(self.folder),
            run=record.run,
            name=record.network.name,
            preset=record.network.preset,
            data=record.data,
            created=record.created,
            task=task_key(record.network.task),
            config=msgspec.to_builtins(record.config if started is None else started.config),
            environment=record.environment,
            written=self._follower.written,
            **fields,
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
    """The run's state now: without an end, it is running while a process writes it, and else interrupted."""
    if row.ended:
        return row.ended
    if is_being_written(row.folder, row.written):
        return "paused" if row.paused else "running"
    return "interrupted"


def signature(files: tuple[RunFile, ...]) -> str:
    """Changes whenever a file changes that a row is read from."""
    return "|".join(f"{file.name}:{file.size}:{file.changed}" for file in files)
