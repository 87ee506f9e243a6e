"""Who may run a trial, where several search together: no more than were asked for, and none lost.

There is no other meeting place than the storage. A trial's number is given once, in order; so a worker whose
trial has as many others before it as are asked for has come too late, whoever else came when.
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
"""What a trial says of itself, as Optuna's user attributes."""
SURPLUS = "surplus"
"""The outcome of a trial that came too late."""
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def room(study: Study, most: int) -> tuple[int, int]:
    """How many trials nobody has begun yet, and how many are on."""
    trials = study.get_trials(deepcopy=False, states=(*_DONE, TrialState.RUNNING))
    return most - len(trials), sum(trial.state == TrialState.RUNNING for trial in trials)


def may_run(study: Study, number: int, most: int) -> bool:
    """Whether the trial of this number is one of those asked for."""
    states = (*_DONE, TrialState.RUNNING, TrialState.WAITING)
    before = [trial for trial in study.get_trials(deepcopy=False, states=states) if trial.number < number]
    return len(before) < most


def sign(trial: Trial) -> None:
    """Writes down who runs it."""
    trial.set_user_attr(WORKER, f"{os.getpid()}@{platform.node()}")


def again(study: Study, trial: FrozenTrial) -> None:
    """Puts a trial that was broken off before all others to come, with the same values."""
    if trial.params:
        study.enqueue_trial(trial.params, user_attrs={"again": trial.number})


def take_over(study: Study, grace_s: float, tell: Callable[[int], None] = lambda number: None) -> None:
    """Frees the trials of workers that are gone: of this machine's at once, as a kill leaves no process
    behind; of another machine's once their heartbeat was not heard for `grace_s`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not _abandoned(trial, grace_s):
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, UpdateFinishedTrialError):  # another one was quicker
            continue
        again(study, trial)
        tell(trial.number)


def _abandoned(trial: FrozenTrial, grace_s: float) -> bool:
    pid, at, host = str(trial.user_attrs.get(WORKER, "")).partition("@")
    if at:
        return host == platform.node() and pid.isdecimal() and not _lives(int(pid))
    # Whoever began it wrote nothing down, not even a heartbeat: that takes a moment.
    begun = trial.datetime_start
    return begun is not None and datetime.now() - begun > timedelta(seconds=grace_s)


def row_of(trial: FrozenTrial) -> TrialRow | None:
    """A trial as people are told of it; None for one that came too late."""
    said = trial.user_attrs
    outcome = str(said.get(OUTCOME, ""))
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
        run=str(said.get(RUN, "")),
        epoch=said.get(EPOCH),
        epochs=max(reported, default=0),
        why=str(said.get(WHY, "")),
        seconds=0.0 if duration is None else duration.total_seconds(),
    )


def rows_of(study: Study) -> tuple[TrialRow, ...]:
    """All trials, in order, without those that came too late."""
    found = (row_of(trial) for trial in study.get_trials(deepcopy=False))
    return tuple(row for row in found if row is not None)


def counts(rows: tuple[TrialRow, ...]) -> dict[str, int]:
    """How many trials there are of each state; of those that count, zero too."""
    found = dict.fromkeys(sorted(COUNTED), 0)
    for row in rows:
        found[row.state] = found.get(row.state, 0) + 1
    return found


def _lives(pid: int) -> bool:
    """Whether such a process is there. On Windows, where asking would end it, the heartbeat has to do."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
