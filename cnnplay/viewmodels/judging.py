"""The verdict on the validation pictures, from the run's last epoch or computed from stored weights."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from cnnplay.viewmodels.judged import Judged
from cnnplay.viewmodels.looker import Looker
from cnnplay.viewmodels.picture_choice import PictureModel
from cnnplay.viewmodels.studio import Studio, Subject

WORST = 8


class JudgeModel(QObject):
    """Holds the newest verdict. `changed`: there is another one, or none."""

    changed = Signal()

    def __init__(
        self, looker: Looker, studio: Studio, pictures: PictureModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._looker, self._studio, self._pictures = looker, studio, pictures
        self._judged: Judged | None = None
        self._of: Subject | None = None
        self._asked: Subject | None = None
        self._worst_wanted = False
        self._cell: tuple[int, int] | None = None

    @property
    def judged(self) -> Judged | None:
        return self._judged

    @property
    def worst_wanted(self) -> bool:
        """Whether somebody waits for the most wrong pictures."""
        return self._worst_wanted

    @property
    def cell(self) -> tuple[int, int] | None:
        """(truth, predicted) of the cell of the confusion whose pictures are shown."""
        return self._cell

    @property
    def words(self) -> str:
        """``validation, epoch 14 · 1,000 pictures, 32 wrong``."""
        if self._judged is None:
            return ""
        when = f", epoch {self._judged.epoch}" if self._judged.epoch else ""
        count = len(self._judged.indices)
        wrong = count - int(self._judged.confusion.trace())
        return f"validation{when} · {count:,} pictures, {wrong:,} wrong"

    def choose_cell(self, cell: tuple[int, int] | None) -> None:
        """Shows the pictures of a cell of the confusion, or of none."""
        if cell != self._cell:
            self._cell = cell
            self.changed.emit()

    def show_worst(self) -> None:
        """Puts the most wrong pictures beside the chosen one, now or once there is a verdict."""
        self._worst_wanted = self._judged is None
        if self._judged is not None:
            worst = [mistake.picture for mistake in self._judged.mistakes(WORST)]
            if worst:
                self._pictures.show_samples(worst, "wrong")

    def consider(self, subject: Subject | None, wanted: bool) -> None:
        """Nothing trains: has the subject judged where that is wanted and was not done for its weights."""
        if subject is None or subject.weights is None or subject.images is None:
            self._looker.forget("judge")
            self._asked = None
            if self._judged is not None:
                self.take(None)
            return
        known = self._asked or self._of
        done = known is not None and subject.same_module(known) and subject.images is known.images
        if done or not (wanted or self._worst_wanted):
            return
        self._asked = subject
        number = self._looker.newest("judge") + 1

        def breathe() -> bool:
            self._looker.breathe("judge")
            return not self._looker.outdated("judge", number)

        self._looker.ask("judge", lambda: self._studio.judge(subject, breathe))

    def give_up(self) -> None:
        """A run is on: its own verdicts are newer."""
        self._looker.forget("judge")
        self._asked = None

    def came(self, verdict: Judged | None) -> None:
        """What was computed for the subject that was asked about."""
        self._of, self._asked = self._asked, None
        if verdict is not None:
            self.take(verdict)

    def take(self, verdict: Judged | None) -> None:
        """The newest verdict; of a run's epoch where it carries one."""
        self._judged = verdict
        if verdict is None or verdict.epoch:
            self._of = None
        self.changed.emit()
        if self._worst_wanted and verdict is not None:
            self.show_worst()


def why_no_verdict(has_data: bool, has_weights: bool, live: bool, has_verdict: bool) -> str:
    """Why there are no most wrong pictures; "" when there are."""
    if not has_data:
        return "choose a data set first"
    if not (has_weights or live or has_verdict):
        return "train the network first: an untrained one is wrong about nearly everything"
    if live and not has_verdict:
        return "the first epoch is not over yet: then the validation pictures are judged"
    return ""
