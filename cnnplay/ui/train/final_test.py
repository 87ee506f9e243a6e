"""The final test: trained weights evaluated on the test split, which nothing else uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from cnnplay.spec.tasks import LOSS, task_info
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, Job, error_text
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.weights_cache import WeightsCache

if TYPE_CHECKING:
    from cnnplay.training.evaluate import Evaluation
    from cnnplay.ui.train.trained import Trained

State: TypeAlias = Literal["asking", "evaluating", "evaluated", "failed"]


class FinalTest(QObject):
    """Evaluates on request. `changed`: state or text changed."""

    changed = Signal()

    def __init__(self, cache: WeightsCache, data: DataModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache, self._data = cache, data
        self._jobs = Background("final-test", self)
        self.state: State = "asking"
        self.text = ""
        """The result, or what went wrong."""

    @property
    def question(self) -> str:
        """What is about to happen, and why to do it only once."""
        images, trained = self._data.images, self._cache.trained_for_editor
        if images is None or trained is None:
            return ""
        weights = trained.weights
        which = "last weights" if weights.best is None else f"best weights (epoch {weights.best_epoch})"
        primary = task_info(weights.network.task).primary
        return (
            f"The {which} are evaluated on the {len(images.test):,} test images of {images.title}, "
            "which were not used for training or validation. Do this once, when everything is decided: if "
            f"you choose by test {primary.title}, it becomes too optimistic."
        )

    def begin(self) -> None:
        """Evaluates in the background."""
        images, trained = self._data.images, self._cache.trained_for_editor
        if images is None or trained is None or self.state == "evaluating":
            return
        weights = trained.weights
        self.state, self.text = "evaluating", f"Evaluating {len(images.test):,} images …"

        def work(job: Job) -> Evaluation:
            from cnnplay.training.evaluate import evaluate
            from cnnplay.training.task import LossConfig

            return evaluate(
                weights.network,
                weights.chosen("best"),
                images,
                "test",
                facts=weights.facts,
                device=weights.config.device,
                loss_config=LossConfig.for_evaluation(weights.config),
                interrupted=job.cancelled,
            )

        self._jobs.replace(work, lambda found: self._show(found, trained), self._fail)
        self.changed.emit()

    def cancel(self) -> None:
        """Cancels the evaluation."""
        self._jobs.cancel()

    def _show(self, found: Evaluation, trained: Trained) -> None:
        primary, counted = task_info(trained.weights.network.task).primary, ""
        value = found.metrics[primary.name]
        if primary.share_of_images:
            counted = f": {round(value * found.images):,} of {found.images:,} correct"
        self.state = "evaluated"
        self.text = (
            f"Test {primary.title} {metric_text(primary, value)}{counted}; "
            f"loss {metric_text(LOSS, found.metrics['loss'])}.{_validation_text(trained)}"
        )
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.state, self.text = "failed", error_text(error)
        self.changed.emit()


def final_test_disabled_reason(run: RunModel, data: DataModel) -> str:
    """Why the final test is unavailable; "" if it is available."""
    if run.active:
        return "a run is in progress: wait until it ends"
    if data.images is None:
        return "choose a data set first"
    if not len(data.images.test):
        return f"{data.images.title} has no test split"
    trained = run.weights_cache.trained_for_editor
    if trained is None:
        return "the network on screen has not been trained"
    facts, key = trained.weights.facts, data.images.key
    if facts is None or (facts.key, facts.classes) != (key, data.images.classes):
        return f"the network was trained on {facts.key if facts else 'unknown data'}, not on {key}"
    return ""


def _validation_text(trained: Trained) -> str:
    """The validation metric, which is usually a little better: the best epoch was chosen by it."""
    from cnnplay.spec.events import EpochDone

    weights = trained.weights
    best = (e for e in trained.events if isinstance(e, EpochDone) and e.epoch == weights.best_epoch)
    primary = task_info(weights.network.task).primary
    value = next((event.metrics.get(f"validation_{primary.name}") for event in best), None)
    if value is None:
        return ""
    return f" Validation {primary.title}, by which the epoch was chosen: {metric_text(primary, value)}."
