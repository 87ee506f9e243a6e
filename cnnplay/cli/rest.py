"""What is left of a run to do, and where it goes on."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cnnplay.cli.networks import usual
from cnnplay.cli.output import counted
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.spec.settings import TrainConfig, faults, setting_fields

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.weights import Weights
    from cnnplay.runs.digest import Digest
    from cnnplay.runs.folder import RunFolder, Which
    from cnnplay.training.job import Job
    from cnnplay.training.state import Best, RunState


class Rest(NamedTuple):
    """What is left to do. `notes` tell where it goes on."""

    job: Callable[["ImageSet"], "Job"]
    best: "Best | None"
    notes: tuple[str, ...]


class Left(NamedTuple):
    """The weights that a run kept, behind so many whole epochs. `lost`: newer ones that are damaged."""

    weights: "Weights"
    epochs: int
    lost: str


def rest_of(run: "RunFolder", epochs: int | None) -> Rest:
    """The rest of a run, or of as many epochs in all as are asked for: from its checkpoint as if it had never
    stopped, without one from the weights that it kept, and from the beginning where it kept none. Mistake
    where nothing is left to do, and where what it kept cannot be used.
    """
    if run.has_checkpoint:
        return _from_checkpoint(run, epochs)
    left = _left(run)
    return _anew(run, epochs) if left is None else _from_weights(run, left, epochs)


def _from_checkpoint(run: "RunFolder", epochs: int | None) -> Rest:
    from dataclasses import replace

    from cnnplay.runs.folder import RunDamage, RunError
    from cnnplay.runs.log import stride
    from cnnplay.training.job import resumed

    try:
        state = run.state()
    except RunDamage as error:
        raise Mistake(f"{error}{_way_on(run)}") from None
    except RunError as error:
        raise Mistake(str(error)) from None
    if epochs is not None:
        state = replace(state, config=_with_epochs(state.config, epochs, state.first_epoch))
    outcome, trouble = _past(run)
    if outcome is None and not state.unfinished:
        raise Mistake(trouble)
    asked_for_more = epochs is not None and state.unfinished
    if outcome is not None and not asked_for_more and _is_over(outcome, state):
        raise _nothing_left(run, state.last_epoch, early=state.unfinished)
    record, place = run.record, state.place
    if outcome is not None and not trouble and outcome.steps <= place.step - stride(place.step):
        trouble = f"its events end behind step {outcome.steps:,}: its curves lack what came between"
    return Rest(
        lambda images: resumed(record.run, record.network, images, state),
        state.best,
        _told(f"goes on in epoch {place.epoch} behind step {place.step:,}", trouble),
    )


def _from_weights(run: "RunFolder", left: Left, epochs: int | None) -> Rest:
    from cnnplay.runs.folder import RunError
    from cnnplay.training.job import Job
    from cnnplay.training.setup import NO_BEST

    record, first = run.record, left.epochs + 1
    outcome, trouble = _past(run)
    config = (outcome.config if outcome is not None else None) or record.config
    asked = (outcome.epochs_asked if outcome is not None else 0) or config.epochs
    over = outcome is not None and outcome.ended == "done"
    ran = max(outcome.epochs, default=left.epochs) if outcome is not None else left.epochs
    if epochs is None and (over or asked < first):
        raise _nothing_left(run, ran, early=ran < asked)
    if epochs is not None and 1 <= epochs < first:
        raise _nothing_left(run, left.epochs, early=False)
    config = _with_epochs(config, asked if epochs is None else epochs, first)
    with mistakes(RunError):
        best = run.best()
    words = (
        f"no checkpoint is there: it goes on in epoch {first} with the weights that it kept after "
        f"{counted(left.epochs, 'epoch')}; the optimizer and the schedule begin afresh"
    )
    return Rest(
        lambda images: Job(
            record.run, record.network, config, images, initial=left.weights, first_epoch=first, best=best
        ),
        best,
        _told(left.lost, words, trouble, NO_BEST if best is None and left.epochs else ""),
    )


def _anew(run: "RunFolder", epochs: int | None) -> Rest:
    from cnnplay.training.job import Job

    record, (outcome, _) = run.record, _past(run)
    if outcome is not None and outcome.ended == "done":  # of what it was, its curves are left
        raise Mistake(f"{run.path}: has neither a checkpoint nor weights to go on from, and came to its end")
    if epochs is not None:
        raise Mistake(f"--epochs: {run.path} has learned nothing yet; it begins anew, as it was asked for")
    words = "neither a checkpoint nor an epoch's weights were written: the run begins anew"
    return Rest(lambda images: Job(record.run, record.network, record.config, images), None, (words,))


def _left(run: "RunFolder") -> Left | None:
    """The last weights that learned something; the best where those are missing or damaged. Mistake where
    there are some and none can be used.
    """
    from cnnplay.modules.weights import belong
    from cnnplay.runs.folder import RunDamage, RunError

    lost = ""
    for which in _kept(run):
        try:
            weights = run.weights(which)
        except RunDamage as error:
            lost = lost or str(error)
            continue
        except RunError as error:
            raise Mistake(str(error)) from None
        if not belong(usual(run, which, weights), run.network):
            raise Mistake(f"{run.path}: its {which} weights are another network's")
        epochs = run.epoch_of(which)
        if epochs is None:
            raise Mistake(
                f"{run.path}: its {which} weights do not say of which epoch they are: to go on would begin "
                "with the first, and write over them"
            )
        return Left(weights, epochs, lost)
    if lost:
        raise Mistake(lost)
    return None


def _kept(run: "RunFolder") -> Iterator["Which"]:
    """The weights to go on from that are there, in the order in which they are tried."""
    if run.has_last and run.learned("last"):
        yield "last"
    if run.has_best:
        yield "best"


def _way_on(run: "RunFolder") -> str:
    """What can be done where the checkpoint is damaged; "" where there is nothing."""
    try:
        left = _left(run)
    except Mistake:
        return ""
    if left is None:
        return ""
    return (
        "; without that file, `cnnplay resume` goes on from the weights that it kept after "
        f"{counted(left.epochs, 'epoch')}"
    )


def _told(*words: str) -> tuple[str, ...]:
    return tuple(one for one in words if one)


def _with_epochs(config: TrainConfig, epochs: int, first: int) -> TrainConfig:
    """So many epochs in all, of which these settings' own are those from `first` on."""
    changed = msgspec.structs.replace(config, epochs=epochs - first + 1)
    if faults(changed):
        (most,) = (field.maximum for field in setting_fields() if field.name == "epochs")
        expected = f"{first} or more" if epochs < first else f"at most {first - 1 + (most or 0):,}"
        raise Mistake(f"--epochs must be {expected}; got {epochs:,}")
    return changed


def _nothing_left(run: "RunFolder", done: int, early: bool) -> Mistake:
    why = ": it ended early, as validation became no better" if early else ""
    return Mistake(
        f"{run.path}: nothing is left to do after {counted(done, 'epoch')}{why}; --epochs N asks for more"
    )


def _past(run: "RunFolder") -> tuple["Digest | None", str]:
    """What the events come to, and what has to be said of them: that keeps nobody from training."""
    from cnnplay.runs.folder import RunError

    try:
        outcome = run.outcome()
    except RunError as error:
        return None, str(error)
    if outcome.started is None and not run.damage:
        return outcome, "its events are missing: its curves begin where it goes on"
    return outcome, run.damage


def _is_over(outcome: "Digest", state: "RunState") -> bool:
    """Whether the run came to its end, as early as that may have been, and the state is of then: a kill
    between the two leaves an older one.
    """
    return outcome.ended == "done" and state.place.step >= outcome.steps
