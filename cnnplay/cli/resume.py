"""`cnnplay resume RUN`: resumes a run with its own settings and (from a checkpoint) its own plan."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.interruptible import IgnoreSignals, run_interruptible
from cnnplay.cli.networks import open_run, remember_run
from cnnplay.cli.remaining import remaining_work
from cnnplay.cli.train import data_notes, load_data
from cnnplay.cli.train_report import reporter

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.recorder import RunRecorder


def resume(path: Path, epochs: int | None, json: bool, ignore_signals: IgnoreSignals) -> int:
    """Trains the rest of a run, or up to another number of epochs; returns the exit status."""
    from cnnplay.runs.folder import RunError

    run = open_run(path)
    rest = remaining_work(run, epochs)
    report = reporter(json)
    if rest.best is not None:
        report.best = rest.best.epoch, dict(rest.best.metrics)
    images = _same_images(run, load_data(run.record.data, report))

    def reopened() -> "RunRecorder":
        from cnnplay.runs.record import RunWriteError
        from cnnplay.runs.recorder import RunRecorder

        with as_user_errors(RunError, problem=RunWriteError):
            recorder = RunRecorder.reopen(run.path)
        remember_run(run.path)  # a copied run is not listed yet
        return recorder

    notes = (*data_notes(images), *rest.notes)
    return run_interruptible(reopened, rest.job(images), report, notes, ignore_signals)


def _same_images(run: "RunFolder", images: "ImageSet") -> "ImageSet":
    """The images as the run had them: its classes in their order, its white. UserError if they differ."""
    from cnnplay.data.images import DataError

    if run.record.mark and run.record.mark != images.mark:
        # Some training images would be used for validation.
        raise UserError(
            f"{images.title}: the validation split has changed since {run.path} started; it cannot resume"
        )
    facts = run.facts
    if facts is None:
        return images
    with as_user_errors(DataError):
        return images.in_order_of(facts.classes).with_white(facts.preprocessing.white)
