"""The search in the window, without widgets: its space, options and trials."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network, find
from cnnplay.network.nodes import Convolution, Dense, Dropout, Flatten, MaxPooling, ReLU
from cnnplay.search.rows import TrialRow
from cnnplay.search.space import Choices, Range, Space
from cnnplay.search.suggest import suggested
from cnnplay.search.variables import variables, varying_settings
from cnnplay.spec.extras import install_command
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import TASKS
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs, finish_jobs
from cnnplay.ui.search.search_plots import best_so_far, importance_worth, importances, parallel
from cnnplay.ui.search.search_session import SearchSession
from cnnplay.ui.search.search_space import Scale, SpaceModel, problem_of
from cnnplay.ui.search.search_table import TrialTable
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from tests.watched import Watched

SMALL = Network(
    name="small",
    input=Input(1, 12, 12),
    task=Classification(10),
    stack=(
        Convolution(id="conv-1", filters=4),
        ReLU(id="relu-1"),
        MaxPooling(id="max-pool-1"),
        Flatten(id="flatten-1"),
        Dropout(id="dropout-1", p=0.3),
        Dense(id="dense-1", units=10),
    ),
)


@pytest.fixture(scope="session")
def few() -> ImageSet:
    """100 training and 50 validation digits."""
    digits = load("mnist-sample")
    assert digits.array is not None
    return ImageSet(
        key="few",
        title="A few digits",
        classes=digits.classes,
        images=digits.array,
        labels=digits.labels,
        train=digits.train[::40],
        validation=digits.validation[::20],
        shape=digits.shape,
        channels=1,
    )


class Bench:
    """All models that a search needs, and its messages."""

    def __init__(self, images: ImageSet) -> None:
        self.editor = EditorModel(SMALL)
        self.settings = SettingsModel(TrainConfig(epochs=2, batch_size=50, threads=1, device="cpu"))
        self.data = DataModel()
        self.data.use(images)
        self.run = RunModel(self.editor, self.settings, self.data)
        self.estimate = EstimateModel(self.editor, self.settings, self.data)
        self.session = SearchSession(self.editor, self.settings, self.data, self.run, self.estimate)
        self.model = self.session.model
        self.failed: list[str] = []
        self.said: list[str] = []
        self.session.failed.connect(self.failed.append)
        self.session.message.connect(self.said.append)

    def shutdown(self) -> None:
        self.session.model.shutdown()
        self.run.shutdown()
        close_jobs(self.session, self.estimate, self.data)


@pytest.fixture
def bench(qtbot: QtBot, few: ImageSet) -> Iterator[Bench]:
    made = Bench(few)
    yield made
    made.shutdown()
    assert made.failed == []


@pytest.fixture
def searched(bench: Bench, qtbot: QtBot) -> Bench:
    """A finished search of three trials of one epoch."""
    bench.editor.select(("conv-1",))
    bench.model.space.set_varied("conv-1.filters", True)
    bench.model.set_options(trials=3, epochs=1)
    assert bench.model.start()
    qtbot.waitUntil(lambda: not bench.model.active, timeout=30_000)
    finish_jobs(bench.model)
    return bench


# The space


def names(text: str, *parts: str) -> bool:
    """Whether a message names all of this."""
    return all(part in text for part in parts)


@pytest.fixture
def space(qtbot: QtBot) -> SpaceModel:
    return SpaceModel(EditorModel(SMALL), SettingsModel())


def test_by_default_the_learning_rate_varies_by_a_power_of_ten_to_each_side(space: SpaceModel) -> None:
    assert space.space == Space({"learning_rate": Range(1e-4, 1e-2, log=True)})
    assert space.summary == "1 parameter"
    space.set_varied("learning_rate", False)
    assert space.problem


def test_every_setting_has_a_first_range_within_its_limits() -> None:
    for field in varying_settings():
        entry = suggested(field, getattr(TrainConfig(), field.name))
        (variable,) = variables(Space({field.name: entry}), SMALL, "the space")
        assert problem_of(variable) == ""


def test_fields_of_the_selected_layer_are_listed_and_varied_ones_stay_listed(qtbot: QtBot) -> None:
    editor = EditorModel(SMALL)
    space = SpaceModel(editor, SettingsModel())
    editor.select(("conv-1",))
    space.set_varied("conv-1.filters", True)
    editor.select(("dropout-1",))
    listed = [row.name for row in next(group for group in space.groups if group.key == "layers").rows]
    assert listed == ["conv-1.filters", "dropout-1.p"]
    assert space.space.vary["conv-1.filters"] == Range(2, 8)
    editor.select(("conv-1",))
    editor.remove_selected()
    assert "conv-1.filters" not in space.space.vary


def test_an_invalid_range_is_reported_and_kept(space: SpaceModel) -> None:
    space.set_ends("learning_rate", low=5.0)
    assert names(space.problem, "learning rate", "above 5", "got 0.01")
    space.set_ends("learning_rate", low=0.0)
    assert names(space.problem, "learning rate", "from", "more than 0", "got 0")
    space.set_ends("learning_rate", low=1e-3)
    assert space.problem == ""
    space.set_varied("batch_size", True)
    space.set_ends("batch_size", high=80.5)
    assert names(space.problem, "batch size", "to", "integer", "got 80.5")
    space.set_ends("batch_size", high=80.0)
    space.set_scale("batch_size", Scale(step=16))
    assert space.space.vary["batch_size"] == Range(32, 80, step=16)
    space.set_varied("optimizer", True)
    for choice in ("momentum", "nesterov", "rmsprop", "adam", "adamw"):
        space.set_choice("optimizer", choice, False)
    assert names(space.problem, "optimizer", "at least two")


# Plots

ROWS = (
    TrialRow(number=0, state="complete", value=0.5, settings={"learning_rate": 1e-2, "optimizer": "adam"}),
    TrialRow(number=1, state="failed", settings={"learning_rate": 1e-1, "optimizer": "sgd"}, why="it broke"),
    TrialRow(number=2, state="pruned", value=0.2, settings={"learning_rate": 1e-4, "optimizer": "sgd"}),
    TrialRow(number=3, state="complete", value=0.9, settings={"learning_rate": 1e-3, "optimizer": "sgd"}),
)
VALUE = TASKS["classification"].primary
VARIED = variables(
    Space({"learning_rate": Range(1e-4, 1e-1, log=True), "optimizer": Choices(("sgd", "adam"))}), SMALL, "f"
)


def test_trials_cross_the_axes_at_their_values_and_the_best_is_last() -> None:
    drawn = parallel(VARIED, ROWS, VALUE)
    assert [axis.name for axis in drawn.axes] == ["learning_rate", "optimizer", "accuracy"]
    assert [line.number for line in drawn.lines] == [2, 0, 3]
    assert drawn.lines[0].crossings[:2] == pytest.approx((0.0, 0.25))
    assert drawn.lines[2].crossings[:2] == pytest.approx((1 / 3, 0.25))
    assert drawn.lines[0].pruned
    assert all(
        0 <= crossing <= 1 for line in drawn.lines for crossing in line.crossings if crossing is not None
    )
    assert [tick.text for tick in drawn.axes[1].ticks] == ["sgd", "adam"]


def test_the_best_so_far_counts_only_complete_trials() -> None:
    curve = best_so_far(ROWS, VALUE)
    assert (curve.numbers, curve.values) == ((0, 2, 3), (0.5, 0.2, 0.9))
    assert curve.best == (0.5, 0.5, 0.9)
    assert curve.text == "best 90.0 %, trial 3"
    assert [one.text for one in importances({"optimizer": 0.25, "learning_rate": 0.75}, VARIED)] == [
        "75 %",
        "25 %",
    ]


def test_the_table_sorts_numbers_as_numbers_and_missing_ones_last(qtbot: QtBot) -> None:
    table = TrialTable()
    table.show(VARIED, ROWS, 3, VALUE)
    heads = [table.headerData(column, Qt.Orientation.Horizontal) for column in range(table.columnCount())]
    assert heads == ["trial", "accuracy", "state", "learning rate", "optimizer", "epochs", "time"]
    table.sort(1, Qt.SortOrder.DescendingOrder)
    assert [table.number_at(row) for row in range(4)] == [3, 0, 2, 1]
    table.sort(3, Qt.SortOrder.AscendingOrder)
    assert [table.number_at(row) for row in range(4)] == [2, 3, 0, 1]
    assert table.data(table.index(3, 1)) == "–"
    assert table.row_of(0) == 2


# The search


def test_trials_come_one_by_one_and_the_best_is_known(searched: Bench) -> None:
    model = searched.model
    assert [row.state for row in model.rows] == ["complete"] * 3
    assert model.best is not None
    assert model.best.value == max(row.value or 0 for row in model.rows)
    assert model.status_text == "3 done"
    assert "3 trials are done" in model.disabled_reason()
    assert model.study.startswith("small-few-")
    assert {line.number for line in model.parallel.lines} == {0, 1, 2}


def test_a_study_is_listed_opened_and_resumed(searched: Bench, qtbot: QtBot) -> None:
    model, name = searched.model, searched.model.study
    before = model.rows
    assert [(study.name, study.trials) for study in model.studies] == [(name, 3)]
    model.new_study()
    assert (model.rows, model.study) == ((), "")
    model.open(name)
    finish_jobs(model)
    assert model.rows == before
    model.set_options(trials=4)
    assert model.start()
    qtbot.waitUntil(lambda: not model.active, timeout=30_000)
    finish_jobs(model)
    assert [row.number for row in model.rows] == [0, 1, 2, 3]


def test_promoting_loads_network_settings_and_weights_and_undo_restores_the_network(
    searched: Bench,
) -> None:
    model, editor = searched.model, searched.editor
    promoter = searched.session.promoter
    model.select(1)
    row = model.rows[1]
    promoter.promote()
    finish_jobs(promoter)
    assert find(editor.network, "conv-1").filters == row.settings["conv-1.filters"]  # type: ignore[union-attr]
    assert searched.settings.config.learning_rate == row.settings["learning_rate"]
    assert searched.settings.config.epochs == 1
    trained = searched.run.weights_cache.trained_for_editor
    assert trained is not None
    assert trained.weights.best_epoch == row.epoch
    (said,) = searched.said
    assert names(said, "trial 1", "with its weights")
    editor.undo_stack.undo()
    assert editor.network == SMALL


def test_a_trial_whose_run_was_deleted_is_promoted_without_weights(searched: Bench) -> None:
    best = searched.model.best
    assert best is not None
    shutil.rmtree(best.run)
    searched.session.promoter.promote()
    finish_jobs(searched.session.promoter)
    assert searched.settings.config.learning_rate == best.settings["learning_rate"]
    assert "without weights" in searched.said[0]


def test_no_run_during_a_search_and_no_search_during_a_run(bench: Bench, qtbot: QtBot) -> None:
    bench.model.set_options(trials=100, epochs=100_000)
    assert bench.model.start()
    assert "a search is running" in bench.run.disabled_reason("train")
    assert not bench.run.start()
    qtbot.waitUntil(lambda: bench.model.state == "running", timeout=30_000)
    bench.model.stop()
    assert bench.model.state == "stopping"
    qtbot.waitUntil(lambda: not bench.model.active, timeout=30_000)
    finish_jobs(bench.model)
    assert bench.run.disabled_reason("train") == ""
    assert bench.run.start()
    assert bench.model.disabled_reason().startswith("a run is in progress")
    bench.run.shutdown()


def test_the_state_changed_at_every_emission(bench: Bench, qtbot: QtBot) -> None:
    model = bench.model
    watched = Watched(
        model.state_changed,
        lambda: (
            *(model.state, model.study, model.trials, model.epochs, model.sampler, model.pruner),
            *(model.estimate_text, model.disabled_reason()),
        ),
    )
    bench.editor.set_fields(("conv-1",), "filters", 6)
    bench.editor.set_fields(("conv-1",), "kernel_size", (99, 99))
    bench.editor.undo()
    bench.settings.set("label_smoothing", 0.1)
    model.space.set_varied("learning_rate", False)
    model.space.set_varied("learning_rate", True)
    model.set_options(trials=2, epochs=1)
    model.set_options(trials=2, epochs=1)
    assert bench.run.start()
    qtbot.waitUntil(lambda: not bench.run.active, timeout=30_000)
    assert model.start()
    qtbot.waitUntil(lambda: not model.active, timeout=30_000)
    finish_jobs(model)
    model.new_study()
    watched.check()
    assert len(watched.seen) < 25


def test_shutdown_during_a_search_joins_its_thread_and_the_trial_is_repeated(
    bench: Bench, qtbot: QtBot
) -> None:
    bench.model.set_options(trials=1, epochs=100_000)
    bench.model.start()
    qtbot.waitUntil(lambda: any(row.epochs for row in bench.model.rows), timeout=30_000)
    name = bench.model.study
    bench.model.shutdown()
    bench.model.open(name)
    finish_jobs(bench.model)
    assert [row.state for row in bench.model.rows] == ["stopped", "waiting"]
    assert bench.model.rows[0].settings == bench.model.rows[1].settings


def test_an_error_in_the_thread_is_reported(bench: Bench, qtbot: QtBot, own_folders: Path) -> None:
    storage = own_folders / "data" / "cnnplay" / "studies.sqlite3"
    storage.parent.mkdir(parents=True)
    storage.write_bytes(b"this is no database " * 100)
    with qtbot.waitSignal(bench.model.failed, timeout=30_000):
        bench.model.start()
    finish_jobs(bench.model)
    assert names(bench.failed[0], "studies.sqlite3", "not a database")
    bench.failed.clear()
    assert not bench.model.active
    assert bench.model.study == ""


def test_without_optuna_nothing_starts_and_it_says_how_to_install_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.spec.extras.find_spec", lambda name: None)
    assert install_command("search") in bench.model.disabled_reason()
    assert not bench.model.start()


@pytest.mark.parametrize(
    ("complete", "worth"),
    [(4, "4 trials: a guess"), (50, "50 trials: rough"), (400, "400 trials")],
)
def test_the_importance_says_how_many_trials_it_is_worth(complete: int, worth: str) -> None:
    rows = [TrialRow(number=number, state="complete", value=0.5) for number in range(complete)]
    assert importance_worth([*rows, TrialRow(number=complete, state="pruned", value=0.1)]) == worth
