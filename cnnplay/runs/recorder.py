"""Writing a run's folder during training; weights and checkpoints are written in the background."""

import errno
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import expand_user
from cnnplay.modules.atomic import replacing, write_bytes
from cnnplay.modules.trained_weights import Which
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.checkpoint import save as save_state
from cnnplay.runs.files import RECORD, files_of, is_free
from cnnplay.runs.folder import CHECKPOINT, RunFolder
from cnnplay.runs.log import EventLog
from cnnplay.runs.record import RunError, RunRecord, RunWriteError, encode, new_record
from cnnplay.runs.run_store import new_run_folder
from cnnplay.runs.tail import EVENTS
from cnnplay.runs.tensors import write_checked
from cnnplay.runs.writer import Write, Writer
from cnnplay.runs.writer_lock import LOCK, WriterLock
from cnnplay.spec.events import EpochDone, Event, Failed, Finished
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import of_split, task_info
from cnnplay.spec.trained import DataFacts
from cnnplay.training.job import Checkpoint, Observation, Result
from cnnplay.training.optimizers import STATE_PER_WEIGHT
from cnnplay.training.state import BestEpoch, RunState

END = "end"
"""Runs after all writes."""
SELDOM = 50
"""Copying the state may take at most one of this many seconds."""
_MISTAKEN = frozenset([errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP])
"""Errors of making a folder that another name would fix."""


class RunRecorder(RunFolder):
    """Writes a run's folder. `sink` and `observe` are passed to `training.loop.train`.

    Neither raises when the disk is full or the folder is gone: training continues. `write_error` describes
    the first such error, and `observe` reports it as a note.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        super().__init__(path, record)
        self.write_error = ""
        self._log = EventLog(path / EVENTS)
        self._writer = Writer(("best", "averaged", "last", CHECKPOINT, END), self._not_written)
        self._lock: WriterLock | None = None
        self._error_noted = False
        self._recorded = self._existed = False
        self._given: frozenset[str] = frozenset()
        """Files that are there because the run continues another one."""
        self._held: dict[str, Write] = {}
        """Weights that wait for the next checkpoint. If a best epoch were on disk before the checkpoint that
        includes it, a run resumed from an older one would compare against an epoch it has not reached."""
        self._due = 0.0
        self._memory_noted = self._interrupted = False

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
        """Creates a run's folder. `path` must be new or an empty folder; None makes one in the user's data,
        named after the network and the time. RunError if it cannot be made; RunWriteError for disk errors.
        """
        folder = new_run_folder(network.name) if path is None else expand_user(path)
        record = new_record(run or folder.name, network, config, data, mark)
        made = cls(folder, record)
        try:
            made._existed = folder.exists()
            folder.mkdir(parents=True, exist_ok=is_free(folder))
        except FileExistsError:
            raise _taken(folder) from None
        except OSError as error:
            raise _not_made(folder, error) from None
        made._lock = lock = WriterLock(folder)
        if lock.refused or (folder / RECORD).exists():  # another process just made one there
            lock.release()
            raise _taken(folder)
        try:
            write_bytes(folder / RECORD, encode(record))
            (folder / EVENTS).touch()
        except BaseException as error:
            lock.release()
            made.discard()  # so that the next try can use the name
            if isinstance(error, OSError):
                raise _not_made(folder, error) from None
            raise
        made._clear()
        return made

    @classmethod
    def reopen(cls, path: str | Path) -> Self:
        """Opens a run's folder to resume it, and deletes partial files that a kill left.

        RunError if it is not a run or is being written; RunWriteError if it cannot be written: then the
        result of training would be lost.
        """
        run = cls.open(path)
        lock = WriterLock(run.path)
        if lock.refused:
            raise RunError(f"{run.path}: is being trained, by this program or another one")
        try:
            (run.path / EVENTS).open("ab").close()
            write_bytes(run.path / RECORD, (run.path / RECORD).read_bytes())
        except OSError as error:
            lock.release()
            raise RunWriteError(f"{run.path}: cannot be written ({error.strerror or error})") from None
        run._lock = lock
        run._clear()
        return run

    def continue_from(
        self, events: Iterable[Event], weights: Weights, last_epoch: int, best: BestEpoch | None
    ) -> None:
        """Records what a new run continues, before its first event: the events so far, the weights after
        `last_epoch` epochs, and the best ones. So its folder has all of the training, also after a kill.
        """
        try:
            for event in events:
                if not isinstance(event, Failed | Finished):
                    self._log.append(msgspec.structs.replace(event, run=self.record.run))
        except OSError as error:
            self._not_written(EVENTS, error)
        writes = {"last": self._weights_write("last", weights, {"epoch": str(last_epoch)})}
        decisive = task_info(self.record.network.task).decisive
        if best is not None and all(name in best.metrics for name in decisive):
            writes["best"] = self._best_write(best.weights, best.metrics, {"epoch": str(best.epoch)})
        self._given = frozenset(self._file(which).name for which in ("last", "best"))
        self._write(writes, soon=True)

    def _clear(self) -> None:
        """Deletes partial files that a kill left."""
        with suppress(OSError):
            for file in files_of(self.path):
                if file.kind == "left" and file.name != LOCK:
                    (self.path / file.name).unlink()

    def sink(self, event: Event) -> None:
        """Appends an event. All but steps are handed to the system at once."""
        try:
            self._log.append(event)
            self._recorded = self._recorded or isinstance(event, EpochDone)
        except OSError as error:
            self._not_written(EVENTS, error)

    def observe(self, observation: Observation) -> None:
        """Has each epoch's weights written, a checkpoint then and at intervals, and the data's facts at the
        first call. If epochs take only moments, not every one of them reaches the disk.
        """
        if self.record.facts is None:
            prepared = observation.prepared
            self._record_facts(
                DataFacts(
                    key=prepared.dataset.key,
                    classes=prepared.dataset.classes,
                    preprocessing=prepared.preprocessing,
                )
            )
        if observation.checkpoint is not None:
            self._keep(observation, observation.checkpoint)
        elif observation.config.checkpoint_every and self._writer.idle and time.monotonic() >= self._due:
            self._keep_state(observation, None)
        if self.write_error and not self._error_noted:
            self._error_noted = True
            observation.note(f"{self.write_error}; training continues")

    def close(self, result: Result | None = None, wait: bool = True) -> None:
        """Writes what is pending. With a run's result, also writes its last weights (which a run stopped
        within an epoch has not written) and a checkpoint. Afterwards the folder may be discarded, or written
        by another process; without `wait`, that is when `all_written` is True.
        """
        self._check_record()
        writes: dict[str, Write] = {END: self._let_go}
        if result is not None and result.weights:
            if result.facts is not None and self.record.facts is None:
                self._record_facts(result.facts)
            # A resumed run that learned nothing this time already has better weights.
            if result.learned or not self.has("last"):
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
        if self._lock is not None:
            # A lock file that nobody holds says that the run is not active.
            self._lock.release(keep=self._interrupted)
            self._lock = None

    def finish_writing(self) -> None:
        """Waits until everything is written."""
        self._writer.wait()

    @property
    def all_written(self) -> bool:
        """Whether everything passed in so far is on disk."""
        return self._writer.idle

    def discard(self) -> None:
        """Deletes a closed folder if this object recorded no epoch and no weights in it, so that its name is
        free again. Any other folder stays, and so does one that existed before.
        """
        if self._recorded:
            return
        with suppress(OSError):
            own = (*self._given, LOCK, EVENTS, RECORD)
            if all(file.name in own for file in self.path.iterdir()):
                for name in own:
                    (self.path / name).unlink(missing_ok=True)
                if not self._existed:
                    self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interrupted = kind is not None
        self.close()

    def _check_record(self) -> None:
        if not (self.path / RECORD).exists():
            gone = f"{self.path / RECORD}: was deleted during training; without it the folder is no run"
            self.write_error = self.write_error or gone

    def _record_facts(self, facts: DataFacts) -> None:
        self.record = msgspec.structs.replace(self.record, facts=facts)
        try:
            write_bytes(self.path / RECORD, encode(self.record))
        except OSError as error:
            self._not_written(RECORD, error)

    def _keep(self, observation: Observation, checkpoint: Checkpoint) -> None:
        self._check_record()
        about = {"epoch": str(checkpoint.epoch), "step": str(checkpoint.step)}
        writes = {"last": self._weights_write("last", checkpoint.weights, about)}
        if checkpoint.best:
            metrics = of_split(checkpoint.metrics, "validation")
            writes["best"] = self._best_write(checkpoint.weights, metrics, about)
        if checkpoint.averaged is not None:
            epochs = {"epochs": str(checkpoint.averaged.count)}
            writes["averaged"] = self._weights_write("averaged", checkpoint.averaged.weights, about | epochs)
        elif self.has("averaged"):  # the run was made longer: averaging starts later
            writes["averaged"] = partial(self._file("averaged").unlink, missing_ok=True)
        self._held |= writes
        if not self._writer.resting:
            self._keep_state(observation, checkpoint.weights)

    def _keep_state(self, observation: Observation, weights: Weights | None) -> None:
        """Writes a checkpoint. Copying the state takes time and memory: within epochs it may take a fiftieth
        of the time at most, and it is skipped if little memory is free.
        """
        start = time.monotonic()
        config, sizes = observation.config, [p.numel() * 4 for p in observation.module.parameters()]
        if sum(sizes) * (2 + STATE_PER_WEIGHT[config.optimizer]) > available_bytes() / 2:
            self._due = start + config.checkpoint_every
            if not self._memory_noted:
                self._memory_noted = True
                observation.note("not enough free memory for a checkpoint: only the weights are saved")
            self._write()
            return
        state = observation.state(weights)
        try:
            self._log.flush()  # else the curve of a run resumed from here would have a gap before it
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

    def _best_write(self, weights: Weights, metrics: Mapping[str, float], about: dict[str, str]) -> Write:
        decisive = {name: repr(metrics[name]) for name in task_info(self.record.network.task).decisive}
        return self._weights_write("best", weights, about | decisive)

    def _not_written(self, name: str, error: Exception) -> None:
        name = f"{name}.safetensors" if name in ("best", "last", "averaged") else name
        reason = getattr(error, "strerror", None) or str(error)
        self.write_error = self.write_error or f"{self.path / name}: cannot be written ({reason})"


def _taken(folder: Path) -> RunError:
    return RunError(f"{folder}: already exists; expected a new or an empty folder")


def _not_made(folder: Path, error: OSError) -> RunError:
    kind = RunError if error.errno in _MISTAKEN else RunWriteError
    return kind(f"{folder}: cannot be made ({error.strerror or error})")
