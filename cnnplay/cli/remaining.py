"""What remains of a run to train, and where it resumes."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.networks import checked_weights
from cnnplay.spec.events import Value
from cnnplay.spec.plurals import plural
from cnnplay.spec.settings import TrainConfig, setting_fields, setting_problems

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.trained_weights import Which
    from cnnplay.modules.weights import Weights
    from cnnplay.runs.digest import Digest
    from cnnplay.runs.folder import RunFolder
    from cnnplay.training.job import Job
    from cnnplay.training.state import BestEpoch, RunState


class Remaining(NamedTuple):
    """The remaining job. `notes` say where it resumes."""

    job: Callable[["ImageSet"], "Job"]
    best: "BestEpoch | None"
    notes: tuple[str, ...]


class KeptWeights(NamedTuple):
    """The weights that a run saved after `epochs` whole epochs. `lost` names newer ones that are damaged."""

    weights: "Weights"
    epochs: int
    lost: str


def remaining_work(run: "RunFolder", epochs: int | None, settings: Mapping[str, Value]) -> Remaining:
    """The rest of a run, or of `epochs` in total, with changed `settings`.

    It resumes from the checkpoint as if it had never stopped; without one, from the saved weights; without
    those, it starts over. UserError if nothing is left to train or the files cannot be used.
    """
    if run.has_checkpoint:
        return _from_checkpoint(run, epochs, settings)
    left = _kept_weights(run)
    if left is None:
        return _from_scratch(run, epochs, settings)
    return _from_weights(run, left, epochs, settings)


def _from_checkpoint(run: "RunFolder", epochs: int | None, settings: Mapping[str, Value]) -> Remaining:
    from dataclasses import replace

    from cnnplay.runs.folder import RunDamage, RunError
    from cnnplay.runs.log import stride
    from cnnplay.training.job import resumed_job

    try:
        state = run.state()
    except RunDamage as error:
        raise UserError(f"{error}{_without_checkpoint_hint(run)}") from None
    except RunError as error:
        raise UserError(str(error)) from None
    state = replace(state, config=_changed(state.config, settings))
    if epochs is not None:
        state = replace(state, config=_with_epochs(state.config, epochs, state.first_epoch))
    outcome, trouble = _outcome(run)
    if outcome is None and not state.unfinished:
        raise UserError(trouble)
    asked_for_more = (epochs is not None or bool(settings)) and state.unfinished
    if outcome is not None and not asked_for_more and _is_over(outcome, state):
        raise _nothing_left(run, state.last_epoch, early=state.unfinished)
    record, place = run.record, state.place
    if outcome is not None and not trouble and outcome.steps <= place.step - stride(place.step):
        trouble = f"its events end after step {outcome.steps:,}: its curves have a gap there"
    return Remaining(
        lambda images: resumed_job(record.run, record.network, images, state),
        state.best,
        _notes(f"resumes in epoch {place.epoch} after step {place.step:,}", trouble),
    )


def _from_weights(
    run: "RunFolder", left: KeptWeights, epochs: int | None, settings: Mapping[str, Value]
) -> Remaining:
    from cnnplay.runs.folder import RunError
    from cnnplay.training.job import Job
    from cnnplay.training.setup import BEST_WEIGHTS_MISSING

    record, first = run.record, left.epochs + 1
    outcome, trouble = _outcome(run)
    config = _changed((outcome.config if outcome is not None else None) or record.config, settings)
    asked = (outcome.epochs_asked if outcome is not None else 0) or config.epochs
    over = outcome is not None and outcome.ended == "done" and not settings
    ran = max(outcome.epochs, default=left.epochs) if outcome is not None else left.epochs
    if epochs is None and (over or asked < first):
        raise _nothing_left(run, ran, early=ran < asked)
    if epochs is not None and 1 <= epochs < first:
        raise _nothing_left(run, left.epochs, early=False)
    config = _with_epochs(config, asked if epochs is None else epochs, first)
    with as_user_errors(RunError):
        best = run.best()
    note = (
        f"no checkpoint: resumes in epoch {first} with the weights saved after "
        f"{plural(left.epochs, 'epoch')}; the optimizer state and the schedule are reset"
    )
    return Remaining(
        lambda images: Job(
            record.run, record.network, config, images, initial=left.weights, first_epoch=first, best=best
        ),
        best,
        _notes(left.lost, note, trouble, BEST_WEIGHTS_MISSING if best is None and left.epochs else ""),
    )


def _from_scratch(run: "RunFolder", epochs: int | None, settings: Mapping[str, Value]) -> Remaining:
    from cnnplay.training.job import Job

    record, (outcome, _) = run.record, _outcome(run)
    if outcome is not None and outcome.ended == "done":  # only its curves are left
        raise UserError(
            f"{run.path}: the run has finished, and has neither a checkpoint nor weights to resume from"
        )
    if epochs is not None:
        raise UserError(
            f"--epochs: {run.path} has learned nothing yet; it starts over with the number of epochs it has"
        )
    note = "neither a checkpoint nor an epoch's weights were saved: the run starts over"
    config = _changed(record.config, settings)
    return Remaining(lambda images: Job(record.run, record.network, config, images), None, (note,))


def _kept_weights(run: "RunFolder") -> KeptWeights | None:
    """The last weights that learned something, or the best ones if those are missing or damaged. UserError if
    there are weights but none can be used.
    """
    from cnnplay.modules.weights import weights_match
    from cnnplay.runs.folder import RunDamage, RunError

    lost = ""
    for which in _candidates(run):
        try:
            weights = run.weights(which)
        except RunDamage as error:
            lost = lost or str(error)
            continue
        except RunError as error:
            raise UserError(str(error)) from None
        if not weights_match(checked_weights(run, which, weights), run.network):
            raise UserError(f"{run.path}: its {which} weights belong to another network")
        epochs = run.epoch_of(which)
        if epochs is None:
            raise UserError(
                f"{run.path}: its {which} weights do not say their epoch; resuming would start with the "
                "first epoch and overwrite them"
            )
        return KeptWeights(weights, epochs, lost)
    if lost:
        raise UserError(lost)
    return None


def _candidates(run: "RunFolder") -> Iterator["Which"]:
    """The existing weights to resume from, in the order in which they are tried."""
    if run.has("last") and run.learned("last"):
        yield "last"
    if run.has("best"):
        yield "best"


def _without_checkpoint_hint(run: "RunFolder") -> str:
    """What to do if the checkpoint is damaged; "" if nothing helps."""
    try:
        left = _kept_weights(run)
    except UserError:
        return ""
    if left is None:
        return ""
    return (
        "; without that file, `cnnplay resume` continues from the weights saved after "
        f"{plural(left.epochs, 'epoch')}"
    )


def _notes(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _changed(config: TrainConfig, settings: Mapping[str, Value]) -> TrainConfig:
    """The settings with changed ones. UserError if they do not go together."""
    changed = msgspec.structs.replace(config, **settings)
    found = setting_problems(changed)
    if found:
        raise UserError("; ".join(problem.message for problem in found))
    return changed


def _with_epochs(config: TrainConfig, epochs: int, first: int) -> TrainConfig:
    """The settings of a stage that starts with epoch `first` and ends after `epochs` in total."""
    changed = msgspec.structs.replace(config, epochs=epochs - first + 1)
    if setting_problems(changed):
        (most,) = (field.maximum for field in setting_fields() if field.name == "epochs")
        expected = f"{first} or more" if epochs < first else f"at most {first - 1 + (most or 0):,}"
        raise UserError(f"--epochs must be {expected}; got {epochs:,}")
    return changed


def _nothing_left(run: "RunFolder", done: int, early: bool) -> UserError:
    reason = ": it stopped early, as validation stopped improving" if early else ""
    return UserError(
        f"{run.path}: nothing left to train after {plural(done, 'epoch')}{reason}; --epochs N trains more"
    )


def _outcome(run: "RunFolder") -> tuple["Digest | None", str]:
    """The events' outcome, and a note if they are damaged, which does not prevent training."""
    from cnnplay.runs.folder import RunError

    try:
        outcome = run.outcome()
    except RunError as error:
        return None, str(error)
    if outcome.started is None and not run.damage:
        return outcome, "its events are missing: its curves start where it resumes"
    return outcome, run.damage


def _is_over(outcome: "Digest", state: "RunState") -> bool:
    """Whether the run finished (perhaps early) and the state is from its end: a kill between the two leaves
    an older state.
    """
    return outcome.ended == "done" and state.place.step >= outcome.steps
