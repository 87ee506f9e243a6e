"""A run's history as a table."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cnnplay.export.trained import Exported, ExportWriteError
from cnnplay.modules.atomic import replacing
from cnnplay.spec.events import EpochDone, Event


def epoch_rows(events: Iterable[Event]) -> list[dict[str, object]]:
    """A row for each completed epoch: epoch, step, metrics, seconds, images per second, best or not."""
    return [
        {
            "epoch": event.epoch,
            "step": event.step,
            **event.metrics,
            "seconds": event.seconds,
            "images_per_second": event.images_per_second,
            "best": int(event.best),
        }
        for event in events
        if isinstance(event, EpochDone)
    ]


def history_csv(rows: Sequence[Mapping[str, object]], path: Path) -> Exported:
    """Writes a header line and the rows; missing values stay empty. ExportWriteError if writing fails."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    try:
        with (
            replacing(path) as (temporary,),
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return Exported(path=path, format="csv", bytes=path.stat().st_size, trained=True)
    except OSError as error:
        raise ExportWriteError(f"{path}: cannot be written: {error.strerror or error}") from None
