"""The final test: trained weights judged on the part of the data set that nothing else touches."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.numerals import numeral, percent
from cnnplay.ui.kit.tasks import Tasks, told
from cnnplay.ui.train.run import RunModel

if TYPE_CHECKING:
    from cnnplay.training.evaluate import Evaluation
    from cnnplay.ui.train.trained import Trained

State: TypeAlias = Literal["asking", "judging", "judged", "failed"]


class FinalTest(QObject):
    """Judges once it is asked to. `changed`: state or words are others."""

    changed = Signal()

    def __init__(self, run: RunModel, data: DataModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run, self._data = run, data
        self._tasks = Tasks("final-test", self)
        self._stop = threading.Event()
        self.state: State = "asking"
        self.words = ""
        """The outcome, or what went wrong."""

    @property
    def question(self) -> str:
        """What is about to happen, and why it should happen once."""
        images, trained = self._data.images, self._run.trained_here
        if images is None or trained is None:
            return ""
        which = f"best weights (epoch {trained.best_epoch})" if trained.best_epoch else "last weights"
        return (
            f"The {which} are judged on the {len(images.test):,} test pictures of {images.title}, "
            "which no training and no validation has touched. Do it once, when everything is decided: who "
            "chooses by the test part learns from it, and its number then promises too much."
        )

    def begin(self) -> None:
        """Judges in the background."""
        images, trained = self._data.images, self._run.trained_here
        if images is None or trained is None or self.state == "judging":
            return
        self.state, self.words = "judging", f"{len(images.test):,} pictures are being judged …"
        self._stop.clear()
        stop = self._stop

        def work() -> Evaluation:
            from cnnplay.training.evaluate import evaluate
            from cnnplay.training.tasks import Aim

            return evaluate(
                trained.network,
                trained.best_weights or trained.weights,
                images,
                "test",
                facts=trained.facts,
                device=trained.config.device,
                aim=Aim.judging(trained.config),
                interrupted=stop.is_set,
            )

        self._tasks.run(work, lambda found: self._show(found, trained), self._fail)
        self.changed.emit()

    def shutdown(self) -> None:
        """Breaks judging off, and joins its thread."""
        self._stop.set()
        self._tasks.finish()

    def _show(self, found: Evaluation, trained: Trained) -> None:
        count = len(found.labels)
        right = round(found.metrics["accuracy"] * count)
        self.state = "judged"
        self.words = (
            f"Test accuracy {percent(found.metrics['accuracy'])}: {right:,} of {count:,} are right; "
            f"loss {numeral(found.metrics['loss'])}.{_beside(trained)}"
        )
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        if not self._stop.is_set():
            self.state, self.words = "failed", told(error)
            self.changed.emit()


def why_not_test(run: RunModel, data: DataModel) -> str:
    """Why there is nothing to judge now; "" when there is."""
    if run.active:
        return "a run is on: it may still become better"
    if data.images is None:
        return "choose a data set first"
    if not len(data.images.test):
        return f"{data.images.title} has no test part"
    trained = run.trained_here
    if trained is None:
        return "the network on screen has not been trained"
    if trained.facts.classes != data.images.classes or trained.facts.key != data.images.key:
        return f"the network learned from {trained.facts.key}, not from {data.images.key}"
    return ""


def _beside(trained: Trained) -> str:
    """The validation part's number, which is usually a little better: the best epoch was chosen by it."""
    from cnnplay.spec.events import EpochDone

    judged = (e for e in trained.events if isinstance(e, EpochDone) and e.epoch == trained.best_epoch)
    accuracy = next((event.metrics.get("validation_accuracy") for event in judged), None)
    return "" if accuracy is None else f" Validation said {percent(accuracy)}, by which the epoch was chosen."
