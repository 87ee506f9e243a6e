"""The details of one run, as pairs of a name and a text."""

from collections.abc import Mapping

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import LOSS
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.text import bytes_text, duration_text
from cnnplay.ui.runs.run_columns import column_index, columns
from cnnplay.ui.runs.run_labels import IGNORED, setting_text

ALWAYS_SHOWN = ("optimizer", "learning_rate", "batch_size", "seed")
"""Settings that are shown even at their defaults."""


def facts(row: RunRow) -> list[tuple[str, str]]:
    """In order; empty ones are left out."""
    found = [
        ("state", _state(row)),
        ("started", columns()[column_index("created")].text(row)),
        ("data", row.data),
        ("settings", _settings(row)),
        ("best", _best(row)),
        ("last", _last(row)),
        ("parameters", "" if row.parameters is None else f"{row.parameters:,}"),
        ("time", _time(row)),
        ("disk", bytes_text(row.bytes)),
        ("made with", _environment(row)),
        ("folder", row.path),
    ]
    return [(name, text) for name, text in found if text]


def _state(row: RunRow) -> str:
    text = {
        "interrupted": "interrupted: the program ended during the run",
        "running": "running",
        "paused": "paused",
    }.get(row.state, row.state)
    return f"{text}: {row.problem}" if row.problem and row.state != "done" else text


def _settings(row: RunRow) -> str:
    defaults = {field.name: field.default for field in msgspec.structs.fields(TrainConfig)}
    skipped = IGNORED | {"epochs", *ALWAYS_SHOWN}
    others = [
        name for name, value in row.config.items() if name not in skipped and value != defaults.get(name)
    ]
    shown = [*(name for name in ALWAYS_SHOWN if name in row.config), *others]
    return ", ".join(setting_text(name, row.config[name]) for name in shown)


def _best(row: RunRow) -> str:
    text = _metrics_text(row, row.best)
    return f"{text}, epoch {row.best_epoch:,}" if text else ""


def _last(row: RunRow) -> str:
    training = f"training {metric_text(LOSS, row.train['loss'])}" if "loss" in row.train else ""
    text = ", ".join(part for part in (_metrics_text(row, row.last), training) if part)
    return f"{text}, epoch {row.epochs_done:,} of {row.epochs_asked:,}" if text else ""


def _metrics_text(row: RunRow, metrics: Mapping[str, float]) -> str:
    """``98.7 %, loss 0.0412``; the primary metric needs no name."""
    primary, found = row.task_info.primary, []
    if primary.name in metrics:
        found.append(metric_text(primary, metrics[primary.name]))
    if "loss" in metrics:
        found.append(f"loss {metric_text(LOSS, metrics['loss'])}")
    return ", ".join(found)


def _time(row: RunRow) -> str:
    if not row.seconds:
        return ""
    speed = f", {row.images_per_second:,.0f} images/s" if row.images_per_second else ""
    device = f" on {row.device}" if row.device else ""
    return f"{duration_text(row.seconds)}{speed}{device}"


def _environment(row: RunRow) -> str:
    parts = [
        f"{name} {row.environment[name]}"
        for name in ("torch", "python", "platform")
        if name in row.environment
    ]
    return ", ".join(parts)
