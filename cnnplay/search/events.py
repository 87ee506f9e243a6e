"""What a search reports. As JSON each event carries its name under ``event``."""

from typing import Literal, TypeAlias

import msgspec

from cnnplay.search.rows import TrialRow
from cnnplay.search.space import Value


class SearchEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all of them are."""


class SearchBegan(SearchEvent, frozen=True, kw_only=True, tag="search"):
    """The study is open. `done` of the trials asked for are there already."""

    study: str
    storage: str
    done: int
    trials: int


class TrialBegan(SearchEvent, frozen=True, kw_only=True, tag="began"):
    """A trial's values are drawn, and its run begins."""

    number: int
    settings: dict[str, Value]


class TrialEpoch(SearchEvent, frozen=True, kw_only=True, tag="epoch"):
    """An epoch of a trial is done: its validation accuracy, and the best so far."""

    number: int
    epoch: int
    accuracy: float
    best: float


class TrialDone(SearchEvent, frozen=True, kw_only=True, tag="trial"):
    """A trial is over. The fields are those of a `TrialRow`; `best`: the best complete one so far."""

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


class Weighed(SearchEvent, frozen=True, kw_only=True, tag="importance"):
    """How much each thing that varies mattered so far: shares that add up to 1, the largest first."""

    importance: dict[str, float]


class Noted(SearchEvent, frozen=True, kw_only=True, tag="note"):
    """Something worth knowing."""

    message: str


class SearchDone(SearchEvent, frozen=True, kw_only=True, tag="finished"):
    """The search is over for this process. `trials` are done in all."""

    study: str
    storage: str
    reason: Literal["done", "stopped", "exhausted"]
    """`exhausted`: every point of the grid was tried."""
    trials: int
    counts: dict[str, int]
    best: TrialRow | None
    importance: dict[str, float] = {}


Event: TypeAlias = SearchBegan | TrialBegan | TrialEpoch | TrialDone | Weighed | Noted | SearchDone


def trial_done(row: TrialRow, best: bool) -> TrialDone:
    """The event of a trial's end."""
    return TrialDone(**msgspec.structs.asdict(row), best=best)
