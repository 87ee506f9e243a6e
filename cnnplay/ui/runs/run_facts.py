"""The details of one run, as pairs of a name and a text."""

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.numerals import numeral, percent
from cnnplay.ui.kit.text import bytes_text, duration_text
from cnnplay.ui.runs.run_columns import COLUMNS, column_index
from cnnplay.ui.runs.run_labels import IGNORED, setting_text

ALWAYS_SHOWN = ("optimizer", "learning_rate", "batch_size", "seed")
"""Settings that are shown even at their defaults."""


def facts(row: RunRow) -> list[tuple[str, str]]:
    """In order; empty ones are left out."""
    found = [
        ("state", _state(row)),
        ("started", COLUMNS[column_index("created")].text(row)),
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
    if row.best_accuracy is None:
        return ""
    loss = "" if row.best_loss is None else f", loss {numeral(row.best_loss)}"
    return f"{percent(row.best_accuracy)}{loss}, epoch {row.best_epoch:,}"


def _last(row: RunRow) -> str:
    parts = [
        f"{percent(row.last_accuracy)}" if row.last_accuracy is not None else "",
        f"loss {numeral(row.last_loss)}" if row.last_loss is not None else "",
        f"training {numeral(row.train_loss)}" if row.train_loss is not None else "",
    ]
    text = ", ".join(part for part in parts if part)
    return f"{text}, epoch {row.epochs_done:,} of {row.epochs_asked:,}" if text else ""


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
