"""One trial: draws values, applies them, trains, and keeps the run in the store."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from optuna import Trial, TrialPruned

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import Prepared
from cnnplay.network.network import Input, Network
from cnnplay.runs.notes import LONGEST_TAG, NOTES, Notes, write_notes
from cnnplay.runs.record import RunError
from cnnplay.runs.recorder import RunRecorder
from cnnplay.search.control import SearchControl
from cnnplay.search.coordination import EPOCH, OUTCOME, RUN, WHY
from cnnplay.search.errors import BadTrial, SearchFailure
from cnnplay.search.events import Event, TrialBegan, TrialEpoch
from cnnplay.search.samplers import draw_value
from cnnplay.search.space import Value
from cnnplay.search.values import apply_values, settings_text
from cnnplay.search.variables import Variable
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import Metric, task_info
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train


class StoppedTrial(Exception):
    """The search was stopped during the trial."""


@dataclass
class TrialContext:
    """What all trials of a search share. Prepared data is reused."""

    study: str
    network: Network
    config: TrainConfig
    images: ImageSet
    variables: Sequence[Variable]
    prepared: dict[Input, Prepared] = field(default_factory=dict)
    fatal_error: str = ""
    """An error that ends the search although the trial counts."""


def run_trial(
    context: TrialContext, trial: Trial, control: SearchControl, on_event: Callable[[Event], None]
) -> float:
    """Trains once and returns the best value of the primary metric on the validation split. TrialPruned if it
    was pruned, or if its values cannot be trained; StoppedTrial if the search was stopped; SearchFailure from
    the disk."""
    values = {variable.name: draw_value(trial, variable) for variable in context.variables}
    on_event(TrialBegan(number=trial.number, settings=values))
    try:
        network, config = apply_values(values, context.variables, context.network, context.config)
    except BadTrial as error:
        raise _failed(trial, str(error)) from None
    with control.run() as steering:
        metric = task_info(network.task).primary
        observer = _TrialObserver(trial, metric, config.epochs, steering.stop, on_event)
        folder = _folder(context, trial, network, config, values)
        try:
            with folder:
                result = _trained(context, folder, network, config, observer, steering)
        finally:
            _keep_or_discard(folder)
    return _outcome(context, trial, control, observer, folder, result)


class _TrialObserver:
    """Reports each epoch to the study, and stops the run if the study prunes it."""

    def __init__(
        self,
        trial: Trial,
        metric: Metric,
        epochs: int,
        stop: Callable[[], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self._trial, self._metric, self._stop, self._on_event = trial, metric, stop, on_event
        self.epochs = epochs
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.pruned = False
        self.error: Exception | None = None

    def observe(self, seen: Observation) -> None:
        """Stores a storage error, which then ends the search, instead of raising it inside training."""
        checkpoint = seen.checkpoint
        value = None if checkpoint is None else checkpoint.metrics.get(f"validation_{self._metric.name}")
        if checkpoint is None or value is None:
            return
        try:
            self._epoch(checkpoint.epoch, value)
        except Exception as error:
            self.error = self.error or error
            self._stop()

    def _epoch(self, epoch: int, value: float) -> None:
        if self.best is None or self._metric.order(value) > self._metric.order(self.best):
            self.best, self.best_epoch = value, epoch
        self._trial.report(self.best, epoch)
        self._on_event(TrialEpoch(number=self._trial.number, epoch=epoch, value=value, best=self.best))
        if epoch < self.epochs and self._trial.should_prune():
            self.pruned = True
            self._stop()


def _trained(
    context: TrialContext,
    folder: RunRecorder,
    network: Network,
    config: TrainConfig,
    observer: _TrialObserver,
    steering: Control,
) -> Result:
    def observe(seen: Observation) -> None:
        context.prepared.setdefault(network.input, seen.prepared)
        folder.observe(seen)
        observer.observe(seen)

    prepared = context.prepared.get(network.input)
    job = Job(folder.record.run, network, config, context.images, prepared=prepared)
    result = train(job, folder.sink, observe, steering)
    folder.close(result if result.learned or result.reason != "stopped" else None)
    return result


def _outcome(
    context: TrialContext,
    trial: Trial,
    control: SearchControl,
    observer: _TrialObserver,
    folder: RunRecorder,
    result: Result,
) -> float:
    """The trial's value, or the exception that ends it, from its finished run."""
    if observer.error is not None:
        raise observer.error
    trial.set_user_attr(EPOCH, observer.best_epoch)
    if not folder.path.exists():
        trial.set_user_attr(RUN, "")
    failure = result.failure
    if failure is not None and failure.cause != "disk":
        if failure.cause == "unforeseen":  # a bug, not these values: other trials may hit it too
            context.fatal_error = f"trial {trial.number}: {failure.message}. {failure.advice}"
        raise _failed(trial, failure.message)
    error = folder.write_error if failure is None else failure.message
    if error:
        raise SearchFailure(error)
    if observer.pruned:
        trial.set_user_attr(
            WHY, f"worse than other trials after {result.last_epoch} of {observer.epochs} epochs"
        )
        raise TrialPruned
    if result.reason == "stopped" or control.stopping:
        trial.set_user_attr(OUTCOME, "stopped")
        raise StoppedTrial
    if observer.best is None:
        raise _failed(trial, "no epoch was evaluated: no validation image can be read")
    return observer.best


def _folder(
    context: TrialContext, trial: Trial, network: Network, config: TrainConfig, values: dict[str, Value]
) -> RunRecorder:
    """Creates the run's folder in the store, tagged with the study's name."""
    images = context.images
    try:
        folder = RunRecorder.create(None, network=network, config=config, data=images.key, mark=images.mark)
    except RunError as error:
        raise SearchFailure(str(error)) from None
    trial.set_user_attr(RUN, str(folder.path))
    labels = {variable.name: variable.label for variable in context.variables}
    note = f"Trial {trial.number} of the search {context.study}: {settings_text(values, labels)}"
    with suppress(RunError):  # losing the tags is better than losing the run
        write_notes(folder.path, Notes(note=note, tags=("search", tag_of(context.study))))
    return folder


def _keep_or_discard(folder: RunRecorder) -> None:
    """Deletes the folder of a run without results."""
    if folder.has_last or folder.has_best:
        return
    with suppress(OSError):
        (folder.path / NOTES).unlink(missing_ok=True)
    folder.discard()


def _failed(trial: Trial, reason: str) -> TrialPruned:
    """A failed trial is pruned in Optuna: it counts, and samplers avoid its values."""
    trial.set_user_attr(OUTCOME, "failed")
    trial.set_user_attr(WHY, reason)
    return TrialPruned(reason)


def tag_of(study: str) -> str:
    """The study's name as a valid tag."""
    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in study)
    return plain[:LONGEST_TAG].strip("-") or "study"
