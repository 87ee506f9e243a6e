"""Events of a run so long that its history is thinned: more steps, epochs and changes than are kept whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EPOCHS, STEPS = 3_075, 32
"""Epochs, and steps in each: 98,400 steps in all."""


def write_long_run(folder: Path) -> None:
    """Puts the long history in the place of a finished run's own. Its checkpoint and lock go, as they belong
    to the other one."""
    events = folder / "events.jsonl"
    kept = [json.loads(line) for line in events.read_text().splitlines()]
    started = next(event for event in kept if event["event"] == "started")
    started |= {"steps_per_epoch": STEPS, "config": started["config"] | {"epochs": EPOCHS}}
    lines = [started, *_told(started["run"])]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name in ("checkpoint.safetensors", "writer.lock"):
        (folder / name).unlink(missing_ok=True)


def _told(run: str) -> Iterator[dict[str, Any]]:
    step = 0
    for epoch in range(1, EPOCHS + 1):
        for _ in range(STEPS):
            step += 1
            loss = "nan" if step % 20_011 == 0 else (step * 7919 % 10_007) / 1000
            accuracy = (step * 31 % 65) / 64
            values = {"loss": loss, "accuracy": accuracy, "images": 48}
            yield {"event": "step", "run": run, "step": step, "epoch": epoch, **values}
        metrics = {
            "train_loss": (epoch * 571 % 1013) / 500,
            "train_accuracy": epoch % 89 / 89,
            "validation_loss": (epoch * 389 % 1009) / 500,
            "validation_accuracy": epoch % 97 / 97,
        }
        yield {"event": "epoch", "run": run, "epoch": epoch, "step": step, "metrics": metrics} | {
            "seconds": 0.5, "images_per_second": 3168.0, "best": epoch in (1, 40, 96),
        }  # fmt: skip
        if epoch % 7 == 0:
            name = ("learning_rate", "shift", "rotate")[epoch // 7 % 3]
            yield {"event": "setting", "run": run, "step": step, "name": name, "value": epoch % 64}
