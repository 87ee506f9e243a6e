"""The epochs of a run in bounded memory: all recent ones, and of older ones those that a plot needs."""

import math
from collections.abc import Callable, Iterable
from itertools import groupby

from cnnplay.spec.events import EpochDone
from cnnplay.spec.tasks import DEFAULT, TASKS
from cnnplay.ui.plot.series import Floats, Series

NEWEST = 2**10
"""At least this many of the last epochs are complete, and fewer than twice as many."""
STRETCHES = 2**9
"""If there are more stretches of older epochs, the stretches become longer."""
KEPT = 5
"""Each stretch keeps the epochs with the lowest and the highest values of the two metrics that decide which
epoch is best, and its last best one."""
MOST = 2 * NEWEST + KEPT * STRETCHES
"""Epochs, however long the run."""


class Epochs:
    """Epochs in ascending order. What is kept depends on their numbers alone, not on how they arrived."""

    def __init__(self) -> None:
        self.task_info = TASKS[DEFAULT]
        self.all: list[EpochDone] = []
        self.best: EpochDone | None = None
        """The last epoch marked best by the engine. One from a file may lack the metric behind that."""
        self._settled = 0
        self._totals: dict[int, float] = {}
        """The seconds of training up to the end of each kept epoch, those left out included."""
        self._curves: dict[str, Series] = {}

    @property
    def ends(self) -> list[tuple[int, float]]:
        """Each kept epoch, with the seconds of training since the one kept before it."""
        totals = [self._totals[done.epoch] for done in self.all]
        return [
            (done.epoch, total - before)
            for done, before, total in zip(self.all, (0.0, *totals), totals, strict=False)
        ]

    def add(self, done: EpochDone) -> None:
        before = self._totals[self.all[-1].epoch] if self.all else 0.0
        self._totals[done.epoch] = before + done.seconds
        self.all.append(done)
        if self._is_best(done):
            self.best = done
        for name, curve in self._curves.items():
            curve.extend(_points((done,), name))
        settled = (done.epoch // NEWEST - 1) * NEWEST
        if settled > self._settled:
            self._settle(settled)

    def cut(self, last: int) -> None:
        """Keeps the epochs up to and including `last`."""
        self._keep([done for done in self.all if done.epoch <= last])
        self.best = next((done for done in reversed(self.all) if self._is_best(done)), None)

    def metric(self, name: str) -> tuple[Floats, Floats]:
        """The numbers of the epochs that have this metric, and its values."""
        if name not in self._curves:
            curve = self._curves[name] = Series(("x", "y"))
            curve.extend(_points(self.all, name))
        return self._curves[name]["x"], self._curves[name]["y"]

    def _settle(self, settled: int) -> None:
        self._settled = settled
        length = 1
        while settled > STRETCHES * length:
            length *= 2
        old = [done for done in self.all if done.epoch <= settled]
        kept: list[EpochDone] = []
        for _, stretch in groupby(old, key=lambda done: (done.epoch - 1) // length):
            kept += self._needed(list(stretch))
        if self.best is not None and self.best.epoch <= settled and self.best not in kept:
            kept = sorted([*kept, self.best], key=lambda done: done.epoch)
        self._keep(kept + self.all[len(old) :])

    def _keep(self, kept: list[EpochDone]) -> None:
        self.all = kept
        self._totals = {done.epoch: self._totals[done.epoch] for done in kept}
        self._curves.clear()

    def _is_best(self, done: EpochDone) -> bool:
        return done.best and f"validation_{self.task_info.primary.name}" in done.metrics

    def _needed(self, stretch: list[EpochDone]) -> list[EpochDone]:
        picked = [done for done in stretch if self._is_best(done)][-1:]
        for name in (f"validation_{name}" for name in self.task_info.decisive):
            having = [done for done in stretch if name in done.metrics]
            if having:
                low, high = _ranked(name, math.inf), _ranked(name, -math.inf)
                picked += [min(having, key=low), max(having, key=high)]
        ids = {id(done) for done in picked or stretch[-1:]}
        return [done for done in stretch if id(done) in ids]


def _points(epochs: Iterable[EpochDone], name: str) -> list[tuple[float, float]]:
    return [(done.epoch, done.metrics[name]) for done in epochs if name in done.metrics]


def _ranked(name: str, otherwise: float) -> Callable[[EpochDone], float]:
    def rank(done: EpochDone) -> float:
        value = done.metrics[name]
        return value if math.isfinite(value) else otherwise

    return rank
