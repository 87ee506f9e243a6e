"""A run's history as a table."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cnnplay.export.trained import Exported, ExportWriteError
from cnnplay.modules.atomic import replacing
from cnnplay.spec.events import EpochDone, Event

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a formula in a spreadsheet begins with."""

RESERVED = frozenset({"run", "network", "data", "epoch", "step"})
"""Columns that say which row it is."""


def epoch_rows(events: Iterable[Event]) -> list[dict[str, object]]:
    """A row for each completed epoch: its metrics, learning rate and times, and whether it is the best."""
    return [
        with_metrics(
            {"epoch": event.epoch, "step": event.step},
            event.metrics,
            {
                "learning_rate": event.learning_rate,
                "seconds": event.seconds,
                "images_per_second": event.images_per_second,
                "best": int(event.best),
            },
        )
        for event in events
        if isinstance(event, EpochDone)
    ]


def with_metrics(
    before: Mapping[str, object], metrics: Mapping[str, float], after: Mapping[str, object]
) -> dict[str, object]:
    """A row with metrics in its middle. A metric that is named like another column does not replace it."""
    taken = RESERVED | before.keys() | after.keys()
    named = {f"metric_{name}" if name in taken else name: value for name, value in metrics.items()}
    return {**before, **named, **after}


def cell(value: object) -> object:
    """A value for a table. Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def history_csv(rows: Sequence[Mapping[str, object]], path: Path) -> Exported:
    """Writes a header line and the rows; missing values stay empty. ExportWriteError if writing fails."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    try:
        with (
            replacing(path) as (temporary,),
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file)
            writer.writerow([cell(name) for name in columns])
            writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
        return Exported(path=path, format="csv", bytes=path.stat().st_size, trained=True)
    except OSError as error:
        raise ExportWriteError(f"{path}: cannot be written: {error.strerror or error}") from None
