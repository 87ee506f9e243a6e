"""`cnnplay resume RUN`: goes on where a run was, under its own settings and (from a checkpoint) its plan."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.cli.carry import HearNoMore, carry_through
from cnnplay.cli.networks import open_run, remember_run
from cnnplay.cli.output import shortened
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.cli.rest import rest_of
from cnnplay.cli.train import load_data
from cnnplay.cli.train_report import reporter

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.recorder import RunRecorder


def resume(path: Path, epochs: int | None, json: bool, hear_no_more: HearNoMore) -> int:
    """Trains what is left of a run, or on to another number of epochs; returns the exit status."""
    from cnnplay.runs.folder import RunError

    run = open_run(path)
    rest = rest_of(run, epochs)
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
