"""Progress, speed and remaining time of a run, from its events and a clock."""

import time
from collections import deque
from collections.abc import Callable

from cnnplay.spec.tasks import LOSS
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.text import duration_text
from cnnplay.ui.train.history import History

WINDOW = 10.0
"""Speed is averaged over this many seconds: long enough to be steady, validation included."""


class Progress:
    """Updated with the history from time to time during a run; pauses do not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, float, float]] = deque()
        self._images = 0.0
        self.epoch = 0
        self.step = 0
        self.step_text = ""
        """``step 13: loss 2.301, accuracy 12.5 %``: the last step, measured on its batch."""
        self.epochs = 0
        self.fraction = 0.0
        """The fraction of this run's epochs that is done, 0 to 1."""
        self.seconds_left: float | None = None
        self.images_per_second: float | None = None

    def begin(self) -> None:
        """A run starts or continues after a pause: earlier measurements no longer apply."""
        self._marks.clear()

    def reset(self) -> None:
        self.__init__(self._clock)  # type: ignore[misc]

    def update(self, history: History) -> None:
        """Updates progress, speed and remaining time."""
        started = history.started
        if started is None:
            return
        first, self.epochs = started.first_epoch - 1, history.target
        done = max(history.last_x, float(first))
        self.epoch = min(int(done) + 1, self.epochs)
        self.step, self.step_text = history.last_step, last_step_text(history)
        self.fraction = min(max((done - first) / max(self.epochs - first, 1), 0.0), 1.0)
        now = self._clock()
        images = done * started.train_size
        self._marks.append((now, done, images))
        while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW:
            self._marks.popleft()
        then, done_then, images_then = self._marks[0]
        if now - then < 0.2 or done <= done_then:
            return
        self.images_per_second = (images - images_then) / (now - then)
        self.seconds_left = (self.epochs - done) * (now - then) / (done - done_then)

    @property
    def position_text(self) -> str:
        """``epoch 14 / 20``."""
        return f"epoch {self.epoch} / {self.epochs}" if self.epochs else ""

    @property
    def paused_text(self) -> str:
        """``paused, step 13``."""
        return f"paused, step {self.step:,}" if self.step else "paused"

    @property
    def remaining_text(self) -> str:
        """``3 s left``; "" while unknown."""
        return "" if self.seconds_left is None else f"{duration_text(self.seconds_left)} left"


def last_step_text(history: History) -> str:
    """The number of the last step with its loss and primary metric; "" before there is one."""
    primary = history.task_info.primary
    measured = (LOSS, primary) if primary.steps else (LOSS,)
    values = [(metric, history.steps(metric.name).y[-1:]) for metric in measured]
    texts = [f"{metric.title} {metric_text(metric, float(y[0]))}" for metric, y in values if len(y)]
    return f"step {history.last_step:,}: {', '.join(texts)}" if texts else ""
