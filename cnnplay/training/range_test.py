"""The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks").

The rate grows from step to step, from far too small to far too large, by the same factor each time. While it
is too small the loss stands still, then it falls, and where steps overshoot further than the one before it
shoots up. A good rate is where it falls most steeply: well below the rate at which training breaks.

All that moves is a copy: the job's own weights stay as they are.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from statistics import fmean, linear_regression, median
from typing import Literal, TypeAlias

import torch
from torch import nn

from cnnplay.data.folder import LoadCancelled
from cnnplay.data.prepared import Batch
from cnnplay.spec.range_test import RangeTest, range_faults
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.failures import BadSettings
from cnnplay.training.feed import Feed
from cnnplay.training.interruption import Interruption
from cnnplay.training.job import Job
from cnnplay.training.optimizers import set_learning_rate
from cnnplay.training.precision import arithmetic
from cnnplay.training.setup import Ready, set_up
from cnnplay.training.stepper import Stepper
from cnnplay.training.surroundings import seed_step, surroundings, uses_chance
from cnnplay.training.tasks import Aim, rules_of

BETA = 0.9
"""So much of the smoothed loss is kept at each step."""
HALF = 4
"""Of the curve that suggests a rate, so many points on either side are averaged; slopes likewise."""
SCATTERS = 2.5
"""A fall is more than so many standard deviations of a batch's loss; the average has a third of that."""
ENOUGH = 4.0
"""Once the smoothed loss is so many times its best, the rest is known."""

Ended: TypeAlias = Literal["done", "diverged", "stopped"]


@dataclass(frozen=True, slots=True)
class Point:
    """A step: its rate, and the batch's loss before its weights moved. `smoothed` is an average of the losses
    so far that forgets exponentially, without a bias at the start."""

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome. `suggested` is None where the loss never fell."""

    points: tuple[Point, ...]
    ended: Ended
    suggested: float | None


def find_rate(job: Job, test: RangeTest, sink: Callable[[Point], None], control: Control) -> Found:
    """Makes the test in the calling thread, on weights as `job` begins with; each point goes to `sink`.

    `control.stop` ends it after the batch at hand; a step that takes long is broken off. What cannot be set
    up, and what a device cannot bear, is raised as in a run: `failures.explain` has the words.
    """
    found = range_faults(test)
    if found:
        raise BadSettings(found[0].message)
    points: list[Point] = []
    ended: Ended = "done"
    with surroundings():
        try:
            ready = set_up(job, control, lambda _: None)
            test = test.within(ready.prepared.steps(job.config.batch_size))
            for point in sweep(test, _stepper(job, ready, control), lambda: control.stopping):
                points.append(point)
                sink(point)
            ended = "stopped" if control.stopping else ended
        except (Interrupted, LoadCancelled):
            ended = "stopped"
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # the application goes on
    if ended == "done" and (len(points) < test.steps or _blew_up(points)):
        ended = "diverged"
    return Found(tuple(points), ended, suggested(points))


def sweep(test: RangeTest, step: Callable[[float], float], stopping: Callable[[], bool]) -> Iterator[Point]:
    """The test itself. `step(rate)` gives the loss as it is, and then moves the weights at that rate.

    Ends early where the loss is no finite number, which is no point, or `ENOUGH` times the best so far.
    """
    average, best = 0.0, math.inf
    for number in range(test.steps):
        if stopping():
            return
        rate = test.rate(number)
        loss = step(rate)
        if not math.isfinite(loss):
            return
        average = BETA * average + (1 - BETA) * loss
        smoothed = average / (1 - BETA ** (number + 1))  # the average began at 0: that is taken out again
        best = min(best, smoothed)
        yield Point(rate, loss, smoothed)
        if smoothed > ENOUGH * best:
            return


def centred(losses: Sequence[float]) -> list[float]:
    """Each loss averaged with its neighbours, up to `HALF` on either side and as many on both.

    Other than the running average, which decides when enough was seen, this one does not lag behind: a curve
    falls where its losses do.
    """
    last = len(losses) - 1
    halves = [min(HALF, index, last - index) for index in range(len(losses))]
    return [fmean(losses[index - half : index + half + 1]) for index, half in enumerate(halves)]


def suggested(points: Sequence[Point]) -> float | None:
    """The rate at which the `centred` loss falls most steeply over the rate's logarithm.

    The slope is that of a straight line through a point and its neighbours, before the loss is at its lowest.
    A loss shows what the rate of the step before has done: that one is taken. None where the loss never fell
    by more than batches differ anyway. Averages of fewer points at either end do not count.
    """
    losses, places = centred([point.loss for point in points]), range(HALF, len(points) - HALF)
    lowest = min(places, key=losses.__getitem__, default=0)
    middles = range(2 * HALF, lowest - HALF + 1)
    if not middles or max(losses[HALF:lowest]) - losses[lowest] <= SCATTERS * _scatter(points[: lowest + 1]):
        return None
    slopes = {middle: _slope(points, losses, middle) for middle in middles}
    steepest = min(slopes, key=slopes.__getitem__)
    return points[steepest - 1].rate if slopes[steepest] < 0 else None


def _slope(points: Sequence[Point], losses: Sequence[float], middle: int) -> float:
    """By how much the loss grows a decade."""
    places = range(middle - HALF, middle + HALF + 1)
    logarithms = [math.log10(points[place].rate) for place in places]
    return linear_regression(logarithms, [losses[place] for place in places]).slope


def _scatter(points: Sequence[Point]) -> float:
    """How far one batch's loss is from another's at the same weights, about: from neighbours' differences, so
    that a trend does not count. For normal noise the median of |difference| is 0.954 σ."""
    differences = [abs(b.loss - a.loss) for a, b in pairwise(points)]
    return median(differences) / 0.954


def _blew_up(points: Sequence[Point]) -> bool:
    return bool(points) and points[-1].smoothed > ENOUGH * min(point.smoothed for point in points)


def _stepper(job: Job, ready: Ready, control: Control) -> Callable[[float], float]:
    """A step of the job's own kind: its optimizer, loss, pictures and what varies them."""
    config, module, optimizer, rules = job.config, ready.module, ready.optimizer, rules_of(job.network.task)
    aim, weights = Aim.learning(config, ready.class_weights), list(ready.module.parameters())
    feed, chance = Feed(ready, config, None), uses_chance(job.network)
    stepper, in_bits, done = Stepper(optimizer), arithmetic(config, ready.device), 0
    batches = _batches(job, feed, lambda: (config, done))
    if ready.slow:
        Interruption(module, lambda: control.stopping)  # goes with the module

    def step(rate: float) -> float:
        nonlocal done
        batch = next(batches)
        if chance:
            seed_step(ready.device, feed.seed, done)
        set_learning_rate(optimizer, rate)
        with in_bits:
            logits = module(batch.pictures)
            loss = rules.loss(logits, batch.labels, aim)
        loss.backward()
        if config.gradient_clipping:
            nn.utils.clip_grad_norm_(weights, config.gradient_clipping)
        value = loss.item()
        stepper.step()
        stepper.forget()
        done += 1
        return value

    return step


def _batches(job: Job, feed: Feed, now: Callable[[], tuple[TrainConfig, int]]) -> Iterator[Batch]:
    """Epoch after epoch, in the order in which a run of the job would see them."""
    for epoch in count(job.first_epoch):
        yield from feed.batches(epoch, 0, now)
