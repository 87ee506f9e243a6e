"""Tasks are rows of registries: every task has all rows, and a task that only this test knows is followed
everywhere by its own metric, of which less is better.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor

from cnnplay.cli.runs import list_runs
from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network, Task, task_key
from cnnplay.network.nodes import Dense, Flatten
from cnnplay.runs.files import files_of
from cnnplay.runs.filter import parse
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.row import RunRow
from cnnplay.runs.run_store import store_folder
from cnnplay.runs.summary import RunReader
from cnnplay.search.control import SearchControl
from cnnplay.search.engine import SearchRequest, search
from cnnplay.search.space import Choices, Space
from cnnplay.search.studies import open_study
from cnnplay.shapes.tasks import TASK_SHAPES
from cnnplay.spec.events import EpochDone, Event, Finished, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import LOSS, TASKS, Metric, TaskInfo
from cnnplay.training.classification import CLASSIFICATION
from cnnplay.training.job import Job
from cnnplay.training.loop import train
from cnnplay.training.task import TrainingTask
from cnnplay.training.tasks import TRAINING_TASKS
from cnnplay.ui.runs.run_columns import columns
from cnnplay.ui.runs.run_facts import facts
from cnnplay.ui.train.curves import CurvesModel, best_text
from cnnplay.ui.train.history import History

BLUR = Metric(
    name="blur",
    title="blur",
    better="lower",
    format="number",
    meaning="How blurred the answers are",
    hint="Mean blur: the answers' distance from certainty",
    aliases=("fog",),
)
BLURS = [0.5, 0.25, 0.375, 0.4375, 0.1]
"""What each evaluation finds."""
NETWORK = Network(
    name="toy",
    input=Input(1, 8, 8),
    task=Classification(10),
    stack=(Flatten(id="f"), Dense(id="d", units=10)),
)


class ToyEvaluator:
    """Finds the next of BLURS, whatever it is shown."""

    def __init__(self, found: Iterator[float]) -> None:
        self._found = found

    def add(self, outputs: Tensor, targets: Tensor, indices: Tensor) -> None:
        pass

    def result(self) -> tuple[dict[str, float], None]:
        return {"blur": next(self._found)}, None


def _measure(outputs: Tensor, targets: Tensor) -> tuple[Tensor]:
    return ((1 - outputs.detach().softmax(1).amax(1)).sum(),)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task: it takes the place of classification's key, which files can hold."""
    info = TaskInfo(key="classification", metrics=(BLUR,), primary=BLUR, tie=LOSS)
    found = iter(BLURS)
    task = TrainingTask(CLASSIFICATION.loss, _measure, lambda: ToyEvaluator(found))
    monkeypatch.setitem(TASKS, "classification", info)
    monkeypatch.setitem(TRAINING_TASKS, "classification", task)


@pytest.fixture(scope="module")
def few() -> ImageSet:
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


Recorded = tuple[RunFolder, list[Event]]


@pytest.fixture
def recorded(toy: None, few: ImageSet, tmp_path: Path) -> Recorded:
    """A run of up to eight epochs that stops two after its best one."""
    config = TrainConfig(epochs=8, early_stopping=2, batch_size=50, threads=1, device="cpu")
    heard: list[Event] = []
    path = store_folder() / tmp_path.name
    with RunRecorder.create(path, network=NETWORK, config=config, data="few") as folder:

        def sink(event: Event) -> None:
            heard.append(event)
            folder.sink(event)

        folder.close(train(Job(folder.record.run, NETWORK, config, few), sink, folder.observe))
    return RunFolder.open(folder.path), heard


def _of(heard: list[Event], kind: Callable[..., Event]) -> list[Event]:
    return [event for event in heard if isinstance(event, kind)]  # type: ignore[arg-type]


def _row(run: RunFolder) -> RunRow:
    return RunReader(run.path).row(files_of(run.path))


def test_every_task_has_a_row_in_each_table() -> None:
    tasks = {kind.__struct_config__.tag for kind in get_args(Task) or (Task,)}
    assert tasks == TASKS.keys() == TRAINING_TASKS.keys() == TASK_SHAPES.keys()
    for key, info in TASKS.items():
        assert info.key == key
        assert info.primary in info.metrics
        assert info.tie in (LOSS, *info.metrics)
    assert task_key(NETWORK.task) == "classification"


@pytest.mark.parametrize("key", TASKS)
def test_a_task_measures_the_metrics_that_its_row_names(key: str) -> None:
    task, outputs, targets = TRAINING_TASKS[key], torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    assert len(task.measure(outputs, targets)) == len(TASKS[key].step_metrics)
    evaluator = task.evaluator()
    evaluator.add(outputs, targets, torch.arange(6))
    assert evaluator.result()[0].keys() == {metric.name for metric in TASKS[key].metrics}


def test_a_better_metric_has_the_higher_rank_and_nan_the_lowest() -> None:
    info = TaskInfo(key="toy", metrics=(BLUR,), primary=BLUR, tie=LOSS)
    ranks = [
        info.rank(metrics)
        for metrics in (
            {"blur": 0.1, "loss": 2.0},
            {"blur": 0.2, "loss": 1.0},
            {"blur": 0.2, "loss": 1.5},
            {"blur": np.nan, "loss": 0.0},
        )
    ]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 4


def test_events_name_the_tasks_metrics(recorded: Recorded) -> None:
    _, heard = recorded
    steps, epochs = _of(heard, Stepped), _of(heard, EpochDone)
    assert {tuple(step.metrics) for step in steps} == {("blur",)}
    assert all(0 < step.metrics["blur"] < 1 and step.accuracy is None for step in steps)
    assert set(epochs[0].metrics) == {"train_loss", "train_blur", "validation_loss", "validation_blur"}
    means = [np.average([s.metrics["blur"] for s in steps if s.epoch == done.epoch]) for done in epochs]
    assert [done.metrics["train_blur"] for done in epochs] == pytest.approx(means)


def test_the_epoch_with_the_lowest_value_is_best_and_training_stops_early_after_it(
    recorded: Recorded,
) -> None:
    run, heard = recorded
    assert [done.best for done in _of(heard, EpochDone)] == [True, True, False, False]
    (end,) = _of(heard, Finished)
    assert (end.reason, end.best_epoch) == ("early", 2)
    best = run.best()
    assert best is not None
    assert (best.epoch, best.metrics["blur"]) == (2, 0.25)


def test_a_checkpoint_keeps_the_sums_of_a_tasks_metrics(
    recorded: Recorded, few: ImageSet, tmp_path: Path
) -> None:
    from dataclasses import replace

    from cnnplay.runs.checkpoint import load as load_state
    from cnnplay.runs.checkpoint import save

    state = recorded[0].state()
    within = replace(state.place, batches=1, loss=3.5, sums={"blur": 1.25}, images=50)
    save(replace(state, place=within), tmp_path / "state")
    place = load_state(tmp_path / "state", None).place
    assert (place.loss, place.sums["blur"], place.images) == (3.5, 1.25, 50)


def test_the_table_of_runs_the_filter_and_the_command_line_follow_the_metric(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    row = _row(recorded[0])
    assert (row.best_epoch, row.best["blur"], row.last["blur"]) == (2, 0.25, 0.4375)
    shown = {column.key: column for column in columns()}
    assert (shown["blur"].title, shown["blur"].text(row), shown["blur"].sort(row)) == ("Blur", "0.250", 0.25)
    assert "accuracy" not in shown
    assert dict(facts(row))["best"].startswith("0.250, loss ")
    for line, matches in (("blur<0.3", True), ("fog<0.2", False), ("blur>0.3", False), ("blur=0.25", True)):
        assert parse(line).takes(row) is matches, line
    assert "unknown field accuracy" in parse("accuracy>0.5").problem
    list_runs([], False, False)
    assert "blur" in capsys.readouterr().out


def test_curves_show_the_metric_and_mark_its_best_epoch(recorded: Recorded) -> None:
    _, heard = recorded
    history, model = History(heard), CurvesModel()
    assert best_text(history) == "best 0.250"
    assert model.summary("blur", history) == "best 0.250, epoch 2"
    assert "distance from certainty" in model.hint("blur", history)
    assert model.best("blur", history) == (2.0, 0.25)
    assert model.bounds("blur", history).bottom == 0.0
    assert {line.part for line in model.lines("blur", history, None, 0, 4, 400)} == {
        "raw",
        "training",
        "validation",
    }
    (started,) = _of(heard, Started)
    again = History(history.saved())
    assert started.task == "classification"
    np.testing.assert_array_equal(again.steps("blur").y, history.steps("blur").y)


def test_a_metric_that_is_not_measured_in_steps_is_drawn_per_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metric = Metric(
        name="blur", title="blur", better="lower", format="number", meaning="", hint="", steps=False
    )
    info = TaskInfo(key="classification", metrics=(metric,), primary=metric, tie=LOSS)
    monkeypatch.setitem(TASKS, "classification", info)
    heard: list[Event] = [
        Started(
            run="r", network="n", data="d", config=TrainConfig(), device="cpu", parameters=1, train_size=2,
            validation_size=2, steps_per_epoch=1, task="classification",
        ),
        Stepped.make("r", 1, 1, 1.0, {}, 2),
        EpochDone(
            run="r", epoch=1, step=1, metrics={"validation_blur": 0.5}, seconds=1, images_per_second=1,
            best=True,
        ),
    ]  # fmt: skip
    history = History(heard)
    assert len(history.smoothed("blur", 1)) == 0
    lines = CurvesModel().lines("blur", history, None, 0, 1, 400)
    assert {line.part for line in lines} == {"validation"}


def test_a_search_looks_for_the_lowest_value(toy: None, few: ImageSet, tmp_path: Path) -> None:
    config = TrainConfig(epochs=2, batch_size=50, threads=1, device="cpu")
    url = f"sqlite:///{tmp_path}/studies.sqlite3"
    space = Space({"seed": Choices((1, 2))})
    request = SearchRequest(NETWORK, config, few, space, "toy", url, 2, sampler="grid")
    done = search(request, lambda event: None, SearchControl())
    assert done.best is not None
    # Two epochs a trial: the first finds 0.5 and 0.25, the second 0.375 and 0.4375.
    assert (done.best.number, done.best.value, done.best.epoch) == (0, 0.25, 2)
    found = open_study("toy", url)
    assert [row.value for row in found.rows] == [0.25, 0.375]
    assert found.record.metric == BLUR
