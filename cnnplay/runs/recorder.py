"""Writing a run's folder while the run goes on; weights and checkpoints in the background."""

import errno
import secrets
import time
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import at_home
from cnnplay.modules.atomic import replacing, write_bytes
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.checkpoint import save as save_state
from cnnplay.runs.files import RECORD, files_of, is_free
from cnnplay.runs.folder import CHECKPOINT, RunFolder, Which
from cnnplay.runs.log import EventLog
from cnnplay.runs.place import store_folder
from cnnplay.runs.presence import LOCK, Presence
from cnnplay.runs.record import RunError, RunRecord, RunWriteError, encode, new_record
from cnnplay.runs.tail import EVENTS
from cnnplay.runs.tensors import write_checked
from cnnplay.runs.writer import Write, Writer
from cnnplay.spec.events import EpochDone, Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.job import Checkpoint, Observation, Result
from cnnplay.training.optimizers import STATE_PER_WEIGHT
from cnnplay.training.state import RunState

END = "end"
"""What is done behind all writes."""
SELDOM = 50
"""Copying a state takes at most one in so many seconds."""
_MISTAKEN = frozenset([errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP])
"""Of the reasons for which a folder cannot be made, those that another name mends."""


class RunRecorder(RunFolder):
    """A run's folder that is being written. `sink` and `observe` are what `training.loop.train` takes.

    Neither raises when the disk is full or the folder gone: training goes on. The first such trouble is in
    `trouble`, in words, and `observe` tells it as a note.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        super().__init__(path, record)
        self.trouble = ""
        self._log = EventLog(path / EVENTS)
        self._writer = Writer(("best", "averaged", "last", CHECKPOINT, END), self._not_written)
        self._presence: Presence | None = None
        self._told = False
        self._recorded = self._was_there = False
        self._held: dict[str, Write] = {}
        """Weights that wait for a checkpoint: a best epoch on the disk that a run had yet to come to would be
        taken for what it is measured by."""
        self._due = 0.0
        self._spared = self._cut = False

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
        """A folder that must be new or empty; without a path, one under the user's data, named after the
        network and the time. RunError where it cannot be made; RunWriteError where the disk is the reason.
        """
        folder = _default_path(network.name) if path is None else at_home(path)
        record = new_record(run or folder.name, network, config, data, mark)
        made = cls(folder, record)
        try:
            made._was_there = folder.exists()
            folder.mkdir(parents=True, exist_ok=is_free(folder))
        except FileExistsError:
            raise _taken(folder) from None
        except OSError as error:
            raise _not_made(folder, error) from None
        made._presence = presence = Presence(folder)
        if presence.refused or (folder / RECORD).exists():  # another was made there this moment
            presence.release()
            raise _taken(folder)
        try:
            write_bytes(folder / RECORD, encode(record))
            (folder / EVENTS).touch()
        except BaseException as error:
            presence.release()
            made.discard()  # else the next try would find the place taken
            if isinstance(error, OSError):
                raise _not_made(folder, error) from None
            raise
        made._clear()
        return made

    @classmethod
    def reopen(cls, path: str | Path) -> Self:
        """A folder to go on writing: nobody else may be writing it. What a kill left behind is taken away.
        RunError where it is no run, or is being written; RunWriteError where nothing can be written into it:
        what a run learned would be lost at its end.
        """
        run = cls.open(path)
        presence = Presence(run.path)
        if presence.refused:
            raise RunError(f"{run.path}: is being trained now, by this program or another")
        try:
            (run.path / EVENTS).open("ab").close()
            write_bytes(run.path / RECORD, (run.path / RECORD).read_bytes())
        except OSError as error:
            presence.release()
            raise RunWriteError(f"{run.path}: cannot be written ({error.strerror or error})") from None
        run._presence = presence
        run._clear()
        return run

    def _clear(self) -> None:
        """Takes away what a kill left behind."""
        with suppress(OSError):
            for file in files_of(self.path):
                if file.kind == "left" and file.name != LOCK:
                    (self.path / file.name).unlink()

    def sink(self, event: Event) -> None:
        """Appends an event. All but single steps reach the system at once."""
        try:
            self._log.append(event)
            self._recorded = self._recorded or isinstance(event, EpochDone)
        except OSError as error:
            self._not_written(EVENTS, error)

    def observe(self, observation: Observation) -> None:
        """Has the weights of each epoch written, and then and now and again all that the run needs to go on;
        and what the pictures turned out to be at the first look. Of epochs that follow each other within
        moments, only some reach the disk.
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
            # Where nothing was learned this time, a run that went on has better ones already.
            if result.learned or not self.has_last:
                about = {"epoch": str(result.last_epoch), "step": str(result.step)}
                about |= {} if result.learned else {"learned": "false"}
                writes["last"] = self._weights_write("last", result.weights, about)
            if result.state is not None and result.learned:
                writes[CHECKPOINT] = self._state_write(result.state)
        self._write(writes, soon=True)
        if wait:
            self.finish_writing()

    def _let_go(self) -> None:
        try:
            self._log.close()
        except OSError as error:
            self._not_written(EVENTS, error)
        if self._presence is not None:
            self._presence.release(keep=self._cut)  # a lock that nobody holds says that it is not on
            self._presence = None

    def finish_writing(self) -> None:
        """Waits for the disk."""
        self._writer.wait()

    @property
    def settled(self) -> bool:
        """Whether all that was handed over is on the disk."""
        return self._writer.idle

    def discard(self) -> None:
        """Takes a closed folder away again, so that its name is free, where it has neither weights nor the
        record of an epoch that this object wrote; any other stays, and so does one that was there before.
        """
        if self._recorded:
            return
        with suppress(OSError):
            if {file.name for file in self.path.iterdir()} <= {RECORD, EVENTS, LOCK}:
                for name in (LOCK, EVENTS, RECORD):
                    (self.path / name).unlink(missing_ok=True)
                if not self._was_there:
                    self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cut = kind is not None
        self.close()

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
        elif self.has_averaged:  # of a window that the run, made longer, has left
            writes["averaged"] = partial(self._file("averaged").unlink, missing_ok=True)
        self._held |= writes
        if not self._writer.resting:
            self._keep_state(observation, checkpoint.weights)

    def _keep_state(self, observation: Observation, weights: Weights | None) -> None:
        """Copies take time and memory: within epochs they take a fiftieth of the time at most, and they are
        left out where the memory is needed more.
        """
        start = time.monotonic()
        config, sizes = observation.config, [p.numel() * 4 for p in observation.module.parameters()]
        if sum(sizes) * (2 + STATE_PER_WEIGHT[config.optimizer]) > available_bytes() / 2:
            self._due = start + config.checkpoint_every
            if not self._spared:
                self._spared = True
                observation.note("too little memory is free for a checkpoint: only the weights are written")
            self._write()
            return
        state = observation.state(weights)
        try:
            self._log.flush()  # a run that goes on from there must not have a hole in its curve before it
        except OSError as error:
            self._not_written(EVENTS, error)
        self._write({CHECKPOINT: self._state_write(state)})
        end = time.monotonic()
        self._due = end + max(config.checkpoint_every, SELDOM * (end - start), self._writer.slowest)

    def _write(self, more: dict[str, Write] | None = None, *, soon: bool = False) -> None:
        held, self._held = self._held, {}
        self._writer.put({**held, **(more or {})}, soon=soon)

    def _state_write(self, state: RunState) -> Write:
        def write() -> None:
            with replacing(self.path / CHECKPOINT) as (neighbour,):
                save_state(state, neighbour)

        return write

    def _weights_write(self, which: Which, weights: Weights, about: dict[str, str]) -> Write:
        def write() -> None:
            with replacing(self._file(which)) as (neighbour,):
                write_checked(weights, neighbour, about)

        return write

    def _not_written(self, name: str, error: Exception) -> None:
        name = f"{name}.safetensors" if name in ("best", "last", "averaged") else name
        reason = getattr(error, "strerror", None) or str(error)
        self.trouble = self.trouble or f"{self.path / name}: cannot be written ({reason}); training goes on"


def _taken(folder: Path) -> RunError:
    return RunError(f"{folder}: already exists; a run needs a folder of its own")


def _not_made(folder: Path, error: OSError) -> RunError:
    kind = RunError if error.errno in _MISTAKEN else RunWriteError
    return kind(f"{folder}: cannot be made ({error.strerror or error})")


def _default_path(name: str) -> Path:
    """In the user's data, a folder that reads: network, date, time, and a mark that makes it the only one."""
    plain = "".join(sign if sign.isalnum() else "-" for sign in name.lower()).strip("-") or "run"
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    # Of four digits two were the same once, of some trials of one second.
    return store_folder() / f"{plain[:40]}-{now}-{secrets.token_hex(4)}"
