"""A run is a folder: run.json, events.jsonl (append-only), and safetensors: best, last, averaged, checkpoint.

The folder is the single source of truth. Every file but the events is written to a temporary file and renamed
over the old one, so a kill at any time leaves complete files. It can cut off the last line of the events,
which readers ignore.
"""

from pathlib import Path
from typing import Literal, Self, TypeAlias

from safetensors import SafetensorError, safe_open

from cnnplay.data.paths import expand_user
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.checkpoint import load as load_state
from cnnplay.runs.digest import Digest
from cnnplay.runs.record import RunDamage, RunError, RunRecord, RunWriteError
from cnnplay.runs.regular_file import check_memory, open_regular_file
from cnnplay.runs.summary import EventFollower, read_record
from cnnplay.runs.tail import Tail
from cnnplay.runs.tensors import read_checked
from cnnplay.spec.events import Event
from cnnplay.spec.tasks import task_info
from cnnplay.spec.trained import DataFacts
from cnnplay.training.state import BestEpoch, RunState

__all__ = ["RunDamage", "RunError", "RunFolder", "RunWriteError", "Which"]

Which: TypeAlias = Literal["best", "last", "averaged"]

CHECKPOINT = "checkpoint.safetensors"
EVENT_MEMORY = 4
"""An event in memory takes about this many times the bytes of its line."""


class RunFolder:
    """A run's folder, for reading. `RunRecorder` writes one."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self.damage = ""
        """Which events could not be read the last time; "" if none."""

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Opens an existing folder. RunError if it is not a run."""
        folder = expand_user(path)
        return cls(folder, read_record(folder))

    @property
    def network(self) -> Network:
        return self.record.network

    @property
    def facts(self) -> DataFacts | None:
        """The classes and the preprocessing; None until the run has read its images."""
        return self.record.facts

    @property
    def last_epoch(self) -> int:
        """How many epochs the last weights were trained; 0 if there are none yet.

        It is read from the weights' own file: a kill between writing that and the events must not leave a
        contradiction.
        """
        return self.epoch_of("last") or 0

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the best weights, as their file says."""
        return self.epoch_of("best") or None

    def epoch_of(self, which: Which) -> int | None:
        """How many whole epochs these weights were trained; None if their file does not say."""
        text = _metadata(self._file(which)).get("epoch", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None

    def learned(self, which: Which) -> bool:
        """Whether these weights were trained, and are not the initial ones."""
        return _metadata(self._file_of(which)).get("learned") != "false"

    def state(self) -> RunState:
        """The state to resume from. RunError if the checkpoint is missing or damaged."""
        path = self.path / CHECKPOINT
        if not self.has_checkpoint:
            raise RunError(f"{self.path}: has no checkpoint to resume from")
        return load_state(path, self.best())

    def best(self) -> BestEpoch | None:
        """The best epoch and its weights; None if their file is missing, damaged, or lacks their metrics.

        RunError if it cannot be read now: replacing it would lose work.
        """
        try:
            about, weights = read_checked(self._file("best"), "weights")
            metrics = {name: float(about[name]) for name in task_info(self.network.task).decisive}
            return BestEpoch(int(about["epoch"]), metrics, weights)
        except (FileNotFoundError, RunDamage, KeyError):
            return None
        except ValueError as error:
            if isinstance(error, RunError):
                raise
            return None

    def outcome(self) -> Digest:
        """The outcome from the events, in constant memory. Events of unknown kinds are skipped; damaged lines
        are treated as in `events`. RunError if they cannot be read.
        """
        follower = EventFollower(self.path)
        outcome = follower.digest()
        self.damage = follower.damage
        return outcome

    @property
    def has_checkpoint(self) -> bool:
        return (self.path / CHECKPOINT).exists()

    @property
    def has_weights(self) -> bool:
        """Whether there are last or best weights."""
        return self.has_last or self.has_best

    def has(self, which: Which) -> bool:
        return self._file(which).exists()

    @property
    def has_last(self) -> bool:
        return self.has("last")

    @property
    def has_best(self) -> bool:
        return self.has("best")

    @property
    def has_averaged(self) -> bool:
        return self.has("averaged")

    def weights(self, which: Which = "best") -> Weights:
        """The best weights (the last ones if there are none), the last ones, or the average of the last
        epochs'. RunError if they are missing or damaged."""
        try:
            _, weights = read_checked(self._file_of(which), "weights")
        except FileNotFoundError:
            if which == "averaged":
                raise RunError(f"{self.path}: the run has no averaged weights (yet)") from None
            raise RunError(f"{self.path}: the run has not saved weights yet") from None
        return weights

    def events(self) -> tuple[Event, ...]:
        """All events so far, without a cut-off last line and without damaged lines, which `damage` reports.

        RunError if the file cannot be read, has only damaged lines, or needs more memory than is free.
        """
        tail, events = Tail(self.path), list[Event]()
        try:
            check_memory(tail.path, tail.path.stat().st_size * EVENT_MEMORY)
        except OSError as error:
            raise RunError(f"{tail.path}: cannot be read ({error.strerror or error})") from None
        while lines := tail.lines_since():
            events += tail.decoded(lines)
        self.damage = tail.damage
        return tuple(events)

    def _file_of(self, which: Which) -> Path:
        """The file to read: "last" stands in for missing best weights."""
        return self._file("last" if which == "best" and not self.has_best else which)

    def _file(self, which: Which) -> Path:
        return self.path / f"{which}.safetensors"


def _metadata(path: Path) -> dict[str, str]:
    """A weights file's metadata, from its header; empty if it is damaged or missing."""
    try:
        open_regular_file(path).close()
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (RunError, SafetensorError, OSError, ValueError):
        return {}
