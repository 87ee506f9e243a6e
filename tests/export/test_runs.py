"""Runs as tables and as TensorBoard logs, read back with TensorBoard's own reader."""

import csv
import errno
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cnnplay.export.runs import EPOCHS, RUNS, STEPS, runs_csv, runs_tensorboard
from cnnplay.export.trained import ExportError, ExportWriteError
from cnnplay.runs.notes import Notes, write_notes
from cnnplay.runs.record import RunError
from cnnplay.spec.settings import TrainConfig
from tests.runs_bench import epoch_events, make_run, started, write


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [
        make_run(tmp_path / "store" / "one", epochs=2, learning_rate=0.02),
        make_run(tmp_path / "store" / "two", epochs=3, data="mnist"),
    ]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_epochs_and_steps_are_in_the_tables_with_their_runs(runs: list[Path], tmp_path: Path) -> None:
    runs_csv(runs, tmp_path)
    epochs, steps = read(tmp_path / EPOCHS), read(tmp_path / STEPS)
    assert [(row["run"], row["epoch"]) for row in epochs] == [
        ("one", "1"), ("one", "2"), ("two", "1"), ("two", "2"), ("two", "3"),
    ]  # fmt: skip
    assert (epochs[4]["data"], float(epochs[4]["validation_accuracy"])) == ("mnist", 1 - 0.5 / 3)
    assert len(steps) == 20
    assert (steps[5]["run"], steps[5]["step"], steps[5]["epoch"]) == ("one", "6", "2")
    assert float(steps[5]["seconds"]) == 3.0, "epochs of four steps take two seconds each"


def test_each_run_has_a_row_with_its_results_and_settings(runs: list[Path], tmp_path: Path) -> None:
    write_notes(runs[0], Notes(note="a try", tags=("wide", "night")))
    runs_csv(runs, tmp_path)
    one, two = read(tmp_path / RUNS)
    assert (one["run"], one["epochs_done"], one["state"]) == ("one", "2", "done")
    assert (one["learning_rate"], one["optimizer"]) == ("0.02", "adam")
    assert (one["tags"], one["note"]) == ("wide night", "a try")
    assert (two["data"], float(two["best_validation_accuracy"])) == ("mnist", 1 - 0.5 / 3)
    assert two["best_epoch"] == "3"
    assert set(TrainConfig.__struct_fields__) <= set(one)


def test_a_resumed_run_has_each_step_once(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one", epochs=2, ended="", accuracy=0.1)
    goes_on = started("one", TrainConfig(epochs=2), done=6, within=2)
    write(run, [goes_on, *epoch_events("one", 2, begin=2)])
    runs_csv([run], tmp_path)
    assert [row["step"] for row in read(tmp_path / STEPS)] == [str(n) for n in range(1, 9)]
    assert [float(row["validation_accuracy"]) for row in read(tmp_path / EPOCHS)] == [0.1, 0.75]


def test_tensorboard_reads_what_was_written(runs: list[Path], tmp_path: Path) -> None:
    folders = runs_tensorboard(runs, tmp_path / "board")
    assert [folder.name for folder in folders] == ["one", "two"]
    found = EventAccumulator(str(folders[1]))
    found.Reload()
    assert {"loss/step", "accuracy/step", "loss/training", "loss/validation", "accuracy/validation"} <= set(
        found.Tags()["scalars"]
    )
    steps = found.Scalars("loss/step")
    assert [one.step for one in steps] == list(range(1, 13))
    accuracies = found.Scalars("accuracy/validation")
    assert [one.value for one in accuracies] == pytest.approx([0.5, 0.75, 1 - 0.5 / 3])
    assert [one.step for one in accuracies] == [4, 8, 12]
    assert [one.wall_time - accuracies[0].wall_time for one in accuracies] == pytest.approx([0, 2, 4])
    (settings,) = found.Tensors("settings/text_summary")
    assert b"| learning_rate | 0.001 |" in settings.tensor_proto.string_val[0]


def test_an_existing_folder_is_not_written_into(runs: list[Path], tmp_path: Path) -> None:
    board = tmp_path / "board"
    (board / "two").mkdir(parents=True)
    with pytest.raises(ExportError, match="already exists"):
        runs_tensorboard(runs, board)
    assert [path.name for path in board.iterdir()] == ["two"]


def test_a_full_disk_leaves_no_files(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tensorboardX.summary.scalar", full)
    with pytest.raises(ExportWriteError, match="No space left"):
        runs_tensorboard(runs, tmp_path / "board")
    assert list((tmp_path / "board").iterdir()) == []


def test_without_the_package_the_error_says_how_to_install_it(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.spec.extras.find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"pip install '\.\[tensorboard\]'"):
        runs_tensorboard(runs, tmp_path / "board")


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    (run / "events.jsonl").write_text("nonsense\n")
    with pytest.raises(RunError, match=r"events\.jsonl, line 1"):
        runs_csv([run], tmp_path)
