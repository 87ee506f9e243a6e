"""The learning rate finder: runs the range test in a thread, on a copy, and describes its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.spec.range_test import RangeTest, range_test_problems
from cnnplay.spec.settings import SettingProblem, TrainConfig
from cnnplay.ui.kit.background import Background, Job
from cnnplay.ui.kit.mailbox import Mail
from cnnplay.ui.train.rate_drawing import RateDrawing, draw, rounded
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.schedule import rate_text

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.weights import Weights
    from cnnplay.network.network import Network
    from cnnplay.training.control import Control
    from cnnplay.training.range_test import Point, RangeTestResult

State: TypeAlias = Literal["idle", "running", "stopping"]


@dataclass(frozen=True, eq=False)
class RangeTestInputs:
    """The inputs of a test, captured when it is requested."""

    network: Network
    config: TrainConfig
    images: ImageSet
    weights: Weights | None
    test: RangeTest


class RateFinder(QObject):
    """`changed`: anything. `test` is the range to test, `chosen` the learning rate that `use` applies."""

    changed = Signal()

    def __init__(self, run: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.test = RangeTest()
        self.trained = False
        """Whether it starts from the trained weights, rather than from random ones."""
        self.state: State = "idle"
        self.points: list[Point] = []
        self.found: RangeTestResult | None = None
        self.problem = ""
        self.chosen: float | None = None
        self._asked = self.test
        self._jobs = Background("rate", self)
        self._control: Control | None = None
        run.state_changed.connect(self._run_changed)
        for signal in (
            run.readiness_changed,
            run.weights_cache.changed,
            run.settings.changed,
            run.data.changed,
        ):
            signal.connect(self.changed)

    # The range to test

    @property
    def problems(self) -> tuple[SettingProblem, ...]:
        return range_test_problems(self.test)

    def set(self, field: str, value: Any) -> None:
        """Sets a field of the test. A value outside its limits is kept too: `problems` says what is wrong."""
        test = msgspec.structs.replace(self.test, **{field: value})
        if test != self.test:
            self.test = test
            self.changed.emit()

    def set_trained(self, trained: bool) -> None:
        """Whether it starts from the trained weights."""
        if trained != self.trained:
            self.trained = trained
            self.changed.emit()

    def trained_disabled_reason(self) -> str:
        """Why it cannot start from trained weights; "" if it can."""
        return "" if self._run.can_resume else "the network on screen has not been trained yet"

    def disabled_reason(self) -> str:
        """Why no test can be started; "" if one can."""
        if self.state != "idle":
            return "a test is in progress: stop it first"
        return self._run.disabled_reason("from_scratch") or (
            self.problems[0].message if self.problems else ""
        )

    # The test

    def start(self) -> bool:
        """Starts the test. Returns whether it could; if not, `disabled_reason` says why."""
        images = self._run.data.images
        if self.disabled_reason() or images is None:
            return False
        from cnnplay.training.control import Control

        resume_from = (
            self._run.weights_cache.trained_for_editor if self.trained and self._run.can_resume else None
        )
        weights = None if resume_from is None else resume_from.weights.last
        network, config = self._run.editor.network, self._run.settings.config
        inputs = RangeTestInputs(network, config, images, weights, self.test)
        self.points, self.found, self.problem, self.chosen = [], None, "", None
        self._asked, self.state = self.test, "running"
        control = self._control = Control()
        self._jobs.replace(
            lambda job: _run_test(inputs, job, control),
            self._done,
            lambda error: self._fail(error, inputs),
            self._progressed,
            on_cancel=control.stop,
        )
        self.changed.emit()
        return True

    @Slot()
    def stop(self) -> None:
        """Stops the test after the current batch and keeps the points so far."""
        if self._control is not None and self.state == "running":
            self._control.stop()
            self.state = "stopping"
            self.changed.emit()

    def cancel(self) -> None:
        """Cancels the test without waiting for its thread, which ends after the current layer, or once its
        images are prepared. Its later messages are ignored.
        """
        self._jobs.cancel()
        if self.state != "idle":
            self.state = "idle"
            self.changed.emit()

    @Slot()
    def _run_changed(self) -> None:
        if self._run.active:
            self.stop()  # both would slow each other down

    # The result

    @property
    def suggested(self) -> float | None:
        """The learning rate at which the loss falls most steeply, rounded to two digits."""
        rate = None if self.found is None else self.found.suggested
        return None if rate is None else rounded(rate)

    @property
    def current(self) -> float:
        """The learning rate of the settings."""
        return self._run.settings.config.learning_rate

    @property
    def text(self) -> str:
        """The state or the result, in one or two sentences."""
        if self.problem:
            return self.problem
        if self.state != "idle":
            if not self.points:
                return "Starting: preparing the images and a copy of the network."
            text = f"Learning rate {rate_text(self.points[-1].rate)}, loss {self.points[-1].smoothed:.3g}"
            return f"{text} (average of the last batches)"
        if self.found is None:
            reason = self.disabled_reason()
            return (
                f"Unavailable: {reason}." if reason else "Press Start: the test takes a few epochs at most."
            )
        return _result_text(self.found, self.suggested)

    @property
    def use_label(self) -> str:
        """``Use 0.0021``; "" while no learning rate is chosen."""
        return "" if self.chosen is None else f"Use {rate_text(self.chosen)}"

    def drawing(self) -> RateDrawing:
        """The curve so far."""
        tried = self._asked if self.points else self.test
        return draw(RangeTest() if range_test_problems(tried) else tried, self.points)

    def choose(self, rate: float) -> None:
        if self.points and rate != self.chosen:
            self.chosen = rate
            self.changed.emit()

    def step(self, steps: int) -> None:
        """Moves the chosen learning rate by `steps` steps of the test."""
        rate = self.chosen or self.suggested or (self.points[-1].rate if self.points else None)
        if rate is None:
            return
        factor = self._asked.rate(1) / self._asked.rate(0)
        moved = rounded(min(max(rate * factor**steps, self._asked.low), self._asked.high))
        self.choose(moved)

    def use(self) -> None:
        """Sets the chosen learning rate in the settings."""
        if self.chosen is not None:
            self._run.settings.set("learning_rate", self.chosen)

    def _progressed(self, mail: Mail) -> None:
        self.points += mail.messages
        self.changed.emit()

    def _done(self, found: RangeTestResult) -> None:
        self.state = "idle"
        self.found = found
        self.chosen = self.suggested
        self.changed.emit()

    def _fail(self, error: Exception, inputs: RangeTestInputs) -> None:
        from cnnplay.training.failures import explain

        self.state = "idle"
        failure = explain(error, inputs.network, inputs.config, 0, None)
        self.problem = (
            f"{failure.message[:1].upper()}{failure.message[1:].rstrip('.')}. {failure.advice}".strip()
        )
        self.changed.emit()


def _result_text(found: RangeTestResult, suggested: float | None) -> str:
    if not found.points:
        if found.ended == "stopped":
            return "Stopped before the first batch."
        return "The loss was not finite at the first batch: the activations explode inside the network."
    last = rate_text(rounded(found.points[-1].rate))
    end = {
        "done": "",
        "diverged": f" It diverges at {last}.",
        "stopped": f" Stopped at {last}.",
    }[found.ended]
    if suggested is None:
        text = "The loss did not fall by more than the noise between batches: no learning rate stands out."
        more = "" if found.ended == "stopped" else " Try more steps, another range or new weights."
        return text + end + more
    return (
        f"The loss falls most steeply at {rate_text(suggested)}.{end} A lower learning rate is "
        "safer, a higher one faster: click the curve to choose another."
    )


def _run_test(inputs: RangeTestInputs, job: Job, control: Control) -> RangeTestResult:
    from cnnplay.training import job as training
    from cnnplay.training.range_test import find_rate

    copy = training.Job("", inputs.network, inputs.config, inputs.images, initial=inputs.weights)
    return find_rate(copy, inputs.test, job.put, control)
