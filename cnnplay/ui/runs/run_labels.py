"""What tells chosen runs apart, in a few words: the network where it differs, else the settings that do."""

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
BARE = frozenset({"optimizer", "schedule", "loss", "initialisation", "fit"})
"""Settings whose value says what it is the value of."""
DULL = frozenset({"device", "threads", "checkpoint_every"})
LAST = ("epochs", "seed")
"""Settings that tell runs apart only where no other does."""


def labels(rows: Sequence[RunRow]) -> list[str]:
    """A label a run, in their order, as short as tells them apart; where nothing else does, the time at which
    they began, or their folders' names.
    """
    parts = [_heads(row, rows) for row in rows]
    for _ in range(MOST_SETTINGS):
        texts = [", ".join(part) for part in parts]
        for text in {text for text in texts if texts.count(text) > 1}:
            alike = [number for number, other in enumerate(texts) if other == text]
            name = _first_differing([rows[number] for number in alike])
            for number in alike if name else ():
                parts[number].append(setting_words(name, rows[number].config.get(name)))
    texts = [", ".join(part) for part in parts]
    for words in (_clock, _title):  # copies of a run began at the same time
        texts = [
            text if texts.count(text) == 1 and text else ", ".join((*part, words(row)))
            for text, part, row in zip(texts, parts, rows, strict=True)
        ]
    return texts


def setting_words(name: str, value: object) -> str:
    """``lr 0.01``, ``adam``, ``batch 64``."""
    text = value_words(value)
    return text if name in BARE else f"{SHORT_NAMES.get(name, name.replace('_', ' '))} {text}"


def value_words(value: object) -> str:
    """A setting's value as people write it."""
    if value is None:
        return "chosen"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value != int(value):
        return short(value)
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _heads(row: RunRow, rows: Sequence[RunRow]) -> list[str]:
    """Network and data, where they differ; of a single run the network."""
    names = {one.name for one in rows}
    parts = [row.name or row.title] if len(names) > 1 or len(rows) == 1 else []
    return [*parts, row.data] if len({one.data for one in rows}) > 1 else parts


def _first_differing(rows: Sequence[RunRow]) -> str:
    """The first setting that is not the same in all; "" where all are."""
    names = [name for name in rows[0].config if name not in DULL and name not in LAST]
    for name in (*names, *LAST):
        if len({repr(row.config.get(name)) for row in rows}) > 1:
            return name
    return ""


def _title(row: RunRow) -> str:
    return row.title


def _clock(row: RunRow) -> str:
    from datetime import datetime

    try:
        return datetime.fromisoformat(row.created).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return row.title
