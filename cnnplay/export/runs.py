"""Exports several runs together: tables of runs, epochs and steps, or TensorBoard logs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import numpy as np

from cnnplay.export.history import epoch_rows, history_csv, with_metrics
from cnnplay.export.trained import ExportError, ExportWriteError
from cnnplay.runs.effective_events import effective_events, elapsed, epoch_ends
from cnnplay.runs.files import files_of
from cnnplay.runs.record import RunRecord
from cnnplay.runs.summary import RunReader, read_record, state_of
from cnnplay.runs.tail import Tail
from cnnplay.spec.events import EpochDone, Event, Stepped

TABLES = RUNS, EPOCHS, STEPS = "runs-table.csv", "runs-epochs.csv", "runs-steps.csv"
MISSING = (
    "TensorBoard logs need the package tensorboardX, which is not installed: "
    'pip install "cnn-playground[tensorboard]"'
)
_SPLITS = {"train_": "training", "validation_": "validation"}
"""What TensorBoard's tags call the splits."""


def runs_csv(folders: Sequence[Path], where: Path) -> tuple[Path, Path, Path]:
    """Writes three tables into a folder, replacing those there: one row per run, with its results and all
    settings; one row per epoch and one per step, each with its run. RunError for a run that cannot be read,
    ExportWriteError if writing fails.
    """
    runs: list[dict[str, object]] = []
    epochs: list[dict[str, object]] = []
    steps: list[dict[str, object]] = []
    for folder in folders:
        record, events = read_record(folder), _events(folder)
        runs.append(_run_row(folder))
        head = {"run": folder.name, "network": record.network.name, "data": record.data}
        epochs += [{**head, **row} for row in epoch_rows(events)]
        steps += _step_rows(folder.name, events)
    history_csv(runs or [{"run": None}], where / RUNS)
    history_csv(epochs or [dict.fromkeys(("run", "epoch"))], where / EPOCHS)
    history_csv(steps or [dict.fromkeys(("run", "step"))], where / STEPS)
    return where / RUNS, where / EPOCHS, where / STEPS


def tensorboard_disabled_reason() -> str:
    """Why TensorBoard logs cannot be written; "" if they can."""
    from importlib.util import find_spec

    return "" if find_spec("tensorboardX") is not None else MISSING


def runs_tensorboard(folders: Sequence[Path], where: Path) -> list[Path]:
    """Writes a folder for each run into `where`, completely or not at all, and returns them. They are named
    after the runs and must not exist yet. ExportError, ExportWriteError, RunError.
    """
    reason = tensorboard_disabled_reason()
    if reason:
        raise ExportError(reason)
    targets = [where / folder.name for folder in folders]
    there = next((target for target in targets if target.exists()), None)
    if there is not None:
        raise ExportError(f"{there} already exists; choose another folder or remove it first")
    for folder, target in zip(folders, targets, strict=True):
        record, events = read_record(folder), _events(folder)
        with _whole_folder(target) as temporary:
            _write_events(temporary, record, events)
    return targets


def _events(folder: Path) -> list[Event]:
    tail, events = Tail(folder), []
    while part := tail.lines_since():
        events += tail.decoded(part)
    return effective_events(events)


def _run_row(folder: Path) -> dict[str, object]:
    row = RunReader(folder).row(files_of(folder))
    decisive = row.task_info.decisive
    return {
        "run": folder.name,
        "network": row.name,
        "data": row.data,
        "created": row.created,
        "state": state_of(row),
        "epochs_done": row.epochs_done,
        "steps": row.steps,
        "best_epoch": row.best_epoch,
        **{f"best_validation_{name}": row.best.get(name) for name in decisive},
        **{f"last_validation_{name}": row.last.get(name) for name in decisive},
        **{f"last_train_{name}": row.train.get(name) for name in decisive},
        "seconds": row.seconds,
        "images_per_second": row.images_per_second,
        "parameters": row.parameters,
        "tags": " ".join(row.tags),
        "note": row.note,
        **row.config,
        "device": row.device or row.config.get("device"),
    }


def _step_rows(run: str, events: Sequence[Event]) -> list[dict[str, object]]:
    steps = [event for event in events if isinstance(event, Stepped)]
    seconds = elapsed(np.asarray([step.step for step in steps], dtype=np.float64), epoch_ends(events))
    return [
        with_metrics(
            {"run": run, "step": step.step, "epoch": step.epoch, "loss": step.loss},
            step.values,
            {"images": step.images, "seconds": round(at, 6) if at == at else ""},
        )
        for step, at in zip(steps, seconds.tolist(), strict=True)
    ]


def _write_events(folder: Path, record: RunRecord, events: Sequence[Event]) -> None:
    # The writer without its thread, which would wait forever on a full disk.
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event as Record
    from tensorboardX.summary import scalar, text

    begun = datetime.fromisoformat(record.created).timestamp()
    writer = EventsWriter(str(folder / "events"))

    def put(summary: object, step: int, at: float) -> None:
        writer.write_event(Record(wall_time=begun + (at if at == at else 0.0), step=step, summary=summary))

    try:
        put(text("settings", _settings_table(record)), 0, 0.0)
        selected = [event for event in events if isinstance(event, (Stepped, EpochDone))]
        numbers = np.asarray([event.step for event in selected], dtype=np.float64)
        times = elapsed(numbers, epoch_ends(events)).tolist()
        for event, at in zip(selected, times, strict=True):
            for tag, value in _scalars(event):
                put(scalar(tag, value), event.step, at)
    finally:
        writer.close()


def _scalars(event: Stepped | EpochDone) -> Iterator[tuple[str, float]]:
    if isinstance(event, Stepped):
        yield "loss/step", event.loss
        for name, value in event.values.items():
            yield f"{name}/step", value
        return
    for name, value in event.metrics.items():
        yield _tag(name), value
    if event.learning_rate is not None:
        yield "learning_rate", event.learning_rate
    yield "speed/images_per_second", event.images_per_second


def _tag(name: str) -> str:
    """``loss/training`` for ``train_loss``; ``epoch/decay_loss`` for what belongs to no split."""
    start = next((start for start in _SPLITS if name.startswith(start)), None)
    return f"epoch/{name}" if start is None else f"{name.removeprefix(start)}/{_SPLITS[start]}"


def _settings_table(record: RunRecord) -> str:
    """A Markdown table, which TensorBoard renders."""
    import msgspec

    values = {"network": record.network.name, "data": record.data, **msgspec.to_builtins(record.config)}
    return "\n".join(["| setting | value |", "|---|---|", *(f"| {k} | {v} |" for k, v in values.items())])


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Yields a temporary folder; it is renamed to `target` on success and removed otherwise."""
    temporary = target.with_name(f".{target.name[:100]}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(target)
    except OSError as error:
        _remove_folder(temporary)
        raise ExportWriteError(f"{target}: cannot be written: {error.strerror or error}") from None
    except BaseException:
        _remove_folder(temporary)
        raise


def _remove_folder(temporary: Path) -> None:
    with suppress(OSError):
        for file in temporary.iterdir():
            file.unlink()
        temporary.rmdir()
