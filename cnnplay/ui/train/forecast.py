"""What a run would take on this machine, computed anew when the network, the settings or the data change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnplay.network.network import Network
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.devices import torch_is_imported
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.text import bytes_text, duration_text
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.forecast import Forecast

SETTLE_MS = 200
"""So long nothing must change before a forecast is made."""
RELEASE_MS = 2000
"""So long after a run: who ends one often begins the next."""
AGAIN_MS = (500, 1000, 2000, 4000, 8000)
"""After so long it is made again where the program itself computed something meanwhile, as at its start."""


@dataclass(frozen=True, eq=False)
class Question:
    """A forecast's inputs, captured when it is asked for."""

    network: Network
    report: Report
    config: TrainConfig
    images: ImageSet


@dataclass(frozen=True, eq=False)
class Answer:
    """The forecast for a question, or words that say why there is none."""

    question: Question
    forecast: Forecast | None
    error: str = ""


class ForecastModel(QObject):
    """`changed`: words or advice are others. Nothing is computed before torch was imported by somebody else:
    the window appears first. While it is held memory alone is foreseen: layers would be found slow, and slow
    down what is on; a forecast that is being made is broken off.
    """

    changed = Signal()

    def __init__(
        self, editor: EditorModel, settings: SettingsModel, data: DataModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data = editor, settings, data
        self.forecast: Forecast | None = None
        self._answered: Question | None = None
        self._problem = ""
        self.held = False
        self._enough = threading.Event()
        """Breaks off the forecast that is being made."""
        self._again = 0
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._timer.timeout.connect(self._ask)
        for signal in (editor.changed, settings.changed, data.changed):
            signal.connect(self.refresh)
        self._timer.start()

    @property
    def words(self) -> str:
        """``about 3.2 s an epoch, 1 min 4 s in all; 240 MB of 18 GB free``; "" while nothing is known.
        Without times where it was made while held."""
        found = self.forecast
        if found is None:
            return self._problem
        memory = self.memory_words
        if not found.fits:
            return f"needs {memory}"
        if not found.seconds_per_epoch:
            return memory
        whole = found.seconds_per_epoch * self._settings.config.epochs
        return f"about {_short(found.seconds_per_epoch)} an epoch, {_short(whole)} in all; {memory}"

    @property
    def memory_words(self) -> str:
        """``240 MB of 18 GB free``; "" while nothing is known."""
        found = self.forecast
        if found is None:
            return ""
        return f"{bytes_text(found.bytes)} of {bytes_text(found.available_bytes)} free"

    @property
    def fits(self) -> bool:
        """Whether the run fits into memory, as far as is known."""
        return self.forecast is None or self.forecast.fits

    @property
    def advice(self) -> str:
        """What to change where it does not fit; "" where it does."""
        found = self.forecast
        if found is None or found.fits:
            return ""
        batch = self._settings.config.batch_size
        needs = (
            f"batch {batch:,} needs {bytes_text(found.bytes)}, {bytes_text(found.available_bytes)} are free"
        )
        if found.largest_batch:
            return f"{needs}; the largest batch that fits is {found.largest_batch:,}"
        return f"{needs}; not even one picture at a time fits: use a smaller network or smaller pictures"

    @property
    def mend_label(self) -> str:
        """What `mend` would do; "" where it can do nothing."""
        found = self.forecast
        if found is None or found.fits or not found.largest_batch:
            return ""
        return f"use batch {found.largest_batch:,}"

    @Slot()
    def fix(self) -> None:
        """Takes the largest batch that fits."""
        found = self.forecast
        if found is not None and not found.fits and found.largest_batch:
            self._settings.set("batch_size", found.largest_batch)

    @property
    def largest_batch(self) -> int | None:
        """The largest power of two that fits, and that the training part fills once; None while unknown, and
        where the batch of the settings does not fit: `mend` is there for that.

        The largest number that fits leaves no room for what the forecast does not foresee; the power of two
        below it does, and it is what memory and processors are made for.
        """
        found, images = self.forecast, self._data.images
        if found is None or not found.fits or not found.largest_batch or images is None:
            return None
        most = min(found.largest_batch, len(images.train))
        return 1 << (most.bit_length() - 1) if most else None

    @property
    def largest_label(self) -> str:
        """``largest batch: 512``; "" where the settings have it, or a larger one that fits."""
        largest = self.largest_batch
        if largest is None or largest <= self._settings.config.batch_size:
            return ""
        return f"largest batch: {largest:,}"

    @property
    def largest_hint(self) -> str:
        """What `use_largest` would do, and what it is good for."""
        found, images, largest = self.forecast, self._data.images, self.largest_batch
        if found is None or images is None or largest is None:
            return ""
        all_of_them = (found.largest_batch or 0) >= len(images.train)
        limit = (
            f"{len(images.train):,} pictures are there to learn from"
            if all_of_them
            else f"{found.largest_batch:,} would just fit into the free memory, and this leaves some room"
        )
        steps = max(1, len(images.train) // largest)
        each = "1 step" if steps == 1 else f"{steps:,} steps"
        return (
            f"Sets the batch size to {largest:,}, the largest power of two: {limit}.\nA large batch computes "
            f"faster and its gradient is less noisy, but an epoch has only {each}: it often needs a higher "
            "learning rate, or more epochs."
        )

    @Slot()
    def use_largest(self) -> None:
        """Takes `largest_batch`."""
        largest = self.largest_batch
        if largest is not None:
            self._settings.set("batch_size", largest)
            self.changed.emit()  # it is done: nothing is offered while the next forecast is made

    @Slot()
    def refresh(self) -> None:
        """Asks anew once things have settled."""
        self._again = 0
        self._timer.start(SETTLE_MS)

    def hold(self, held: bool) -> None:
        """Whether something is on that needs the machine for itself, as a run does."""
        if held == self.held:
            return
        self.held = held
        if held:
            self._enough.set()
        else:
            self._again = 0
            self._timer.start(RELEASE_MS)

    def shutdown(self) -> None:
        """Joins the thread; no forecast comes afterwards."""
        self._timer.stop()
        self._enough.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._box.empty()
        self._postman.rest()

    @Slot()
    def _ask(self) -> None:
        if self._thread is not None:
            return  # asked again when the answer comes
        images = self._data.images
        if images is None or not self._editor.report.valid or self._settings.problems:
            self._show(None, None, "")
            return
        if not torch_is_imported():
            self._timer.start(2 * SETTLE_MS)
            return
        question = Question(self._editor.network, self._editor.report, self._settings.config, images)
        known = self._answered is not None and not self._question_differs(self._answered)
        if known and (self.held or not self._doubtful):
            return
        self._enough = threading.Event()
        arguments = (question, self._box, not self.held, self._enough.is_set)
        self._thread = threading.Thread(target=_answer, args=arguments, name="cnnplay-forecast")
        self._thread.start()
        self._postman.work()

    @property
    def _doubtful(self) -> bool:
        found = self.forecast
        return found is not None and found.fits and not (found.sure and found.seconds_per_epoch)

    def _question_differs(self, asked: Question) -> bool:
        return (
            asked.network is not self._editor.network
            or asked.config != self._settings.config
            or asked.images is not self._data.images
        )

    def _deliver(self, mail: Mail) -> None:
        answer: Answer = mail.letters[-1]
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._postman.rest()
        if self._enough.is_set() or self._question_differs(answer.question):
            self.refresh()
        else:
            self._show(answer.question, answer.forecast, answer.error)
            if self._doubtful and not self.held and self._again < len(AGAIN_MS):
                self._timer.start(AGAIN_MS[self._again])
                self._again += 1

    def _show(self, question: Question | None, forecast: Forecast | None, problem: str) -> None:
        changed = (forecast, problem) != (self.forecast, self._problem)
        self._answered, self.forecast, self._problem = question, forecast, problem
        if changed:
            self.changed.emit()


def _answer(question: Question, box: Mailbox, timed: bool, enough: Callable[[], bool]) -> None:
    try:
        from cnnplay.training.forecast import forecast

        asked = (question.network, question.report, question.config, question.images)
        found = forecast(*asked, timed=timed, enough=enough)
        box.put(Answer(question, found))
    except Exception as error:
        # No forecast is no reason to stop anybody from training.
        box.put(Answer(question, None, f"no forecast: {error}"))


def _short(seconds: float) -> str:
    """With a decimal where people would miss it when they reckon what many such times come to."""
    return f"{max(0.1, seconds):.1f} s" if seconds < 9.95 else duration_text(seconds)
