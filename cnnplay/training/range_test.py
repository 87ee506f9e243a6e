"""The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks").

The learning rate grows by the same factor at each step, from far too small to far too large. While it is too
small the loss stays constant, then it falls, and once each step overshoots more than the previous one it
shoots up. A good learning rate is where the loss falls most steeply: well below the rate at which training
diverges.

The test trains a copy: the job's own weights do not change.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from statistics import fmean, linear_regression, median
from typing import Literal, TypeAlias

import torch
from torch import nn

from cnnplay.data.loading import LoadCancelled
from cnnplay.data.prepared import Batch
from cnnplay.spec.range_test import RangeTest, range_test_problems
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.batches import BatchSource
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.failures import SettingsError
from cnnplay.training.fused_step import FusedStep
from cnnplay.training.interruption import Interruption
from cnnplay.training.job import Job
from cnnplay.training.optimizers import set_learning_rate
from cnnplay.training.precision import arithmetic
from cnnplay.training.rng import preserved_torch_state, seed_step, uses_randomness
from cnnplay.training.setup import TrainingSetup, set_up
from cnnplay.training.task import LossConfig
from cnnplay.training.tasks import training_task

SMOOTHING = 0.9
"""The share of the smoothed loss that each step keeps."""
HALF_WINDOW = 4
"""In the curve that suggests a rate, averages and slopes use this many points on either side."""
MIN_FALL = 2.5
"""A fall must exceed this many standard deviations of a batch's loss; the average has a third of that."""
DIVERGED_FACTOR = 4.0
"""The test ends once the smoothed loss is this many times its minimum."""

Ended: TypeAlias = Literal["done", "diverged", "stopped"]


@dataclass(frozen=True, slots=True)
class Point:
    """One step: its learning rate, and the batch's loss before the weights changed. `smoothed` is an
    exponential moving average of the losses so far, corrected for its start.
    """

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True)
class RangeTestResult:
    """The result. `suggested` is None if the loss never fell."""

    points: tuple[Point, ...]
    ended: Ended
    suggested: float | None


def find_rate(job: Job, test: RangeTest, sink: Callable[[Point], None], control: Control) -> RangeTestResult:
    """Runs the test in the calling thread, from the weights that `job` starts with; each point goes to
    `sink`.

    `control.stop` ends it after the current batch; a slow step is interrupted. Setup and device errors are
    raised as in a run: `failures.explain` describes them.
    """
    found = range_test_problems(test)
    if found:
        raise SettingsError(found[0].message)
    points: list[Point] = []
    ended: Ended = "done"
    with preserved_torch_state():
        try:
            ready = set_up(job, control, lambda _: None)
            test = test.within(ready.prepared.steps(job.config.batch_size))
            for point in sweep(test, _make_step(job, ready, control), lambda: control.stopping):
                points.append(point)
                sink(point)
            ended = "stopped" if control.stopping else ended
        except (Interrupted, LoadCancelled):
            ended = "stopped"
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # the application continues
    if ended == "done" and (len(points) < test.steps or _blew_up(points)):
        ended = "diverged"
    return RangeTestResult(tuple(points), ended, steepest_rate(points))


def sweep(test: RangeTest, step: Callable[[float], float], stopping: Callable[[], bool]) -> Iterator[Point]:
    """The test itself. `step(rate)` returns the current loss, then updates the weights at that rate.

    Ends early if the loss is not finite (which gives no point) or `DIVERGED_FACTOR` times its minimum.
    """
    average, best = 0.0, math.inf
    for number in range(test.steps):
        if stopping():
            return
        rate = test.rate(number)
        loss = step(rate)
        if not math.isfinite(loss):
            return
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smoothed = average / (1 - SMOOTHING ** (number + 1))  # bias correction: the average starts at 0
        best = min(best, smoothed)
        yield Point(rate, loss, smoothed)
        if smoothed > DIVERGED_FACTOR * best:
            return


def centered_average(losses: Sequence[float]) -> list[float]:
    """Each loss averaged with its neighbors, up to `HALF_WINDOW` on either side and equally many on both.

    Unlike the moving average, which decides when to end the test, this one does not lag: the curve falls
    where its losses do.
    """
    last = len(losses) - 1
    halves = [min(HALF_WINDOW, index, last - index) for index in range(len(losses))]
    return [fmean(losses[index - half : index + half + 1]) for index, half in enumerate(halves)]


def steepest_rate(points: Sequence[Point]) -> float | None:
    """The learning rate at which the `centered_average` falls most steeply over the rate's logarithm.

    The slope is that of a straight line through a point and its neighbors, before the loss is at its minimum.
    A loss is the effect of the previous step's rate, so that rate is returned. None if the loss never fell by
    more than batches differ anyway. Averages of fewer points, at either end, do not count.
    """
    losses, indices = (
        centered_average([point.loss for point in points]),
        range(HALF_WINDOW, len(points) - HALF_WINDOW),
    )
    lowest = min(indices, key=losses.__getitem__, default=0)
    middles = range(2 * HALF_WINDOW, lowest - HALF_WINDOW + 1)
    if not middles or max(losses[HALF_WINDOW:lowest]) - losses[lowest] <= MIN_FALL * _noise(
        points[: lowest + 1]
    ):
        return None
    slopes = {middle: _slope(points, losses, middle) for middle in middles}
    steepest = min(slopes, key=slopes.__getitem__)
    return points[steepest - 1].rate if slopes[steepest] < 0 else None


def _slope(points: Sequence[Point], losses: Sequence[float], middle: int) -> float:
    """The loss's growth per decade of the rate."""
    indices = range(middle - HALF_WINDOW, middle + HALF_WINDOW + 1)
    logarithms = [math.log10(points[index].rate) for index in indices]
    return linear_regression(logarithms, [losses[index] for index in indices]).slope


def _noise(points: Sequence[Point]) -> float:
    """The approximate standard deviation between batch losses at the same weights, from neighbors'
    differences, so that a trend does not count. For normal noise the median of |difference| is 0.954 σ.
    """
    differences = [abs(b.loss - a.loss) for a, b in pairwise(points)]
    return median(differences) / 0.954


def _blew_up(points: Sequence[Point]) -> bool:
    return bool(points) and points[-1].smoothed > DIVERGED_FACTOR * min(point.smoothed for point in points)


def _make_step(job: Job, ready: TrainingSetup, control: Control) -> Callable[[float], float]:
    """A step like the job's own: its optimizer, loss, images and augmentation."""
    config, module, optimizer = job.config, ready.module, ready.optimizer
    task = training_task(job.network.task)
    loss_config, weights = (
        LossConfig.for_training(config, ready.class_weights),
        list(ready.module.parameters()),
    )
    source, random = BatchSource(ready, config, None), uses_randomness(job.network)
    fused_step, in_bits, done = FusedStep(optimizer), arithmetic(config, ready.device), 0
    batches = _batches(job, source, lambda: (config, done))
    if ready.slow:
        Interruption(module, lambda: control.stopping)  # lives as long as the module

    def step(rate: float) -> float:
        nonlocal done
        batch = next(batches)
        if random:
            seed_step(ready.device, source.seed, done)
        set_learning_rate(optimizer, rate)
        with in_bits:
            logits = module(batch.images)
            loss = task.loss(logits, batch.labels, loss_config)
        loss.backward()
        if config.gradient_clipping:
            nn.utils.clip_grad_norm_(weights, config.gradient_clipping)
        value = loss.item()
        fused_step.step()
        fused_step.zero_grad()
        done += 1
        return value

    return step


def _batches(job: Job, source: BatchSource, now: Callable[[], tuple[TrainConfig, int]]) -> Iterator[Batch]:
    """Epoch after epoch, in the order in which a run of the job would see the batches."""
    for epoch in count(job.first_epoch):
        yield from source.batches(epoch, 0, now)
