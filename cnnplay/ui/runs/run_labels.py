"""Short labels that distinguish the selected runs: the network if it differs, else the settings that do."""

from collections.abc import Sequence

from cnnplay.runs.row import RunRow
from cnnplay.ui.kit.numerals import short

MOST_SETTINGS = 3
SHORT_NAMES = {
    "learning_rate": "lr",
    "batch_size": "batch",
    "weight_decay": "decay",
    "label_smoothing": "smoothing",
    "gradient_clipping": "clip",
    "initialisation": "init",
    "class_balance": "balance",
    "early_stopping": "early stop",
}
SELF_EXPLANATORY = frozenset({"optimizer", "schedule", "loss", "initialisation", "fit"})
"""Settings whose value needs no name."""
IGNORED = frozenset({"device", "threads", "checkpoint_every"})
LAST_RESORT = ("epochs", "seed")
"""Settings that are used only if no other differs."""


def labels(rows: Sequence[RunRow]) -> list[str]:
    """A label per run, as short as possible. Runs with the same settings are labeled by their start time, or
    else by their folder's name.
    """
    parts = [_base_parts(row, rows) for row in rows]
    for _ in range(MOST_SETTINGS):
        texts = [", ".join(part) for part in parts]
        for text in {text for text in texts if texts.count(text) > 1}:
            alike = [number for number, other in enumerate(texts) if other == text]
            name = _first_differing([rows[number] for number in alike])
            for number in alike if name else ():
                parts[number].append(setting_text(name, rows[number].config.get(name)))
    texts = [", ".join(part) for part in parts]
    for distinguish in (_start_time, _folder_name):  # copies of a run have the same start time
        texts = [
            text if texts.count(text) == 1 and text else ", ".join((*part, distinguish(row)))
            for text, part, row in zip(texts, parts, rows, strict=True)
        ]
    return texts


def setting_text(name: str, value: object) -> str:
    """``lr 0.01``, ``adam``, ``batch 64``."""
    text = value_text(value)
    return text if name in SELF_EXPLANATORY else f"{SHORT_NAMES.get(name, name.replace('_', ' '))} {text}"


def value_text(value: object) -> str:
    """A setting's value, for people."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value != int(value):
        return short(value)
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _base_parts(row: RunRow, rows: Sequence[RunRow]) -> list[str]:
    """Network and data if they differ; for a single run, the network."""
    names = {one.name for one in rows}
    parts = [row.name or row.title] if len(names) > 1 or len(rows) == 1 else []
    return [*parts, row.data] if len({one.data for one in rows}) > 1 else parts


def _first_differing(rows: Sequence[RunRow]) -> str:
    """The first setting that differs; "" if none does."""
    names = [name for name in rows[0].config if name not in IGNORED and name not in LAST_RESORT]
    for name in (*names, *LAST_RESORT):
        if len({repr(row.config.get(name)) for row in rows}) > 1:
            return name
    return ""


def _folder_name(row: RunRow) -> str:
    return row.title


def _start_time(row: RunRow) -> str:
    from datetime import datetime

    try:
        return datetime.fromisoformat(row.created).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return row.title
