"""`cnnplay resume RUN`: goes on from the last checkpoint, under the run's own settings and plan."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cnnplay.cli.carry import HearNoMore, carry_through
from cnnplay.cli.networks import open_run, remember_run
from cnnplay.cli.output import counted, shortened
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.cli.train import load_data
from cnnplay.cli.train_report import reporter
from cnnplay.spec.settings import TrainConfig, faults, setting_fields

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.digest import Digest
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Job
    from cnnplay.training.state import Best, RunState


class Rest(NamedTuple):
    """What is left to do. `notes` tell where it goes on."""

    job: Callable[["ImageSet"], "Job"]
    best: "Best | None"
    notes: tuple[str, ...]


def resume(path: Path, epochs: int | None, json: bool, hear_no_more: HearNoMore) -> int:
    """Trains what is left of a run, or on to another number of epochs; returns the exit status."""
    from cnnplay.runs.folder import RunError

    run = open_run(path)
    rest = _from_checkpoint(run, epochs) if run.has_checkpoint else _without_checkpoint(run, epochs)
    report = reporter(json)
    if rest.best is not None:
        report.best = rest.best.epoch, rest.best.accuracy
    images = load_data(run.record.data, report)
    _check_same(run, images)

    def reopened() -> "RunRecorder":
        from cnnplay.runs.record import RunWriteError
        from cnnplay.runs.recorder import RunRecorder

        with mistakes(RunError, problem=RunWriteError):
            again = RunRecorder.reopen(run.path)
        remember_run(run.path)  # a copy is not on the list yet
        return again

    notes = (*shortened(images.problems), *rest.notes)
    return carry_through(reopened, rest.job(images), report, notes, hear_no_more)


def _from_checkpoint(run: "RunFolder", epochs: int | None) -> Rest:
    """On from the checkpoint, as if the run had never stopped."""
    from dataclasses import replace

    from cnnplay.runs.folder import RunError
    from cnnplay.training.job import resumed

    try:
        state = run.state()
    except RunError as error:
        raise Mistake(f"{error}{_what_is_whole(run)}") from None
    if epochs is not None:
        state = replace(state, config=_with_epochs(state.config, epochs, state.first_epoch))
    outcome, trouble = _past(run)
    if outcome is None and not state.unfinished:
        raise Mistake(trouble)
    asked_for_more = epochs is not None and state.unfinished
    if outcome is not None and not asked_for_more and _is_over(outcome, state):
        raise _nothing_left(run, state.last_epoch, early=state.unfinished)
    words = f"goes on in epoch {state.place.epoch} behind step {state.place.step:,}"
    record = run.record
    return Rest(
        lambda images: resumed(record.run, record.network, images, state),
        state.best,
        (words, trouble) if trouble else (words,),
    )


def _without_checkpoint(run: "RunFolder", epochs: int | None) -> Rest:
    """On from the weights of its last epoch; from the beginning where it came to none."""
    from cnnplay.runs.folder import RunError
    from cnnplay.training.job import Job

    record = run.record
    done = run.last_epoch if run.learned("last") else 0
    if not done:
        _check_nothing_lost(run)
        if epochs is not None:
            raise Mistake(
                f"--epochs: {run.path} has learned nothing yet; it begins anew, as it was asked for"
            )
        anew = "neither a checkpoint nor an epoch's weights were written: the run begins anew"
        return Rest(lambda images: Job(record.run, record.network, record.config, images), None, (anew,))
    outcome, trouble = _past(run)
    asked = record.config.epochs if outcome is None else outcome.epochs_asked or record.config.epochs
    over = outcome is not None and outcome.ended == "done" and epochs is None
    if over or (epochs or asked) <= done:
        raise _nothing_left(run, done, early=over and done < asked)
    config = _with_epochs(record.config, epochs or asked, done + 1)
    with mistakes(RunError):
        weights, best = run.weights("last"), run.best()
    words = (
        f"no checkpoint is there: it goes on in epoch {done + 1} with the weights of epoch {done}; the "
        "optimizer and the schedule begin afresh"
    )

    def job(images: "ImageSet") -> "Job":
        return Job(
            record.run, record.network, config, images, initial=weights, first_epoch=done + 1, best=best
        )

    return Rest(job, best, (words, trouble) if trouble else (words,))


def _check_nothing_lost(run: "RunFolder") -> None:
    """Mistake where to begin anew would write over something."""
    from cnnplay.runs.folder import RunError

    if run.has_best or (run.has_last and run.learned("last")):
        with mistakes(RunError):
            run.weights("last" if run.has_last else "best")
        raise Mistake(
            f"{run.path}: has no checkpoint to go on from, and its weights do not say of which epoch they "
            "are: to begin anew would write over them"
        )
    outcome, _ = _past(run)
    if outcome is not None and outcome.ended == "done":
        raise Mistake(f"{run.path}: has neither a checkpoint nor weights, and came to its end")


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


def _what_is_whole(run: "RunFolder") -> str:
    """Words on the weights that are left where the checkpoint is not."""
    from cnnplay.runs.folder import RunError

    try:
        run.weights("last")
    except RunError:
        return ""
    return f"; its weights of epoch {run.last_epoch} are whole: opened in the window, it goes on from them"


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


def _check_same(run: "RunFolder", images: "ImageSet") -> None:
    """A split that changed would let pictures that were learned from judge."""
    if run.record.mark and run.record.mark != images.mark:
        raise Mistake(f"{images.title}: other pictures validate than when {run.path} began; it cannot go on")
    facts = run.facts
    if facts is not None and facts.classes != images.classes:
        raise Mistake(
            f"{images.title}: expected the classes {', '.join(facts.classes)}; "
            f"found {', '.join(images.classes)}"
        )
