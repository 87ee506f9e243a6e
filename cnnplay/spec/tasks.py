"""What each task reports: its metrics, which of them decides, and how they are named and written.

One row per task, by the key that the network's file has under ``task``. Metrics travel as ``{name: value}``:
``validation_accuracy`` in an epoch's metrics is the metric `accuracy` on the validation split.
"""

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from cnnplay.network.network import Task, task_key

Split: TypeAlias = Literal["train", "validation", "averaged"]
"""Where a metric was measured; `averaged`: on the validation split, with averaged weights."""
Rank: TypeAlias = tuple[float, float]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A number that people compare. `title` is its name within a sentence."""

    name: str
    title: str
    better: Literal["higher", "lower"]
    format: Literal["percent", "number"]
    meaning: str
    """What it measures, as the beginning of a sentence; `hint` says it in the field's words."""
    hint: str
    steps: bool = True
    """Whether it is also measured in each training step."""
    share_of_images: bool = False
    """Whether it is the share of images for which something holds."""
    aliases: tuple[str, ...] = ()
    """Other words for it in the filter of runs."""

    @property
    def heading(self) -> str:
        """The title at the beginning of a line."""
        return self.title[:1].upper() + self.title[1:]

    def order(self, value: float) -> float:
        """The value on a scale on which higher is better; NaN is the worst of all."""
        if math.isnan(value):
            return -math.inf
        return value if self.better == "higher" else -value


class TaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A task's metrics besides the loss. The best epoch is the one with the best `primary` metric; if several
    are equal, the one with the best `tie`.
    """

    key: str
    metrics: tuple[Metric, ...]
    primary: Metric
    tie: Metric

    def metric(self, name: str) -> Metric:
        """KeyError if the task has no metric of that name."""
        return {metric.name: metric for metric in (LOSS, *self.metrics)}[name]

    @property
    def step_metrics(self) -> tuple[str, ...]:
        """The names of those that are measured in each training step."""
        return tuple(metric.name for metric in self.metrics if metric.steps)

    @property
    def decisive(self) -> tuple[str, str]:
        """The names of the metrics that decide which epoch is best."""
        return self.primary.name, self.tie.name

    def rank(self, metrics: Mapping[str, float]) -> Rank:
        """What decides which epoch is best: the higher rank. `metrics` are those of one split, by name; a
        missing one counts as the worst.
        """
        primary, tie = (
            metric.order(metrics.get(metric.name, math.nan)) for metric in (self.primary, self.tie)
        )
        return primary, tie


LOSS = Metric(
    name="loss",
    title="loss",
    better="lower",
    format="number",
    meaning="How wrong the network is, step by step",
    hint="The loss",
)
ACCURACY = Metric(
    name="accuracy",
    title="accuracy",
    better="higher",
    format="percent",
    meaning="The share of images that are predicted correctly",
    hint="Top-1 accuracy: how often the prediction is correct",
    share_of_images=True,
    aliases=("acc",),
)

DEFAULT = "classification"
"""The task of events and rows that do not name one: earlier versions had no other."""
TASKS: dict[str, TaskInfo] = {
    DEFAULT: TaskInfo(key=DEFAULT, metrics=(ACCURACY,), primary=ACCURACY, tie=LOSS),
}


def task_info(task: Task) -> TaskInfo:
    """The row of a network's task."""
    return TASKS[task_key(task)]


def all_metrics() -> tuple[Metric, ...]:
    """The metrics of all tasks, each name once: the primary ones first, then the loss, then the others."""
    primary = [info.primary for info in TASKS.values()]
    others = [metric for info in TASKS.values() for metric in info.metrics]
    return tuple({metric.name: metric for metric in (*primary, LOSS, *others)}.values())


def primary_metrics() -> tuple[Metric, ...]:
    """The primary metrics of all tasks, each name once."""
    return tuple({info.primary.name: info.primary for info in TASKS.values()}.values())


def of_split(metrics: Mapping[str, float], split: Split) -> dict[str, float]:
    """The metrics of one split, by name: ``validation_loss`` becomes ``loss``."""
    start = f"{split}_"
    return {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}


def for_split(metrics: Mapping[str, float], split: Split) -> dict[str, float]:
    """The reverse: ``loss`` becomes ``validation_loss``."""
    return {f"{split}_{name}": value for name, value in metrics.items()}
