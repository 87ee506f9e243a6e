"""A run is a folder: run.json, events.jsonl (append-only), and safetensors: best, last, averaged, checkpoint.

The folder is the truth. Every file but the events is written to a neighbour and renamed over the old one, so
a kill at any instant leaves whole files; of the events it can cut the last line short, which is read over.
"""

import errno
import os
import secrets
import stat
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, TypeAlias

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import at_home
from cnnplay.modules.atomic import replacing, write_bytes
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.checkpoint import load as load_state
from cnnplay.runs.checkpoint import save as save_state
from cnnplay.runs.files import files_of, is_free
from cnnplay.runs.log import EventLog
from cnnplay.runs.place import store_folder
from cnnplay.runs.presence import LOCK, Presence, is_written
from cnnplay.runs.record import LARGEST, RunError, RunRecord, RunWriteError, decode, encode, new_record
from cnnplay.runs.writer import Write, Writer
from cnnplay.spec.events import EpochDone, Event, Failed, Finished, Started
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.job import Checkpoint, Observation, Result
from cnnplay.training.optimizers import STATE_PER_WEIGHT
from cnnplay.training.state import Best, RunState

__all__ = ["RunError", "RunFolder", "RunWriteError", "Which"]

Which: TypeAlias = Literal["best", "last", "averaged"]

RECORD = "run.json"
EVENTS = "events.jsonl"
CHECKPOINT = "checkpoint.safetensors"
END = "end"
"""What is done behind all writes."""
LONGEST_EVENT = 16 * 2**20
"""Bytes of a line; a longer one is none of ours."""
EVENT_MEMORY = 4
"""An event in memory takes about so many times the bytes of its line."""
SELDOM = 50
"""Copying a state takes at most one in so many seconds."""
_MISTAKEN = frozenset([errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP])
"""Of the reasons for which a folder cannot be made, those that another name mends."""


class RunFolder:
    """A run's folder. `sink` and `observe` are what `training.loop.train` takes.

    Neither raises when the disk is full or the folder gone: training goes on. The first such trouble is in
    `trouble`, in words, and `observe` tells it as a note.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self.trouble = ""
        self._log = EventLog(path / EVENTS)
        self._writer = Writer(("best", "averaged", "last", CHECKPOINT, END), self._not_written)
        self._presence: Presence | None = None
        self._told = False
        self._recorded = False
        self._due = 0.0
        self._spared = False

    @classmethod
    def create(
        cls,
        path: str | Path | None,
        *,
        network: Network,
        config: TrainConfig,
        data: str,
        mark: str = "",
        run: str | None = None,
    ) -> Self:
        """A new folder, which must not exist yet; without a path, one under the user's data, named after the
        network and the time. RunError where it cannot be made; RunWriteError where the disk is the reason.
        """
        folder = _default_path(network.name) if path is None else at_home(path)
        record = new_record(run or folder.name, network, config, data, mark)
        made = cls(folder, record)
        try:
            folder.mkdir(parents=True, exist_ok=is_free(folder))
        except FileExistsError:
            raise RunError(f"{folder}: already exists; a run needs a folder of its own") from None
        except OSError as error:
            raise _not_made(folder, error) from None
        try:
            write_bytes(folder / RECORD, encode(record))
            (folder / EVENTS).touch()
        except BaseException as error:
            made.discard()  # else the next try would find the place taken
            if isinstance(error, OSError):
                raise _not_made(folder, error) from None
            raise
        made._presence = Presence(folder)
        made._clear()
        return made

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """A folder that is there. RunError where it is no run."""
        folder = at_home(path)
        record = folder / RECORD
        try:
            with _open_plain(record) as file:
                content = file.read(LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            found = "no such folder" if not folder.exists() else f"no {RECORD} in it"
            raise RunError(
                f"{folder}: not a run: {found}. A run is the folder that `cnnplay train` wrote"
            ) from None
        except OSError as error:
            raise RunError(f"{record}: cannot be read ({error.strerror or error})") from None
        if len(content) > LARGEST:
            raise RunError(f"{record}: larger than any run's; refused")
        return cls(folder, decode(content, str(record)))

    @classmethod
    def reopen(cls, path: str | Path) -> Self:
        """A folder to go on writing: nobody else may be writing it. What a kill left behind is taken away.
        RunError where it is no run, or is being written.
        """
        run = cls.open(path)
        try:
            written = (run.path / EVENTS).stat().st_mtime
        except OSError:
            written = 0.0
        if (run.path / LOCK).exists() and is_written(run.path, written):
            raise RunError(f"{run.path}: is being trained now, by this program or another")
        run._presence = Presence(run.path)
        run._clear()
        return run

    def _clear(self) -> None:
        """Takes away what a kill left behind."""
        with suppress(OSError):
            for file in files_of(self.path):
                if file.kind == "left" and file.name != LOCK:
                    (self.path / file.name).unlink()

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
        return self._epoch_of("last") or 0

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept as the best, as their file says."""
        return self._epoch_of("best")

    def learned(self, which: Which) -> bool:
        """Whether such weights hold anything that was learned, and are not those of a run's beginning."""
        return _about(self._kept(which)).get("learned") != "false"

    def sink(self, event: Event) -> None:
        """Appends an event. All but single steps reach the system at once."""
        try:
            self._log.append(event)
            self._recorded = self._recorded or isinstance(event, EpochDone)
        except OSError as error:
            self._not_written(EVENTS, error)

    def observe(self, observation: Observation) -> None:
        """Has the weights written after each epoch, and then and now and again all that the run needs to go
        on; and what the pictures turned out to be at the first look.
        """
        if self.record.facts is None:
            prepared = observation.prepared
            self._record_facts(
                DataFacts(
                    key=prepared.images.key,
                    classes=prepared.images.classes,
                    preprocessing=prepared.preprocessing,
                )
            )
        if observation.checkpoint is not None:
            self._keep(observation, observation.checkpoint)
        elif observation.config.checkpoint_every and self._writer.idle and time.monotonic() >= self._due:
            self._keep_state(observation, None)
        if self.trouble and not self._told:
            self._told = True
            observation.note(self.trouble)

    def close(self, result: Result | None = None, wait: bool = True) -> None:
        """Writes what waits; with a run's result, also its last weights (of a run stopped within an epoch)
        and the state to go on from. Behind that the folder may be discarded, or written by another; without
        `wait` that is once it is `settled`.
        """
        writes: dict[str, Write] = {END: self._let_go}
        if result is not None and result.weights:
            if result.facts is not None and self.record.facts is None:
                self._record_facts(result.facts)
            about = {"epoch": str(result.last_epoch), "step": str(result.step)}
            about |= {} if result.learned else {"learned": "false"}
            writes["last"] = self._weights_write("last", result.weights, about)
            if result.state is not None and result.learned:
                writes[CHECKPOINT] = self._state_write(result.state)
        self._writer.put(writes)
        if wait:
            self.finish_writing()

    def _let_go(self) -> None:
        try:
            self._log.close()
        except OSError as error:
            self._not_written(EVENTS, error)
        if self._presence is not None:
            self._presence.release()
            self._presence = None

    def finish_writing(self) -> None:
        """Waits for the disk."""
        self._writer.wait()

    @property
    def settled(self) -> bool:
        """Whether all that was handed over is on the disk."""
        return self._writer.idle

    def state(self) -> RunState:
        """Where the run can go on from. RunError where the checkpoint is absent or damaged."""
        path = self.path / CHECKPOINT
        if not self.has_checkpoint:
            raise RunError(f"{self.path}: has no checkpoint to go on from")
        with _open_plain(path) as file:
            _check_room(path, os.fstat(file.fileno()).st_size)
        about = _about(self._file("best"))
        best = None
        with suppress(KeyError, ValueError):
            accuracy, loss, epoch = float(about["accuracy"]), float(about["loss"]), self.best_epoch
            if epoch is not None:
                best = Best(epoch, accuracy, loss, self.weights("best"))
        return load_state(path, best)

    def discard(self) -> None:
        """Takes a closed folder away again, so that its name is free, where it has neither weights nor the
        record of an epoch that this object wrote; any other stays.
        """
        if self._recorded:
            return
        with suppress(OSError):
            if {file.name for file in self.path.iterdir()} <= {RECORD, EVENTS, LOCK}:
                for name in (LOCK, EVENTS, RECORD):
                    (self.path / name).unlink(missing_ok=True)
                self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """Whether the run came to its end, and is not as a stop or a kill left it."""
        ends = [event for event in self.events() if isinstance(event, Started | Finished | Failed)]
        return bool(ends) and isinstance(ends[-1], Finished) and ends[-1].reason != "stopped"

    @property
    def has_checkpoint(self) -> bool:
        return (self.path / CHECKPOINT).exists()

    @property
    def has_last(self) -> bool:
        """Whether there are weights at all."""
        return self._file("last").exists()

    @property
    def has_best(self) -> bool:
        """Whether the best epoch's weights are there."""
        return self._file("best").exists()

    def weights(self, which: Which = "best") -> Weights:
        """The weights of the best epoch (the last ones where no epoch was judged), the last, or the mean of
        the last epochs'. RunError."""
        path = self._kept(which)
        try:
            with _open_plain(path) as file:
                _check_room(path, os.fstat(file.fileno()).st_size)
            weights: Weights = load_file(path)
        except RunError:
            raise
        except FileNotFoundError:
            if which == "averaged":
                raise RunError(f"{self.path}: the run averages no weights, or not yet") from None
            raise RunError(f"{self.path}: the run has kept no weights yet") from None
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise RunError(f"{path}: cannot be read as weights ({error})") from None
        return weights

    def events(self) -> tuple[Event, ...]:
        """All events so far. A last line that was cut short is left out; any other damage is a RunError, and
        so are more events than the free memory holds.
        """
        path = self.path / EVENTS
        # "nan" is a number here
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event, strict=False)
        events: list[Event] = []
        try:
            with _open_plain(path) as file:
                _check_room(path, os.fstat(file.fileno()).st_size * EVENT_MEMORY)
                for number, line in enumerate(iter(lambda: file.readline(LONGEST_EVENT), b""), 1):
                    if line.endswith(b"\n"):
                        events.append(decoder.decode(line))
                    elif len(line) == LONGEST_EVENT:
                        raise RunError(f"{path}, line {number}: longer than any event; refused")
        except OSError as error:
            raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RunError(f"{path}, line {len(events) + 1}: not an event: {error}") from None
        return tuple(events)

    def _kept(self, which: Which) -> Path:
        """The file that stands for these weights: where no epoch was judged, the last ones are the best."""
        return self._file("last" if which == "best" and not self.has_best else which)

    def _file(self, which: Which) -> Path:
        return self.path / f"{which}.safetensors"

    def _epoch_of(self, which: Which) -> int | None:
        text = _about(self._file(which)).get("epoch", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 and int(text) else None

    def _record_facts(self, facts: DataFacts) -> None:
        self.record = msgspec.structs.replace(self.record, facts=facts)
        try:
            write_bytes(self.path / RECORD, encode(self.record))
        except OSError as error:
            self._not_written(RECORD, error)

    def _keep(self, observation: Observation, checkpoint: Checkpoint) -> None:
        about = {"epoch": str(checkpoint.epoch), "step": str(checkpoint.step)}
        writes = {"last": self._weights_write("last", checkpoint.weights, about)}
        if checkpoint.best:
            metrics = checkpoint.metrics
            judged = {name: repr(metrics[f"validation_{name}"]) for name in ("accuracy", "loss")}
            writes["best"] = self._weights_write("best", checkpoint.weights, about | judged)
        if checkpoint.averaged is not None:
            epochs = {"epochs": str(checkpoint.averaged.count)}
            writes["averaged"] = self._weights_write("averaged", checkpoint.averaged.weights, about | epochs)
        self._writer.put(writes)
        self._keep_state(observation, checkpoint.weights)

    def _keep_state(self, observation: Observation, weights: Weights | None) -> None:
        """Copies take time and memory: they take a fiftieth of the time at most, and are left out where the
        memory is needed more.
        """
        start = time.monotonic()
        config, sizes = observation.config, [p.numel() * 4 for p in observation.module.parameters()]
        if sum(sizes) * (2 + STATE_PER_WEIGHT[config.optimizer]) > available_bytes() / 2:
            self._due = start + config.checkpoint_every
            if not self._spared:
                self._spared = True
                observation.note("too little memory is free for a checkpoint: only the weights are written")
            return
        state = observation.state(weights)
        try:
            self._log.flush()  # a run that goes on from there must not have a hole in its curve before it
        except OSError as error:
            self._not_written(EVENTS, error)
        self._writer.put({CHECKPOINT: self._state_write(state)})
        end = time.monotonic()
        self._due = end + max(config.checkpoint_every, SELDOM * (end - start), self._writer.slowest)

    def _state_write(self, state: RunState) -> Write:
        def write() -> None:
            with replacing(self.path / CHECKPOINT) as (neighbour,):
                save_state(state, neighbour)

        return write

    def _weights_write(self, which: Which, weights: Weights, about: dict[str, str]) -> Write:
        def write() -> None:
            with replacing(self._file(which)) as (neighbour,):
                save_file(weights, neighbour, metadata={"format": "pt", **about})

        return write

    def _not_written(self, name: str, error: Exception) -> None:
        name = f"{name}.safetensors" if name in ("best", "last", "averaged") else name
        reason = getattr(error, "strerror", None) or str(error)
        self.trouble = self.trouble or f"{self.path / name}: cannot be written ({reason}); training goes on"


def _about(path: Path) -> dict[str, str]:
    """What a weights file says of itself, from its first bytes; nothing where it is damaged or absent."""
    try:
        _open_plain(path).close()
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (RunError, SafetensorError, OSError, ValueError):
        return {}


def _open_plain(path: Path) -> BinaryIO:
    """A plain file, wherever a link leads: a pipe or a device could keep its reader waiting for ever."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RunError(f"{path}: expected a plain file; found a folder, a pipe or a device")
    return os.fdopen(handle, "rb")


def _check_room(path: Path, needed: int) -> None:
    free = available_bytes()
    if needed > free:
        raise RunError(f"{path}: its {needed:,} bytes do not fit into the {free:,} of free memory")


def _not_made(folder: Path, error: OSError) -> RunError:
    kind = RunError if error.errno in _MISTAKEN else RunWriteError
    return kind(f"{folder}: cannot be made ({error.strerror or error})")


def _default_path(name: str) -> Path:
    """In the user's data, a folder that reads: network, date, time, and a mark that makes it the only one."""
    plain = "".join(sign if sign.isalnum() else "-" for sign in name.lower()).strip("-") or "run"
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    return store_folder() / f"{plain[:40]}-{now}-{secrets.token_hex(2)}"
