"""The verdict on the validation pictures, from the run's last epoch or computed from stored weights."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.priority_worker import PriorityWorker
from cnnplay.ui.look.judged import Judged
from cnnplay.ui.look.picture_choice import PictureModel
from cnnplay.ui.look.studio import Studio, Subject

WORST = 8
TELL_SECONDS = 0.25
"""Between two words on how far a verdict that takes long has come."""


class JudgeModel(QObject):
    """Holds the newest verdict on the data set in use. `changed`: there is another one, or none.

    `progressed`: `words` say how far the one that is being made has come.
    """

    changed = Signal()
    progressed = Signal()

    def __init__(
        self,
        looker: PriorityWorker,
        studio: Studio,
        data: DataModel,
        pictures: PictureModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._looker, self._studio, self._data, self._pictures = looker, studio, data, pictures
        self._judged: Judged | None = None
        self._of: Subject | None = None
        self._asked: Subject | None = None
        self._worst_wanted = False
        self._cell: tuple[int, int] | None = None
        self._progress = (0, 0)
        data.changed.connect(self._data_changed)

    @property
    def judged(self) -> Judged | None:
        """The verdict; None where there is none on the pictures of the data set in use.

        Whoever hears of another data set before this model does finds none either.
        """
        found = self._judged
        return found if found is not None and found.images is self._data.images else None

    @property
    def elsewhere(self) -> bool:
        """Whether the newest verdict is on other pictures than those in use: the run's own."""
        return self._judged is not None and self.judged is None

    @property
    def cell(self) -> tuple[int, int] | None:
        """(truth, predicted) of the cell of the confusion whose pictures are shown."""
        verdict = self.judged
        if self._cell is None or verdict is None or max(self._cell) >= len(verdict.confusion):
            return None
        return self._cell

    @property
    def words(self) -> str:
        """``validation, epoch 14 · 32 of 1,000 wrong``, or how far the first verdict has come."""
        verdict = self.judged
        if verdict is None:
            done, whole = self._progress
            return f"judging: {done:,} of {whole:,} validation pictures" if whole else ""
        when = f", epoch {verdict.epoch}" if verdict.epoch else ""
        count = len(verdict.indices)
        wrong = count - int(verdict.confusion.trace())
        return f"validation{when} · {wrong:,} of {count:,} wrong"

    def choose_cell(self, cell: tuple[int, int] | None) -> None:
        """Shows the pictures of a cell of the confusion, or of none."""
        if cell != self._cell:
            self._cell = cell
            self.changed.emit()

    def show_worst(self) -> None:
        """Puts the most wrong pictures beside the chosen one, now or once there is a verdict."""
        verdict = self.judged
        self._worst_wanted = verdict is None
        if verdict is not None:
            worst = [mistake.picture for mistake in verdict.mistakes(WORST)]
            if worst:
                self._pictures.show_samples(worst, "wrong")

    def consider(self, subject: Subject | None, wanted: bool) -> None:
        """Nothing trains: has the subject judged where that is wanted and was not done for its weights."""
        if subject is None or subject.weights is None or subject.images is None:
            self.cancel()
            if self._judged is not None:
                self.take(None)
            return
        known = self._asked or self._of
        done = known is not None and subject.same_module(known) and subject.images is known.images
        if done or not (wanted or self._worst_wanted):
            return
        self._asked = subject
        number = self._looker.newest("judge") + 1
        told = time.monotonic()

        def breathe(done: int, whole: int) -> bool:
            nonlocal told
            self._looker.breathe("judge")
            if time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                self._looker.tell("judging", (number, done, whole))
            return not self._looker.outdated("judge", number)

        self._looker.ask("judge", lambda: self._studio.judge(subject, breathe))

    def cancel(self) -> None:
        """No verdict is made any more: a run is on, and its own are newer, or there is nothing to judge."""
        self._looker.forget("judge")
        self._asked = None
        self._go_on((0, 0))

    def got_to(self, request: int, done: int, whole: int) -> None:
        """How far the looking thread has come."""
        if request == self._looker.newest("judge"):
            self._go_on((done, whole))

    def came(self, verdict: Judged | None) -> None:
        """What was computed for the subject that was asked about."""
        self._of, self._asked = self._asked, None
        self._go_on((0, 0))
        if verdict is not None:
            self.take(verdict)

    def take(self, verdict: Judged | None) -> None:
        """The newest verdict; of a run's epoch where it carries one."""
        self._judged = verdict
        if verdict is None or verdict.epoch:
            self._of = None
        self.changed.emit()
        if self._worst_wanted and self.judged is not None:
            self.show_worst()

    def _go_on(self, progress: tuple[int, int]) -> None:
        if progress != self._progress:
            self._progress = progress
            self.progressed.emit()

    @Slot()
    def _data_changed(self) -> None:
        """Indices, classes and cells are the data set's: nothing of the one before is kept."""
        self.cancel()
        self._cell = None
        self.take(None)


def why_no_verdict(
    has_data: bool, has_weights: bool, live: bool, has_verdict: bool, elsewhere: bool = False
) -> str:
    """Why there are no most wrong pictures; "" when there are."""
    if not has_data:
        return "choose a data set first"
    if not (has_weights or live or has_verdict):
        return "train the network first: an untrained one is wrong about nearly everything"
    if live and elsewhere:
        return "the run that is on learns from other pictures than those that are chosen"
    if live and not has_verdict:
        return "the first epoch is not over yet: then the validation pictures are judged"
    return ""
