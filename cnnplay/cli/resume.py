"""`cnnplay resume RUN`: goes on from the last checkpoint, under the run's own settings and plan."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cnnplay.cli.carry import HearNoMore, carry_through
from cnnplay.cli.networks import open_run, remember_run
from cnnplay.cli.output import counted, shortened
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.cli.train import load_data
from cnnplay.cli.train_report import reporter
from cnnplay.spec.settings import faults, setting_fields

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.digest import Digest
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Job
    from cnnplay.training.state import RunState


def resume(path: Path, epochs: int | None, json: bool, hear_no_more: HearNoMore) -> int:
    """Trains what is left of a run, or on to another number of epochs; returns the exit status."""
    from cnnplay.runs.folder import RunError

    run = open_run(path)
    try:
        state = run.state() if run.has_checkpoint else None
    except RunError as error:
        raise Mistake(f"{error}{_what_is_whole(run)}") from None
    state, notes = _asked(run, state, epochs)
    report = reporter(json)
    if state is not None and state.best is not None:
        report.best = state.best.epoch, state.best.accuracy
    images = load_data(run.record.data, report)
    _check_same(run, images)

    def reopened() -> "RunRecorder":
        from cnnplay.runs.record import RunWriteError
        from cnnplay.runs.recorder import RunRecorder

        with mistakes(RunError, problem=RunWriteError):
            again = RunRecorder.reopen(run.path)
        remember_run(run.path)  # a copy is not on the list yet
        return again

    notes = (*shortened(images.problems), *notes)
    return carry_through(reopened, _job(run, images, state), report, notes, hear_no_more)


def _asked(
    run: "RunFolder", state: "RunState | None", epochs: int | None
) -> tuple["RunState | None", tuple[str, ...]]:
    """The state with the number of epochs that is asked for, and where it goes on, in words."""
    from dataclasses import replace

    if state is None:
        outcome, _ = _past(run)
        if outcome is not None and outcome.ended:  # to begin anew would write over its weights
            raise Mistake(
                f"{run.path} has no checkpoint to go on from, and came to its end: to begin anew would write "
                "over its weights. `cnnplay train` begins another run"
            )
        if epochs is not None:
            raise Mistake(
                f"--epochs: {run.path} has no checkpoint; it begins anew, as it was asked for first"
            )
        return None, ("no checkpoint was written: the run begins anew",)
    if epochs is not None:
        config = msgspec.structs.replace(state.config, epochs=epochs - state.first_epoch + 1)
        if faults(config):
            first = state.first_epoch
            (most,) = (field.maximum for field in setting_fields() if field.name == "epochs")
            expected = f"{first} or more" if epochs < first else f"at most {first - 1 + (most or 0):,}"
            raise Mistake(f"--epochs must be {expected}; got {epochs:,}")
        state = replace(state, config=config)
    outcome, trouble = _past(run)
    if outcome is None and not state.unfinished:
        raise Mistake(trouble)
    asked_for_more = epochs is not None and state.unfinished
    if outcome is not None and not asked_for_more and _is_over(outcome, state):
        done = counted(state.last_epoch, "epoch")
        why = ": it ended early, as validation became no better" if state.unfinished else ""
        raise Mistake(f"{run.path}: nothing is left to do after {done}{why}; --epochs N asks for more")
    place = state.place
    words = f"goes on in epoch {place.epoch} behind step {place.step:,}"
    return state, (words, trouble) if trouble else (words,)


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


def _job(run: "RunFolder", images: "ImageSet", state: "RunState | None") -> "Job":
    from cnnplay.training.job import Job, resumed

    record = run.record
    if state is None:
        return Job(record.run, record.network, record.config, images)
    return resumed(record.run, record.network, images, state)
