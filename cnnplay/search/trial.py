"""One trial: its values drawn, its network and settings made, its run trained and kept in the store."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from optuna import Trial, TrialPruned

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import Prepared
from cnnplay.network.network import Input, Network
from cnnplay.runs.about import ABOUT, LONGEST_TAG, About, write_about
from cnnplay.runs.record import RunError
from cnnplay.runs.recorder import RunRecorder
from cnnplay.search.control import SearchControl
from cnnplay.search.errors import BadTrial, SearchTrouble
from cnnplay.search.events import Event, TrialBegan, TrialEpoch
from cnnplay.search.places import EPOCH, OUTCOME, RUN, WHY
from cnnplay.search.samplers import drawn
from cnnplay.search.space import Value
from cnnplay.search.values import applied, words
from cnnplay.search.variables import Variable
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train


class StoppedTrial(Exception):
    """Somebody stopped the search during the trial."""


@dataclass
class Bench:
    """What all trials of a search share. Pictures that were fitted once are not fitted again."""

    study: str
    network: Network
    config: TrainConfig
    images: ImageSet
    variables: Sequence[Variable]
    prepared: dict[Input, Prepared] = field(default_factory=dict)
    trouble: str = ""
    """What ends the search though the trial counts."""


def run_trial(bench: Bench, trial: Trial, control: SearchControl, hear: Callable[[Event], None]) -> float:
    """Trains once, and returns the best validation accuracy. TrialPruned where it was given up, or where its
    values make nothing that learns; StoppedTrial where somebody stopped it; SearchTrouble from the disk."""
    values = {variable.name: drawn(trial, variable) for variable in bench.variables}
    hear(TrialBegan(number=trial.number, settings=values))
    try:
        network, config = applied(values, bench.variables, bench.network, bench.config)
    except BadTrial as error:
        raise _failed(trial, str(error)) from None
    with control.run() as steering:
        course = _Course(trial, config, steering.stop, hear)
        folder = _folder(bench, trial, network, config, values)
        try:
            with folder:
                result = _trained(bench, folder, network, config, course, steering)
        finally:
            _keep_or_discard(folder)
    return _judged(bench, trial, control, course, folder, result)


class _Course:
    """Hears each epoch: tells the study, and has the run stopped where the study gives it up."""

    def __init__(
        self, trial: Trial, config: TrainConfig, stop: Callable[[], None], hear: Callable[[Event], None]
    ) -> None:
        self._trial, self._stop, self._hear = trial, stop, hear
        self.epochs = config.epochs
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.pruned = False
        self.trouble: Exception | None = None

    def observe(self, seen: Observation) -> None:
        """What the storage does not take ends the search, not the training thread's order."""
        accuracy = None if seen.checkpoint is None else seen.checkpoint.metrics.get("validation_accuracy")
        if seen.checkpoint is None or accuracy is None:
            return
        try:
            self._epoch(seen.checkpoint.epoch, accuracy)
        except Exception as error:
            self.trouble = self.trouble or error
            self._stop()

    def _epoch(self, epoch: int, accuracy: float) -> None:
        if self.best is None or accuracy > self.best:
            self.best, self.best_epoch = accuracy, epoch
        self._trial.report(self.best, epoch)
        self._hear(TrialEpoch(number=self._trial.number, epoch=epoch, accuracy=accuracy, best=self.best))
        if epoch < self.epochs and self._trial.should_prune():
            self.pruned = True
            self._stop()


def _trained(
    bench: Bench,
    folder: RunRecorder,
    network: Network,
    config: TrainConfig,
    course: _Course,
    steering: Control,
) -> Result:
    def observe(seen: Observation) -> None:
        bench.prepared.setdefault(network.input, seen.prepared)
        folder.observe(seen)
        course.observe(seen)

    prepared = bench.prepared.get(network.input)
    job = Job(folder.record.run, network, config, bench.images, prepared=prepared)
    result = train(job, folder.sink, observe, steering)
    folder.close(result if result.learned or result.reason != "stopped" else None)
    return result


def _judged(
    bench: Bench, trial: Trial, control: SearchControl, course: _Course, folder: RunRecorder, result: Result
) -> float:
    """What a run that is over means for its trial."""
    if course.trouble is not None:
        raise course.trouble
    trial.set_user_attr(EPOCH, course.best_epoch)
    if not folder.path.exists():
        trial.set_user_attr(RUN, "")
    failure = result.failure
    if failure is not None and failure.cause != "disk":
        if (
            failure.cause == "unforeseen"
        ):  # the program's mistake, and not these values': others may meet it too
            bench.trouble = f"trial {trial.number}: {failure.message}. {failure.advice}"
        raise _failed(trial, failure.message)
    trouble = folder.trouble if failure is None else failure.message
    if trouble:
        raise SearchTrouble(trouble.removesuffix("; training goes on"))
    if course.pruned:
        trial.set_user_attr(WHY, f"worse than others after {result.last_epoch} of {course.epochs} epochs")
        raise TrialPruned
    if result.reason == "stopped" or control.stopping:
        trial.set_user_attr(OUTCOME, "stopped")
        raise StoppedTrial
    if course.best is None:
        raise _failed(trial, "no epoch was judged: no validation picture can be read")
    return course.best


def _folder(
    bench: Bench, trial: Trial, network: Network, config: TrainConfig, values: dict[str, Value]
) -> RunRecorder:
    """A run's folder in the store, tagged with the study's name."""
    images = bench.images
    try:
        folder = RunRecorder.create(None, network=network, config=config, data=images.key, mark=images.mark)
    except RunError as error:
        raise SearchTrouble(str(error)) from None
    trial.set_user_attr(RUN, str(folder.path))
    labels = {variable.name: variable.label for variable in bench.variables}
    note = f"Trial {trial.number} of the search {bench.study}: {words(values, labels)}"
    with suppress(RunError):  # the run matters more than its tags
        write_about(folder.path, About(note=note, tags=("search", tag_of(bench.study))))
    return folder


def _keep_or_discard(folder: RunRecorder) -> None:
    """A run of which nothing came leaves no folder."""
    if folder.has_last or folder.has_best:
        return
    with suppress(OSError):
        (folder.path / ABOUT).unlink(missing_ok=True)
    folder.discard()


def _failed(trial: Trial, why: str) -> TrialPruned:
    """Told to Optuna as pruned: it counts, and samplers keep away from it."""
    trial.set_user_attr(OUTCOME, "failed")
    trial.set_user_attr(WHY, why)
    return TrialPruned(why)


def tag_of(study: str) -> str:
    """The study's name as a run's tag may be."""
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in study)
    return plain[:LONGEST_TAG].strip("-") or "study"
