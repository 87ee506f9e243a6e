"""`cnnplay resume RUN`: resumes a run with its own settings and (from a checkpoint) its own plan."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.interruptible import IgnoreSignals, run_interruptible
from cnnplay.cli.networks import open_run, remember_run
from cnnplay.cli.remaining import remaining_work
from cnnplay.cli.train import check_network, data_notes, load_data
from cnnplay.cli.train_report import reporter
from cnnplay.spec.events import Value
from cnnplay.spec.settings import live_settings

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.recorder import RunRecorder


def resume(
    path: Path, epochs: int | None, settings: dict[str, Value], json: bool, ignore_signals: IgnoreSignals
) -> int:
    """Trains the rest of a run, or up to another number of epochs, with changed `settings`; returns the exit
    status.
    """
    from cnnplay.runs.folder import RunError

    _check_live(settings)
    run = open_run(path)
    check_network(run.network)
    rest = remaining_work(run, epochs, settings)
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


def _check_live(settings: dict[str, Value]) -> None:
    """UserError for a setting that cannot change within a run."""
    for name in settings:
        if name == "epochs":
            raise UserError("--set: use --epochs to change the number of epochs")
        if name not in live_settings():
            raise UserError(
                f"--set: {name} cannot change within a run; to train on with another value, use "
                "`cnnplay train … --from RUN`"
            )


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
