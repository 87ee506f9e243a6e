"""A run is a folder: run.json, events.jsonl (append-only), and safetensors: best, last, averaged, checkpoint.

The folder is the truth. Every file but the events is written to a neighbour and renamed over the old one, so
a kill at any instant leaves whole files; of the events it can cut the last line short, which is read over.
"""

from pathlib import Path
from typing import Literal, Self, TypeAlias

from safetensors import SafetensorError, safe_open

from cnnplay.data.paths import at_home
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.checkpoint import load as load_state
from cnnplay.runs.digest import Digest
from cnnplay.runs.plain import check_room, open_plain
from cnnplay.runs.record import RunDamage, RunError, RunRecord, RunWriteError
from cnnplay.runs.summary import Follower, read_record
from cnnplay.runs.tail import Tail
from cnnplay.runs.tensors import read_checked
from cnnplay.spec.events import Event
from cnnplay.spec.trained import DataFacts
from cnnplay.training.state import Best, RunState

__all__ = ["RunDamage", "RunError", "RunFolder", "RunWriteError", "Which"]

Which: TypeAlias = Literal["best", "last", "averaged"]

CHECKPOINT = "checkpoint.safetensors"
EVENT_MEMORY = 4
"""An event in memory takes about so many times the bytes of its line."""


class RunFolder:
    """A run's folder, as it is read. Who writes one has a `RunRecorder`."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self.damage = ""
        """What of the events could not be read when they were read last, in words."""

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """A folder that is there. RunError where it is no run."""
        folder = at_home(path)
        return cls(folder, read_record(folder))

    @property
    def network(self) -> Network:
        return self.record.network

    @property
    def facts(self) -> DataFacts | None:
        """The classes and the preprocessing; None until the run has read its pictures."""
        return self.record.facts

    @property
    def last_epoch(self) -> int:
        """How many epochs the last weights have learned; 0 where there are none yet.

        The weights' own file says it: a kill between it and the events must not make them contradict.
        """
        return self.epoch_of("last") or 0

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept as the best, as their file says."""
        return self.epoch_of("best") or None

    def epoch_of(self, which: Which) -> int | None:
        """How many whole epochs such weights have learned; None where their file does not say it."""
        text = _about(self._file(which)).get("epoch", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None

    def learned(self, which: Which) -> bool:
        """Whether such weights hold anything that was learned, and are not those of a run's beginning."""
        return _about(self._kept(which)).get("learned") != "false"

    def state(self) -> RunState:
        """Where the run can go on from. RunError where the checkpoint is absent or damaged."""
        path = self.path / CHECKPOINT
        if not self.has_checkpoint:
            raise RunError(f"{self.path}: has no checkpoint to go on from")
        return load_state(path, self.best())

    def best(self) -> Best | None:
        """The best epoch and its weights; None where their file is missing, damaged, or does not say how good
        they are. RunError where it cannot be read now: what takes its place would be lost work.
        """
        try:
            about, weights = read_checked(self._file("best"), "weights")
            return Best(int(about["epoch"]), float(about["accuracy"]), float(about["loss"]), weights)
        except (FileNotFoundError, RunDamage, KeyError):
            return None
        except ValueError as error:
            if isinstance(error, RunError):
                raise
            return None

    def outcome(self) -> Digest:
        """What the events come to, in memory that does not grow with the run; those of unknown kinds are read
        over, damaged ones as in `events`. RunError where they cannot be read.
        """
        follower = Follower(self.path)
        outcome = follower.digest()
        self.damage = follower.damage
        return outcome

    @property
    def has_checkpoint(self) -> bool:
        return (self.path / CHECKPOINT).exists()

    @property
    def has_weights(self) -> bool:
        """Whether there are the last weights, or the best."""
        return self.has_last or self.has_best

    def has(self, which: Which) -> bool:
        """Whether such weights are there."""
        return self._file(which).exists()

    @property
    def has_last(self) -> bool:
        """Whether the last weights are there."""
        return self.has("last")

    @property
    def has_best(self) -> bool:
        """Whether the best epoch's weights are there."""
        return self.has("best")

    @property
    def has_averaged(self) -> bool:
        """Whether the mean of the last epochs' weights is there."""
        return self.has("averaged")

    def weights(self, which: Which = "best") -> Weights:
        """The weights of the best epoch (the last ones where no epoch was judged), the last, or the mean of
        the last epochs'. RunError."""
        try:
            _, weights = read_checked(self._kept(which), "weights")
        except FileNotFoundError:
            if which == "averaged":
                raise RunError(f"{self.path}: the run averages no weights, or not yet") from None
            raise RunError(f"{self.path}: the run has kept no weights yet") from None
        return weights

    def events(self) -> tuple[Event, ...]:
        """All events so far. A last line that was cut short is left out, and so are lines that are damaged:
        `damage` tells of these. RunError where the file cannot be read, or holds nothing else, or more events
        than the free memory has room for.
        """
        tail, events = Tail(self.path), list[Event]()
        try:
            check_room(tail.path, tail.path.stat().st_size * EVENT_MEMORY)
        except OSError as error:
            raise RunError(f"{tail.path}: cannot be read ({error.strerror or error})") from None
        while lines := tail.lines_since():
            events += tail.decoded(lines)
        self.damage = tail.damage
        return tuple(events)

    def _kept(self, which: Which) -> Path:
        """The file that stands for these weights: where no epoch was judged, the last ones are the best."""
        return self._file("last" if which == "best" and not self.has_best else which)

    def _file(self, which: Which) -> Path:
        return self.path / f"{which}.safetensors"


def _about(path: Path) -> dict[str, str]:
    """What a weights file says of itself, from its first bytes; nothing where it is damaged or absent."""
    try:
        open_plain(path).close()
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (RunError, SafetensorError, OSError, ValueError):
        return {}
