"""A search: one trial after the other, until as many are done as were asked for, by whomever.

Everything that several workers need to know of one another lies in the storage, so the same search may go on
in as many processes, on as many machines, as reach it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from optuna import Study, Trial
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from cnnplay.data.images import ImageSet
from cnnplay.network.network import Network
from cnnplay.search.control import SearchControl
from cnnplay.search.errors import SearchError, SearchTrouble
from cnnplay.search.events import Event, Noted, SearchBegan, SearchDone, Weighed, trial_done
from cnnplay.search.importance import importances
from cnnplay.search.names import LONGEST_NAME
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.places import (
    OUTCOME,
    SURPLUS,
    WHY,
    again,
    counts,
    may_run,
    room,
    row_of,
    rows_of,
    sign,
    take_over,
)
from cnnplay.search.record import join, new_record
from cnnplay.search.rows import best_of, counted
from cnnplay.search.samplers import grid_size, make_pruner, make_sampler, point_count
from cnnplay.search.space import Space
from cnnplay.search.storage import GRACE_S, HEARTBEAT_S, shown, storage_at
from cnnplay.search.trial import Bench, StoppedTrial, run_trial
from cnnplay.search.variables import variables
from cnnplay.spec.settings import TrainConfig

LOOK_S = 0.5
"""Between two looks at what others still do."""


@dataclass(frozen=True)
class SearchOrder:
    """What is asked for. `trials` are all those of the study, whoever runs them."""

    network: Network
    config: TrainConfig
    images: ImageSet
    space: Space
    study: str
    storage: str
    """A URL."""
    trials: int
    sampler: Sampler = "random"
    pruner: Pruner = "none"
    seed: int = 0
    where: str = "the search space"
    """What errors in the space are told of: its file."""
    heartbeat_s: int = HEARTBEAT_S
    grace_s: int = GRACE_S


class _Surplus(Exception):
    """The trial came too late: all that were asked for are others'."""


def search(order: SearchOrder, hear: Callable[[Event], None], control: SearchControl) -> SearchDone:
    """Searches in the calling thread until all trials are done or `control` stops it.

    Every event goes to `hear`; the last, which is returned too, is a SearchDone. SearchError for an order
    that cannot be followed, SearchTrouble where disk or storage fail: the trial that was on is tried again
    later.
    """
    _check(order)
    varied = variables(order.space, order.network, order.where)
    sampler = make_sampler(order.sampler, order.seed, varied)
    with storage_at(order.storage, order.heartbeat_s, order.grace_s) as storage:
        study = _study(order, storage)
        study.sampler, study.pruner = sampler, make_pruner(order.pruner)
        bench = Bench(order.study, order.network, order.config, order.images, varied)
        most = order.trials if order.sampler != "grid" else min(order.trials, grid_size(varied))
        rows = rows_of(study)
        hear(SearchBegan(study=order.study, storage=shown(order.storage), done=counted(rows), trials=most))
        points = point_count(varied)
        if order.sampler == "random" and points is not None and points < most:
            words = "1 point" if points == 1 else f"{points:,} points"
            hint = "; grid tries each once" if points == grid_size(varied) else ""
            hear(Noted(message=f"the space has {words}: some are tried again{hint}"))
        storage.heartbeat_stale_trial_callback = lambda _, trial: _lost(study, trial, hear)
        reason: Literal["done", "stopped", "exhausted"]
        reason = _Worker(study, bench, most, order.grace_s, control, hear).work()
        if reason == "done" and most < order.trials:
            reason = "exhausted"
        done = _done(order, study, reason)
    hear(done)
    return done


def _check(order: SearchOrder) -> None:
    if order.trials < 1:
        raise SearchError(f"trials must be 1 or more; got {order.trials}")
    if not order.study.strip() or len(order.study) > LONGEST_NAME or not order.study.isprintable():
        raise SearchError(f"a study's name must have 1 to {LONGEST_NAME} printable characters")


def _study(order: SearchOrder, storage: RDBStorage) -> Study:
    record = new_record(
        order.network,
        order.config,
        order.images.key,
        order.images.mark,
        order.space,
        order.sampler,
        order.pruner,
        order.seed,
        order.trials,
    )
    return join(order.study, storage, record, shown(order.storage))


class _Worker:
    """Runs trials as long as there is room for one more."""

    def __init__(
        self,
        study: Study,
        bench: Bench,
        most: int,
        grace_s: int,
        control: SearchControl,
        hear: Callable[[Event], None],
    ) -> None:
        self._grace_s = grace_s
        self._study, self._bench, self._most = study, bench, most
        self._control, self._hear = control, hear
        self._waiting = False
        self._number = -1

    def work(self) -> Literal["done", "stopped"]:
        """Whether it was stopped."""
        while not self._control.stopping:
            take_over(self._study, self._grace_s, lambda number: self._hear(_gone(number)))
            left, on = room(self._study, self._most)
            if left < 1 and not on:
                return "done"
            if left < 1:  # should another worker be killed, its trial is tried again here
                self._wait(on)
                continue
            try:
                # One at a time: a heartbeat goes with it, and the trials of workers that are gone are freed
                # before.
                self._study.optimize(self._objective, n_trials=1, catch=(StoppedTrial, _Surplus))
            finally:
                self._tell()
            if self._bench.trouble:
                raise SearchTrouble(self._bench.trouble)
        return "stopped"

    def _wait(self, on: int) -> None:
        if not self._waiting:
            others = "the last trial" if on == 1 else f"the last {on} trials"
            self._hear(Noted(message=f"waits for {others}, which others run"))
        self._waiting = True
        self._control.wait(LOOK_S)

    def _objective(self, trial: Trial) -> float:
        self._number = trial.number
        if not may_run(self._study, trial.number, self._most):
            trial.set_user_attr(OUTCOME, SURPLUS)
            raise _Surplus
        sign(trial)
        try:
            return run_trial(self._bench, trial, self._control, self._hear)
        except (SearchTrouble, KeyboardInterrupt) as error:
            trial.set_user_attr(OUTCOME, "stopped")
            trial.set_user_attr(WHY, str(error))
            raise

    def _tell(self) -> None:
        """The trial's end; one that was broken off is put before all to come."""
        number, self._number = self._number, -1
        found = [trial for trial in self._study.get_trials(deepcopy=False) if trial.number == number]
        row = row_of(found[0]) if found else None
        if row is None:
            return
        if row.state in ("stopped", "lost"):
            again(self._study, found[0])
        best = best_of(rows_of(self._study))
        self._hear(trial_done(row, best is not None and best.number == row.number))
        if row.state == "complete":
            self._hear(Weighed(importance=importances(self._study)))


def _lost(study: Study, trial: FrozenTrial, hear: Callable[[Event], None]) -> None:
    """Whoever ran it was not heard for long."""
    again(study, trial)
    hear(_gone(trial.number))


def _gone(number: int) -> Noted:
    return Noted(message=f"trial {number}: whoever ran it is gone; it is tried again")


def _done(order: SearchOrder, study: Study, reason: Literal["done", "stopped", "exhausted"]) -> SearchDone:
    rows = rows_of(study)
    return SearchDone(
        study=order.study,
        storage=shown(order.storage),
        reason=reason,
        trials=counted(rows),
        counts=counts(rows),
        best=best_of(rows),
        importance=importances(study),
    )
