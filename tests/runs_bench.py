"""Runs without training: folders with made-up events, for tests of all that reads them."""

import json
import math
from pathlib import Path
from typing import Any

import msgspec

from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.runs.record import RunRecord, encode
from cnnplay.spec.events import EpochDone, Event, Finished, Started, Stepped
from cnnplay.spec.json_values import json_values
from cnnplay.spec.settings import TrainConfig

STEPS = 4
"""An epoch, where nothing else is said."""


def started(run: str, config: TrainConfig, steps: int = STEPS, **fields: Any) -> Started:
    usual: dict[str, Any] = {
        "network": "tiny-cnn",
        "data": "mnist-sample",
        "device": "cpu",
        "parameters": 5_258,
        "train_size": 16 * steps,
        "validation_size": 16,
        "steps_per_epoch": steps,
    }
    return Started(run=run, config=config, **{**usual, **fields})


def epoch_events(
    run: str, epoch: int, steps: int = STEPS, accuracy: float | None = None, begin: int = 0
) -> list[Event]:
    """The steps and the end of an epoch; the loss falls with the steps. `begin`: steps to skip."""
    first = (epoch - 1) * steps
    reported: list[Event] = [
        Stepped(run=run, step=n, epoch=epoch, loss=2.0 * math.exp(-n / 50), accuracy=0.5, images=16)
        for n in range(first + 1 + begin, first + steps + 1)
    ]
    accuracy = 1 - 0.5 / epoch if accuracy is None else accuracy
    done = EpochDone(
        run=run,
        epoch=epoch,
        step=first + steps,
        metrics={
            "train_loss": 1.0 / epoch,
            "train_accuracy": accuracy,
            "validation_loss": 1.1 / epoch,
            "validation_accuracy": accuracy,
        },
        seconds=2.0,
        images_per_second=1000.0,
        best=True,
    )
    return [*reported, done]


def finished(run: str, epochs: int, reason: str = "done") -> Finished:
    return Finished(
        run=run,
        epochs=epochs,
        reason=reason,  # type: ignore[arg-type]
        metrics={},
        images_per_second=900.0,
        seconds=2.5 * epochs,
    )


def write(folder: Path, events: list[Event]) -> None:
    """Appends events as a run's folder does."""
    with (folder / "events.jsonl").open("ab") as file:
        for event in events:
            file.write(msgspec.json.encode(json_values(event)) + b"\n")


def make_run(
    folder: Path,
    *,
    epochs: int = 2,
    ended: str = "done",
    steps: int = STEPS,
    network: Network | None = None,
    data: str = "mnist-sample",
    created: str = "2026-01-02T03:04:05+00:00",
    accuracy: float | None = None,
    weights: bool = True,
    **settings: Any,
) -> Path:
    """A run that did so many epochs and ended so; `ended=""` leaves it without an end."""
    folder.mkdir(parents=True)
    run = folder.name
    config = TrainConfig(**{"epochs": max(epochs, 1), "threads": 1, "device": "cpu", **settings})
    record = RunRecord(
        run=run,
        created=created,
        network=network or preset("tiny-cnn").network,
        config=config,
        data=data,
        environment={"torch": "2.13.0"},
    )
    (folder / "run.json").write_bytes(encode(record))
    reported: list[Event] = [started(run, config, steps)]
    for epoch in range(1, epochs + 1):
        reported += epoch_events(run, epoch, steps, accuracy)
    write(folder, [*reported, *([finished(run, epochs, ended)] if ended else [])])
    if weights:
        for name in ("best", "last"):
            (folder / f"{name}.safetensors").write_bytes(b"weights" * 100)
    return folder


def set_record(folder: Path, **fields: Any) -> None:
    """Writes other values into a run's record."""
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
