"""One row of the table of runs: everything that it shows, sorts and filters by."""

from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from cnnplay.spec.tasks import DEFAULT, TASKS, TaskInfo

State: TypeAlias = Literal["running", "paused", "done", "stopped", "failed", "interrupted", "unreadable"]
Ended: TypeAlias = Literal["", "done", "stopped", "failed", "unreadable"]


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Metrics are by name (`spec.tasks`), empty until known; shares are fractions."""

    path: str
    run: str = ""
    name: str = ""
    """The network's name."""
    preset: str = ""
    data: str = ""
    created: str = ""
    """ISO 8601, in UTC."""
    parameters: int | None = None
    device: str = ""
    ended: Ended = ""
    """How the run ended, from its events; "" if it has not."""
    state: State = "interrupted"
    """As of the last check: a run without an end is active while a process writes it."""
    epochs_done: int = 0
    epochs_asked: int = 0
    steps: int = 0
    best_epoch: int | None = None
    task: str = DEFAULT
    best: dict[str, float] = {}
    """Validation metrics of the best epoch, by name, with the loss."""
    last: dict[str, float] = {}
    """Validation metrics after the last epoch."""
    train: dict[str, float] = {}
    """Training metrics of the last epoch."""
    images_per_second: float | None = None
    seconds: float = 0.0
    """Of training, from the events."""
    config: dict[str, Any] = {}
    environment: dict[str, str] = {}
    note: str = ""
    tags: tuple[str, ...] = ()
    bytes: int = 0
    """On disk, of the run's own files."""
    paused: bool = False
    written: float = 0.0
    """When the events were last written, in seconds since 1970."""
    problem: str = ""
    """What could not be read, or why the run failed."""

    @property
    def task_info(self) -> TaskInfo:
        """What its metrics are."""
        return TASKS[self.task]

    @property
    def folder(self) -> Path:
        return Path(self.path)

    @property
    def title(self) -> str:
        """The folder's name, which distinguishes runs of one network."""
        return Path(self.path).name

    @property
    def is_active(self) -> bool:
        """Whether it is being trained now."""
        return self.state in ("running", "paused")


def metric_columns(row: RunRow) -> dict[str, float | None]:
    """The metrics that decide and those of training as single values: ``best_accuracy``, ``last_loss``, …"""
    splits = {"best": row.best, "last": row.last, "train": row.train}
    return {
        f"{split}_{name}": metrics.get(name)
        for split, metrics in splits.items()
        for name in row.task_info.decisive
    }
