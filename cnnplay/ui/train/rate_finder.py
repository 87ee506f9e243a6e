"""Finding a learning rate: the range test in a thread, on a copy, and what to say of its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.spec.range_test import RangeTest, range_faults
from cnnplay.spec.settings import SettingFault, TrainConfig
from cnnplay.ui.kit.cancellable_thread import CancellableThread
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.train.rate_drawing import RateDrawing, draw, rounded
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.schedule import rate_words

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.weights import Weights
    from cnnplay.network.network import Network
    from cnnplay.training.control import Control
    from cnnplay.training.failures import Explained
    from cnnplay.training.range_test import Found, Point

State: TypeAlias = Literal["idle", "running", "stopping"]


@dataclass(frozen=True, eq=False)
class Question:
    """All that a test needs, captured when it is asked for."""

    network: Network
    config: TrainConfig
    images: ImageSet
    weights: Weights | None
    test: RangeTest


@dataclass(frozen=True, eq=False)
class Answer:
    """What a thread has to say: a point, and in the end the outcome, or why there is none."""

    request: int
    point: Point | None = None
    found: Found | None = None
    failure: Explained | None = None


class RateFinder(QObject):
    """`changed`: anything. `test` is what will be tried, `chosen` the rate that `use` takes over."""

    changed = Signal()

    def __init__(self, run: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.test = RangeTest()
        self.trained = False
        """Whether it begins with the weights there are, rather than with new ones."""
        self.state: State = "idle"
        self.points: list[Point] = []
        self.found: Found | None = None
        self.problem = ""
        self.chosen: float | None = None
        self._asked = self.test
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._thread = CancellableThread("cnnplay-rate")
        self._control: Control | None = None
        run.state_changed.connect(self._run_changed)

    # What is to be tried

    @property
    def problems(self) -> tuple[SettingFault, ...]:
        return range_faults(self.test)

    def set(self, field: str, value: Any) -> None:
        """A number of the test. One outside its limits is held too: `faults` says what is wrong."""
        test = msgspec.structs.replace(self.test, **{field: value})
        if test != self.test:
            self.test = test
            self.changed.emit()

    def set_trained(self, trained: bool) -> None:
        """Whether it begins with the weights there are."""
        if trained != self.trained:
            self.trained = trained
            self.changed.emit()

    def why_not_trained(self) -> str:
        """Why it cannot begin with weights that learned something; "" when it can."""
        return "" if self._run.can_go_on else "the network on screen has learned nothing yet"

    def why_not(self) -> str:
        """Why no test can be made now; "" when one can."""
        if self.state != "idle":
            return "a test is on: stop it first"
        return self._run.why_not("afresh") or (self.problems[0].message if self.problems else "")

    # The test

    def start(self) -> bool:
        """Makes the test. Whether it could: `why_not` says why it could not."""
        images = self._run.data.images
        if self.why_not() or images is None:
            return False
        from cnnplay.training.control import Control

        going_on = self._run.trained_here if self.trained and self._run.can_go_on else None
        weights = None if going_on is None else going_on.weights
        network, config = self._run.editor.network, self._run.settings.config
        question = Question(network, config, images, weights, self.test)
        self.points, self.found, self.problem, self.chosen = [], None, "", None
        self._asked, self.state = self.test, "running"
        control, box = Control(), self._box
        self._control = control
        self._thread.start(lambda request, _: _answer(request, question, box, control))
        self._postman.work()
        self.changed.emit()
        return True

    @Slot()
    def stop(self) -> None:
        """Ends the test after the batch at hand; what was found so far stays."""
        if self._control is not None and self.state == "running":
            self._control.stop()
            self.state = "stopping"
            self.changed.emit()

    def cancel(self) -> None:
        """Ends the test without waiting for its thread, which ends within one layer's work, or once the
        pictures that it is preparing are ready. Nothing more is heard of it.
        """
        if self._control is not None:
            self._control.stop()
            self._control = None
        self._thread.cancel()
        self._postman.rest()
        if self.state != "idle":
            self.state = "idle"
            self.changed.emit()

    def shutdown(self) -> None:
        """Ends the test and joins its thread."""
        self.cancel()
        self._thread.shutdown()
        self._box.empty()

    @Slot()
    def _run_changed(self) -> None:
        if self._run.active:
            self.stop()  # the two would take each other's time
        self.changed.emit()

    # Its outcome

    @property
    def suggested(self) -> float | None:
        """The rate at which the loss falls most steeply, in two figures."""
        rate = None if self.found is None else self.found.suggested
        return None if rate is None else rounded(rate)

    @property
    def present(self) -> float:
        """The rate that the settings have."""
        return self._run.settings.config.learning_rate

    @property
    def words(self) -> str:
        """What to say of it now."""
        if self.problem:
            return self.problem
        if self.state != "idle":
            if not self.points:
                return "Getting ready: the pictures and a copy of the network."
            words = f"Rate {rate_words(self.points[-1].rate)}, loss {self.points[-1].smoothed:.3g}"
            return f"{words} (average of the last batches)"
        if self.found is None:
            reason = self.why_not()
            return f"Not now: {reason}." if reason else "Press Start: it takes a few epochs at most."
        return _outcome_words(self.found, self.suggested)

    @property
    def use_label(self) -> str:
        """``Use 0.0021``; "" while no rate is chosen."""
        return "" if self.chosen is None else f"Use {rate_words(self.chosen)}"

    def drawing(self) -> RateDrawing:
        """The curve so far."""
        tried = self._asked if self.points else self.test
        return draw(RangeTest() if range_faults(tried) else tried, self.points)

    def choose(self, rate: float) -> None:
        """This one is to be used."""
        if self.points and rate != self.chosen:
            self.chosen = rate
            self.changed.emit()

    def step(self, steps: int) -> None:
        """The rate that is chosen moves by so many of the test's steps."""
        rate = self.chosen or self.suggested or (self.points[-1].rate if self.points else None)
        if rate is None:
            return
        factor = self._asked.rate(1) / self._asked.rate(0)
        moved = rounded(min(max(rate * factor**steps, self._asked.low), self._asked.high))
        self.choose(moved)

    def use(self) -> None:
        """Puts the chosen rate into the settings."""
        if self.chosen is not None:
            self._run.settings.set("learning_rate", self.chosen)

    def _deliver(self, mail: Mail) -> None:
        news = [letter for letter in mail.letters if letter.request == self._thread.request]
        self.points += [answer.point for answer in news if answer.point is not None]
        if news and news[-1].point is None:
            self._end(news[-1])
        if news:
            self.changed.emit()

    def _end(self, answer: Answer) -> None:
        self._thread.ended()
        self._control, self.state = None, "idle"
        if answer.failure is not None:
            message = answer.failure.message
            self.problem = f"{message[:1].upper()}{message[1:].rstrip('.')}. {answer.failure.advice}".strip()
        else:
            self.found = answer.found
            self.chosen = self.suggested
        self._postman.rest()


def _outcome_words(found: Found, suggested: float | None) -> str:
    if not found.points:
        if found.ended == "stopped":
            return "Stopped before the first batch."
        return "The loss was no number at the first batch: the activations explode inside the network."
    last = rate_words(rounded(found.points[-1].rate))
    end = {
        "done": "",
        "diverged": f" By {last} the loss had shot up.",
        "stopped": f" Stopped at {last}.",
    }[found.ended]
    if suggested is None:
        words = "The loss did not fall by more than batches differ anyway: no rate stands out."
        more = "" if found.ended == "stopped" else " Try more steps, another range or new weights."
        return words + end + more
    return (
        f"The loss falls most steeply at {rate_words(suggested)}.{end} A lower rate is safer, a higher one "
        "quicker: a click into the curve chooses another."
    )


def _answer(request: int, question: Question, box: Mailbox, control: Control) -> None:
    try:
        from cnnplay.training.job import Job
        from cnnplay.training.range_test import find_rate

        job = Job("", question.network, question.config, question.images, initial=question.weights)
        found = find_rate(job, question.test, lambda one: box.put(Answer(request, one)), control)
        box.put(Answer(request, found=found))
    except Exception as error:
        from cnnplay.training.failures import explain

        failure = explain(error, question.network, question.config, 0, None)
        box.put(Answer(request, failure=failure))
