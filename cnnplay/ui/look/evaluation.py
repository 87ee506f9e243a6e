"""The evaluation on the validation images, from the run's last epoch or computed from stored weights."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.priority_worker import PriorityWorker, Request
from cnnplay.ui.look.evaluation_result import EvaluationResult
from cnnplay.ui.look.image_choice import ImageChoiceModel
from cnnplay.ui.look.model_inspector import ModelInspector, ProbeTarget

TOP_LOSSES = 8
PROGRESS_SECONDS = 0.25
"""Between two progress reports of a long evaluation."""


class EvaluationModel(QObject):
    """Holds the newest evaluation on the current data set. `changed`: there is another one, or none.

    `progressed`: `text` says how far the running evaluation is. `failed(str)`: why there is none.
    """

    changed = Signal()
    progressed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        worker: PriorityWorker,
        inspector: ModelInspector,
        data: DataModel,
        image_choice: ImageChoiceModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker, self._inspector, self._data, self._image_choice = worker, inspector, data, image_choice
        self._result: EvaluationResult | None = None
        self._target: ProbeTarget | None = None
        """What `_result` was computed for; None when it came from a run."""
        self._owner: ProbeTarget | None = None
        """The network and weights that `_result` belongs to; None while the run that sends it goes on."""
        self._requested: ProbeTarget | None = None
        self._top_losses_wanted = False
        self._cell: tuple[int, int] | None = None
        self._progress = (0, 0)
        data.changed.connect(self._data_changed)

    @property
    def result(self) -> EvaluationResult | None:
        """The evaluation; None where there is none on the images of the current data set.

        A listener that hears of another data set before this model does gets None, too.
        """
        found = self._result
        return found if found is not None and found.dataset is self._data.images else None

    @property
    def of_other_data(self) -> bool:
        """Whether the newest evaluation is on other images than the current ones: the run's own."""
        return self._result is not None and self.result is None

    @property
    def cell(self) -> tuple[int, int] | None:
        """(truth, predicted) of the cell of the confusion matrix whose images are shown."""
        result = self.result
        if self._cell is None or result is None or max(self._cell) >= len(result.confusion):
            return None
        return self._cell

    @property
    def text(self) -> str:
        """``validation, epoch 14 · 32 of 1,000 wrong``, or how far the first evaluation is."""
        result = self.result
        if result is None:
            done, total = self._progress
            return f"evaluating: {done:,} of {total:,} validation images" if total else ""
        when = f", epoch {result.epoch}" if result.epoch else ""
        count = len(result.indices)
        wrong = count - int(result.confusion.trace())
        return f"validation{when} · {wrong:,} of {count:,} wrong"

    @property
    def hint(self) -> str:
        """Why the result may surprise: light and dark are the other way round than in the training images."""
        polarity = self.result.polarity if self.result is not None else ""
        return f"These images are {polarity}." if polarity else ""

    def select_cell(self, cell: tuple[int, int] | None) -> None:
        """Shows the images of a cell of the confusion matrix, or of none."""
        if cell != self._cell:
            self._cell = cell
            self.changed.emit()

    def show_top_losses(self) -> None:
        """Shows the most confident mistakes beside the chosen image, now or once there is an evaluation."""
        result = self.result
        self._top_losses_wanted = result is None
        if result is not None:
            worst = [mistake.image for mistake in result.mistakes(TOP_LOSSES)]
            if worst:
                self._image_choice.show_samples(worst, "wrong")

    def consider(self, target: ProbeTarget | None, wanted: bool) -> None:
        """Outside a run: evaluates the target if that is wanted and was not yet done for its weights. What
        belongs to another network or to other weights is dropped.
        """
        if self._result is not None and not self._belongs_to(target):
            self.set_result(None)
        if target is None or target.weights is None or target.dataset is None:
            self.cancel()
            return
        if self._requested is not None and not target.same_module(self._requested):
            self.cancel()
        known = self._requested or self._target
        done = known is not None and target.same_module(known) and target.dataset is known.dataset
        if done or not (wanted or self._top_losses_wanted):
            return
        self._requested = target
        reported = time.monotonic()

        def work(request: Request) -> EvaluationResult | None:
            def proceed(done: int, total: int) -> bool:
                nonlocal reported
                request.yield_to_urgent()
                if time.monotonic() - reported >= PROGRESS_SECONDS:
                    reported = time.monotonic()
                    request.report((done, total))
                return not request.outdated

            return self._inspector.evaluate(target, proceed)

        self._worker.submit("evaluate", work, self._result_came, self.failed.emit, self._set_progress)

    def cancel(self) -> None:
        """Cancels the running evaluation: a run's own are newer, or there is nothing to evaluate."""
        self._worker.discard("evaluate")
        self._requested = None
        self._set_progress((0, 0))

    def _belongs_to(self, target: ProbeTarget | None) -> bool:
        """Whether the result is this target's. A run's belongs to the weights that the run left behind."""
        if target is None or target.weights is None or self._result is None:
            return False
        network = self._result.network
        if self._owner is None and network is not None and network.same_structure(target.network):
            self._owner = target
        owner = self._owner
        return (
            owner is not None
            and owner.weights is target.weights
            and owner.network.same_structure(target.network)
        )

    def _result_came(self, result: EvaluationResult | None) -> None:
        target, self._requested = self._requested, None
        self._set_progress((0, 0))
        if result is not None:
            self._target = self._owner = target
            self.set_result(result)

    def set_result(self, result: EvaluationResult | None) -> None:
        """The newest evaluation; a run's if it has an epoch."""
        self._result = result
        if result is None or result.epoch:
            self._target = self._owner = None
        if result is None:
            self._cell = None
        self.changed.emit()
        if self._top_losses_wanted and self.result is not None:
            self.show_top_losses()

    def _set_progress(self, progress: tuple[int, int]) -> None:
        if progress != self._progress:
            self._progress = progress
            self.progressed.emit()

    @Slot()
    def _data_changed(self) -> None:
        """Indices, classes and cells belong to a data set: nothing of the previous one is kept."""
        self.cancel()
        self.set_result(None)


def no_evaluation_reason(
    has_data: bool, has_weights: bool, live: bool, has_result: bool, of_other_data: bool = False
) -> str:
    """Why there are no top losses; "" when there are."""
    if not has_data:
        return "choose a data set first"
    if not (has_weights or live or has_result):
        return "train the network first: an untrained one is wrong about nearly everything"
    if live and of_other_data:
        return "the current run trains on other images than the chosen ones"
    if live and not has_result:
        return "the validation images are evaluated after the first epoch"
    return ""
