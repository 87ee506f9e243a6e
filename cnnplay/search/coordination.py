"""Coordination of workers that share a study: no more trials than requested, and none lost.

Workers meet only in the storage. It numbers trials in order, each number once; so a worker whose trial has at
least as many others before it as were requested is too late, in whichever order they started.
"""

import os
import platform
import sys
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta

from optuna import Study, Trial
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from cnnplay.search.rows import COUNTED, TrialRow

RUN, WORKER, WHY, OUTCOME, EPOCH = "run", "worker", "why", "outcome", "epoch"
"""A trial's user attributes in Optuna."""
SURPLUS = "surplus"
"""The outcome of a trial that started too late."""
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def remaining_trials(study: Study, most: int) -> tuple[int, int]:
    """How many trials are still to be started, and how many are running."""
    trials = study.get_trials(deepcopy=False, states=(*_DONE, TrialState.RUNNING))
    return most - len(trials), sum(trial.state == TrialState.RUNNING for trial in trials)


def may_run(study: Study, number: int, most: int) -> bool:
    """Whether the trial of this number is among the requested ones."""
    states = (*_DONE, TrialState.RUNNING, TrialState.WAITING)
    before = [trial for trial in study.get_trials(deepcopy=False, states=states) if trial.number < number]
    return len(before) < most


def record_worker(trial: Trial) -> None:
    """Stores which process runs the trial."""
    trial.set_user_attr(WORKER, f"{os.getpid()}@{platform.node()}")


def requeue(study: Study, trial: FrozenTrial) -> None:
    """Queues an interrupted trial again, with the same values, before any new ones."""
    if trial.params:
        study.enqueue_trial(trial.params, user_attrs={"again": trial.number})


def requeue_abandoned(
    study: Study, grace_s: float, on_requeue: Callable[[int], None] = lambda number: None
) -> None:
    """Requeues the trials of lost workers: on this machine, as soon as their process is gone; on others,
    after `grace_s` without a heartbeat."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not _abandoned(trial, grace_s):
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, UpdateFinishedTrialError):  # another worker was faster
            continue
        requeue(study, trial)
        on_requeue(trial.number)


def _abandoned(trial: FrozenTrial, grace_s: float) -> bool:
    pid, at, host = str(trial.user_attrs.get(WORKER, "")).partition("@")
    if at:
        return host == platform.node() and pid.isdecimal() and not _is_alive(int(pid))
    # Its worker stored nothing, not even a heartbeat; give it time to do so.
    begun = trial.datetime_start
    return begun is not None and datetime.now() - begun > timedelta(seconds=grace_s)


def row_of(trial: FrozenTrial) -> TrialRow | None:
    """A trial as a row; None for a surplus one."""
    attributes = trial.user_attrs
    outcome = str(attributes.get(OUTCOME, ""))
    if outcome == SURPLUS:
        return None
    match trial.state:
        case TrialState.COMPLETE:
            state = "complete"
        case TrialState.PRUNED:
            state = "failed" if outcome == "failed" else "pruned"
        case TrialState.FAIL:
            state = "stopped" if outcome == "stopped" else "lost"
        case TrialState.RUNNING:
            state = "running"
        case _:
            state = "waiting"
    reported = trial.intermediate_values
    duration = trial.duration
    value = trial.value if trial.state.is_finished() and trial.state != TrialState.FAIL else None
    if value is None and reported:
        value = reported[max(reported)]
    return TrialRow(
        number=trial.number,
        state=state,  # type: ignore[arg-type]
        value=value,
        settings=trial.params or dict(trial.system_attrs.get("fixed_params", {})),
        run=str(attributes.get(RUN, "")),
        epoch=attributes.get(EPOCH),
        epochs=max(reported, default=0),
        why=str(attributes.get(WHY, "")),
        seconds=0.0 if duration is None else duration.total_seconds(),
    )


def rows_of(study: Study) -> tuple[TrialRow, ...]:
    """All trials in order, without surplus ones."""
    found = (row_of(trial) for trial in study.get_trials(deepcopy=False))
    return tuple(row for row in found if row is not None)


def counts(rows: tuple[TrialRow, ...]) -> dict[str, int]:
    """The number of trials per state; states of done trials are listed even at zero."""
    found = dict.fromkeys(sorted(COUNTED), 0)
    for row in rows:
        found[row.state] = found.get(row.state, 0) + 1
    return found


def _is_alive(pid: int) -> bool:
    """Whether the process exists. On Windows os.kill would end it, so the heartbeat alone decides."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
