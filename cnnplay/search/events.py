"""The events of a search. In JSON, ``event`` has the event's name."""

from typing import Literal, TypeAlias

import msgspec

from cnnplay.search.rows import TrialRow
from cnnplay.search.space import Value
from cnnplay.spec.tasks import Metric


class SearchEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """The base of all events."""


class SearchBegan(SearchEvent, frozen=True, kw_only=True, tag="search"):
    """The study is open. `done` of its `trials` are already done. It searches the best of `metric`."""

    study: str
    storage: str
    done: int
    trials: int
    metric: Metric


class TrialBegan(SearchEvent, frozen=True, kw_only=True, tag="began"):
    """A trial starts with these values."""

    number: int
    settings: dict[str, Value]


class TrialEpoch(SearchEvent, frozen=True, kw_only=True, tag="epoch"):
    """An epoch of a trial is done: its value, and the trial's best so far."""

    number: int
    epoch: int
    value: float
    best: float


class TrialDone(SearchEvent, frozen=True, kw_only=True, tag="trial"):
    """A trial has ended. The fields are those of a `TrialRow`; `best`: it is the best complete one so far."""

    number: int
    state: str
    value: float | None
    settings: dict[str, Value]
    run: str
    epoch: int | None
    epochs: int
    why: str
    seconds: float
    best: bool


class ImportanceUpdated(SearchEvent, frozen=True, kw_only=True, tag="importance"):
    """Hyperparameter importance so far: shares that sum to 1, the largest first."""

    importance: dict[str, float]


class Noted(SearchEvent, frozen=True, kw_only=True, tag="note"):
    """A message for the user."""

    message: str


class SearchDone(SearchEvent, frozen=True, kw_only=True, tag="finished"):
    """The search has ended in this process. `trials` are done in total."""

    study: str
    storage: str
    reason: Literal["done", "stopped", "exhausted"]
    """`exhausted`: every point of the grid was tried."""
    trials: int
    counts: dict[str, int]
    best: TrialRow | None
    importance: dict[str, float] = {}


Event: TypeAlias = SearchBegan | TrialBegan | TrialEpoch | TrialDone | ImportanceUpdated | Noted | SearchDone


def trial_done(row: TrialRow, best: bool) -> TrialDone:
    return TrialDone(**msgspec.structs.asdict(row), best=best)
