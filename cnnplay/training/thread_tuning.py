"""Watches how long steps take and changes the number of threads as the machine gets busy or quiet.

Threads that compute one layer together wait for each other at its end, spinning. If another program takes one
of their cores, all wait for the thread without a core: two threads on two cores can become fifty times slower
than one. So fewer threads are tried when steps become slow, and more again now and then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

SLOW = 1.4
"""A step is slow from this multiple of the usual step time on."""
BETTER = 0.93
"""Another number of threads must reduce the step time to this share, or it is not worth changing."""
HOPELESS = 2.5
"""A trial ends at the first step that takes this many times as long as before."""
STUCK = 12.0
"""Two steps in a row that take this many times as long as usual are enough to try fewer threads."""
EARLY_RETRY = 1.0
"""Seconds of training until more threads than at the start are tried: a program that has just started, or was
reading its images, was still busy when the threads were timed.
"""
FIRST_RETRY, LAST_RETRY, RARE_RETRY = 4.0, 8.0, 60.0
"""Seconds until more threads are tried again; rarely if a quiet machine showed that they do not help."""


@dataclass(frozen=True, slots=True)
class ThreadChange:
    """The number of threads from the next step on, and the reason."""

    threads: int
    reason: str


class ThreadTuner:
    """Takes the duration of every step and now and then returns a change. It uses no other clock."""

    def __init__(
        self,
        most: int,
        threads: int,
        usual: float | None = None,
        idle: Callable[[], float | None] = lambda: None,
        *,
        certain: bool = True,
    ) -> None:
        """`most` is the largest number of threads, `usual` the expected step time; `idle` returns the number
        of idle cores since its last call. Unless it is `certain` that these threads are the fastest, fewer
        are tried at once.
        """
        self.threads = threads
        self._most = most
        self._usual: dict[int, float] = {} if usual is None else {threads: usual}
        self._idle = idle
        self._elapsed = 0.0
        self._retry = FIRST_RETRY
        self._retry_at = EARLY_RETRY
        self._steps: list[float] = []
        self._settling = 2  # the first steps also warm up memory and caches
        self._doubtful = not certain
        self._slow = self._stuck = 0
        self._trial: _Trial | None = None

    def record(self, seconds: float) -> ThreadChange | None:
        """Takes the duration of one step."""
        self._elapsed += seconds
        if self._trial is not None:
            return self._on_trial(self._trial, seconds)
        if self._is_stuck(seconds):
            return self._try_fewer(seconds)
        if self._settling:
            self._settling -= 1
            return None
        self._steps.append(seconds)
        if not _enough(self._steps, 5, 0.15):
            return None
        now = fmean(self._steps)
        self._steps = []
        return self._evaluate(now)

    def _evaluate(self, now: float) -> ThreadChange | None:
        """Compares the recent mean step time `now` with the usual one."""
        usual = self._usual.setdefault(self.threads, now)
        if now > SLOW * usual:
            self._slow += 1
        else:
            self._slow = 0
            self._usual[self.threads] = usual + (now - usual) * (0.3 if now < usual else 0.1)
        doubtful, self._doubtful = self._doubtful, False
        if doubtful and self.threads > 1:
            return self._try_fewer(now, "the first timing was disturbed")
        if self._slow >= 2 and self.threads > 1:
            return self._try_fewer(now)
        if self.threads < self._most and self._elapsed >= self._retry_at:
            return self._try_more(now)
        return None

    def _is_stuck(self, seconds: float) -> bool:
        """Whether steps take so long that a few seconds of more of them would be wasted."""
        usual = self._usual.get(self.threads)
        self._stuck = self._stuck + 1 if usual is not None and seconds > STUCK * usual else 0
        return self._stuck >= 2 and self.threads > 1

    def _try_fewer(self, now: float, why: str = "steps became slow") -> ThreadChange:
        return self._try(sorted({self.threads - 1, self.threads // 2, 1}), now, why)

    def _try_more(self, now: float) -> ThreadChange | None:
        idle = self._idle()
        if idle is not None and idle < 0.5:  # the other cores are still busy: a trial would only cost time
            self._retry_at = self._elapsed + 1.0
            return None
        longest = LAST_RETRY if idle is None else RARE_RETRY
        self._retry = min(self._retry * 1.5, longest)
        self._retry_at = self._elapsed + self._retry
        return self._try([self._most], now, "the machine may be quiet again")

    def _try(self, candidates: list[int], now: float, why: str) -> ThreadChange:
        self._slow = self._stuck = 0
        self._trial = _Trial(self.threads, now, candidates[1:])
        return self._change(candidates[0], f"{why}: trying {threads_text(candidates[0])}")

    def _on_trial(self, trial: "_Trial", seconds: float) -> ThreadChange | None:
        hopeless = seconds > HOPELESS * trial.before
        if self._settling and not hopeless:
            self._settling -= 1
            return None
        self._steps.append(seconds)
        if not hopeless and not _enough(self._steps, 4, 0.08):
            return None
        trial.found[self.threads] = fmean(self._steps)
        if trial.left:
            following = trial.left.pop(0)
            return self._change(following, f"trying {threads_text(following)}")
        return self._settle(trial)

    def _settle(self, trial: "_Trial") -> ThreadChange:
        """All candidates were tried: keeps the fastest if it is worth it."""
        self._trial = None
        best = min(trial.found, key=trial.found.__getitem__)
        if trial.found[best] >= BETTER * trial.before:
            self._usual[trial.incumbent] = trial.before
            return self._change(trial.incumbent, f"still faster: {threads_text(trial.incumbent)}")
        self._usual[best] = trial.found[best]
        self._retry, self._retry_at = FIRST_RETRY, self._elapsed + FIRST_RETRY
        gain = trial.before / trial.found[best]
        return self._change(
            best, f"{threads_text(best)}: {gain:.1f} times as fast as {threads_text(trial.incumbent)}"
        )

    def _change(self, threads: int, reason: str) -> ThreadChange:
        self._steps = []
        self._settling = 1
        self.threads = threads
        return ThreadChange(threads, reason)


class _Trial:
    """A comparison: the previous number of threads with its step time, and those tried."""

    def __init__(self, incumbent: int, before: float, left: list[int]) -> None:
        self.incumbent = incumbent
        self.before = before
        self.left = left
        self.found: dict[int, float] = {}


def threads_text(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _enough(steps: list[float], count: int, seconds: float) -> bool:
    """Whether the steps are conclusive: enough of them over a long enough time, or two very long ones."""
    total = sum(steps)
    return (len(steps) >= count and total >= seconds) or (len(steps) >= 2 and total >= 0.5)
