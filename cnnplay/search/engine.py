"""The search: one trial after another until the requested number is done, in however many processes.

Workers share everything through the storage, so the same search can run in many processes and on many
machines.
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
from cnnplay.search.coordination import (
    OUTCOME,
    SURPLUS,
    WHY,
    counts,
    may_run,
    record_worker,
    remaining_trials,
    requeue,
    requeue_abandoned,
    row_of,
    rows_of,
)
from cnnplay.search.errors import SearchError, SearchFailure
from cnnplay.search.events import Event, ImportanceUpdated, Noted, SearchBegan, SearchDone, trial_done
from cnnplay.search.importance import importances
from cnnplay.search.names import LONGEST_NAME
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.record import join_study, new_record
from cnnplay.search.rows import best_of, counted
from cnnplay.search.samplers import grid_size, make_pruner, make_sampler, point_count
from cnnplay.search.space import Space
from cnnplay.search.storage import GRACE_S, HEARTBEAT_S, display_url, storage_at
from cnnplay.search.trial import StoppedTrial, TrialContext, run_trial
from cnnplay.search.variables import variables
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import task_info

LOOK_S = 0.5
"""Seconds between two checks of what other workers are doing."""


@dataclass(frozen=True)
class SearchRequest:
    """What to search. `trials` counts those of all processes."""

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
    """Where errors in the space are: its file."""
    heartbeat_s: int = HEARTBEAT_S
    grace_s: int = GRACE_S


class _Surplus(Exception):
    """The trial is surplus: other workers already run all requested ones."""


def search(request: SearchRequest, on_event: Callable[[Event], None], control: SearchControl) -> SearchDone:
    """Searches in the calling thread until all trials are done or `control` stops it.

    Every event goes to `on_event`; the last one, a SearchDone, is also returned. SearchError for an invalid
    request; SearchFailure if the disk or the storage fails: the current trial is then repeated later.
    """
    _check(request)
    varied = variables(request.space, request.network, request.where)
    sampler = make_sampler(request.sampler, request.seed, varied)
    with storage_at(request.storage, request.heartbeat_s, request.grace_s) as storage:
        study = _study(request, storage)
        study.sampler, study.pruner = sampler, make_pruner(request.pruner)
        context = TrialContext(request.study, request.network, request.config, request.images, varied)
        most = request.trials if request.sampler != "grid" else min(request.trials, grid_size(varied))
        rows = rows_of(study)
        on_event(
            SearchBegan(
                study=request.study,
                storage=display_url(request.storage),
                done=counted(rows),
                trials=most,
                metric=task_info(request.network.task).primary,
            )
        )
        points = point_count(varied)
        if request.sampler == "random" and points is not None and points < most:
            size = "1 point" if points == 1 else f"{points:,} points"
            hint = "; the grid sampler tries each once" if points == grid_size(varied) else ""
            on_event(Noted(message=f"the space has only {size}: some are repeated{hint}"))
        storage.heartbeat_stale_trial_callback = lambda _, trial: _on_stale_trial(study, trial, on_event)
        reason: Literal["done", "stopped", "exhausted"]
        reason = _Worker(study, context, most, request.grace_s, control, on_event).work()
        if reason == "done" and most < request.trials:
            reason = "exhausted"
        done = _done(request, study, reason)
    on_event(done)
    return done


def _check(request: SearchRequest) -> None:
    if request.trials < 1:
        raise SearchError(f"trials must be 1 or more; got {request.trials}")
    if not request.study.strip() or len(request.study) > LONGEST_NAME or not request.study.isprintable():
        raise SearchError(f"a study's name must have 1 to {LONGEST_NAME} printable characters")


def _study(request: SearchRequest, storage: RDBStorage) -> Study:
    record = new_record(
        request.network,
        request.config,
        request.images.key,
        request.images.mark,
        request.space,
        request.sampler,
        request.pruner,
        request.seed,
        request.trials,
    )
    return join_study(request.study, storage, record, display_url(request.storage))


class _Worker:
    """Runs trials until all requested ones are taken."""

    def __init__(
        self,
        study: Study,
        context: TrialContext,
        most: int,
        grace_s: int,
        control: SearchControl,
        on_event: Callable[[Event], None],
    ) -> None:
        self._grace_s = grace_s
        self._study, self._context, self._most = study, context, most
        self._control, self._on_event = control, on_event
        self._metric = task_info(context.network.task).primary
        self._waiting = False
        self._number = -1

    def work(self) -> Literal["done", "stopped"]:
        """Runs trials; returns how it ended."""
        while not self._control.stopping:
            requeue_abandoned(self._study, self._grace_s, lambda number: self._on_event(_worker_gone(number)))
            left, running = remaining_trials(self._study, self._most)
            if left < 1 and not running:
                return "done"
            if left < 1:  # if another worker is killed, its trial is repeated here
                self._wait(running)
                continue
            try:
                # One at a time: optuna sends heartbeats during it, and frees the trials of lost workers
                # before it.
                self._study.optimize(self._objective, n_trials=1, catch=(StoppedTrial, _Surplus))
            finally:
                self._report_end()
            if self._context.fatal_error:
                raise SearchFailure(self._context.fatal_error)
        return "stopped"

    def _wait(self, running: int) -> None:
        if not self._waiting:
            others = "the last trial" if running == 1 else f"the last {running} trials"
            self._on_event(Noted(message=f"waiting for {others}, running elsewhere"))
        self._waiting = True
        self._control.wait(LOOK_S)

    def _objective(self, trial: Trial) -> float:
        self._number = trial.number
        if not may_run(self._study, trial.number, self._most):
            trial.set_user_attr(OUTCOME, SURPLUS)
            raise _Surplus
        record_worker(trial)
        try:
            return run_trial(self._context, trial, self._control, self._on_event)
        except (SearchFailure, KeyboardInterrupt) as error:
            trial.set_user_attr(OUTCOME, "stopped")
            trial.set_user_attr(WHY, str(error))
            raise

    def _report_end(self) -> None:
        """Reports the trial's end; an interrupted one is queued again."""
        number, self._number = self._number, -1
        found = [trial for trial in self._study.get_trials(deepcopy=False) if trial.number == number]
        row = row_of(found[0]) if found else None
        if row is None:
            return
        if row.state in ("stopped", "lost"):
            requeue(self._study, found[0])
        best = best_of(rows_of(self._study), self._metric)
        self._on_event(trial_done(row, best is not None and best.number == row.number))
        if row.state == "complete":
            self._on_event(ImportanceUpdated(importance=importances(self._study)))


def _on_stale_trial(study: Study, trial: FrozenTrial, on_event: Callable[[Event], None]) -> None:
    """Its worker sent no heartbeat for too long."""
    requeue(study, trial)
    on_event(_worker_gone(trial.number))


def _worker_gone(number: int) -> Noted:
    return Noted(message=f"trial {number}: its worker is gone; the trial is repeated")


def _done(
    request: SearchRequest, study: Study, reason: Literal["done", "stopped", "exhausted"]
) -> SearchDone:
    rows = rows_of(study)
    return SearchDone(
        study=request.study,
        storage=display_url(request.storage),
        reason=reason,
        trials=counted(rows),
        counts=counts(rows),
        best=best_of(rows, task_info(request.network.task).primary),
        importance=importances(study),
    )
