import csv
from pathlib import Path

import pytest

from cnnplay.export.history import epoch_rows, history_csv
from cnnplay.export.trained import ExportWriteError
from cnnplay.spec.events import EpochDone, Stepped


def _epoch(number: int, **metrics: float) -> EpochDone:
    return EpochDone(
        run="r",
        epoch=number,
        step=63 * number,
        metrics=metrics,
        seconds=1.5,
        images_per_second=2000,
        best=number == 2,
    )


def test_the_table_has_a_row_per_epoch_and_all_metrics_of_any(tmp_path: Path) -> None:
    step = Stepped(run="r", step=1, epoch=1, loss=2.3, accuracy=0.1, images=64)
    rows = epoch_rows([step, _epoch(1, train_loss=0.5), _epoch(2, train_loss=0.25, validation_loss=0.3)])
    result = history_csv(rows, tmp_path / "h.csv")
    assert result.bytes == (tmp_path / "h.csv").stat().st_size
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["epoch"] for row in found] == ["1", "2"]
    assert [row["train_loss"] for row in found] == ["0.5", "0.25"]
    assert [row["validation_loss"] for row in found] == ["", "0.3"]
    assert [row["best"] for row in found] == ["0", "1"]


def test_text_that_a_spreadsheet_would_compute_stays_text(tmp_path: Path) -> None:
    rows = [{"name": text, "=1+1": -0.5} for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain - text")]
    history_csv(rows, tmp_path / "h.csv")
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as file:
        header, *found = list(csv.reader(file))
    assert header == ["name", "'=1+1"]
    assert [row[0] for row in found] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "plain - text"]
    assert {row[1] for row in found} == {"-0.5"}  # a negative number stays a number


def test_metrics_named_like_a_column_do_not_replace_it() -> None:
    (row,) = epoch_rows([_epoch(3, epoch=0.1, step=0.2, run=0.3, seconds=0.4, train_loss=0.5)])
    assert (row["epoch"], row["step"], row["seconds"]) == (3, 189, 1.5)
    assert "run" not in row
    assert [row[f"metric_{name}"] for name in ("epoch", "step", "run", "seconds")] == [0.1, 0.2, 0.3, 0.4]
    assert row["train_loss"] == 0.5


def test_a_history_without_epochs_is_an_empty_table(tmp_path: Path) -> None:
    history_csv([], tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text(encoding="utf-8").strip() == ""


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportWriteError, match="nowhere"):
        history_csv([], tmp_path / "nowhere" / "h.csv")
