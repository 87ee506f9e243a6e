"""A new run that continues another one: its folder holds the training from its beginning."""

from pathlib import Path

import numpy as np
import torch

from cnnplay.network.presets import preset
from cnnplay.runs.effective_events import effective_events, elapsed, epoch_ends
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.recorder import RunRecorder
from cnnplay.spec.events import EpochDone, Event, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import of_split
from cnnplay.training.state import BestEpoch
from cnnplay.ui.train.history import History
from tests.runs_bench import epoch_events, finished, started

WEIGHTS = {"conv-1.bias": torch.arange(3.0)}
BEST = {"conv-1.bias": torch.ones(3)}


def before(steps: int = 4) -> list[Event]:
    """A run of two epochs that was stopped."""
    first = started("first", TrainConfig(epochs=5), steps)
    return [
        first,
        *epoch_events("first", 1, steps),
        *epoch_events("first", 2, steps),
        finished("first", 2, "stopped"),
    ]


def continued(path: Path) -> RunRecorder:
    folder = RunRecorder.create(
        path,
        network=preset("tiny-cnn").network,
        config=TrainConfig(epochs=3),
        data="mnist-sample",
        run="second",
    )
    done = before()[-2]
    assert isinstance(done, EpochDone)
    best = BestEpoch(2, of_split(done.metrics, "validation"), BEST)
    folder.continue_from(before(), WEIGHTS, 2, best)
    return folder


def test_its_folder_has_the_earlier_curve_and_weights(tmp_path: Path) -> None:
    folder = continued(tmp_path / "run")
    folder.sink(started("second", TrainConfig(epochs=3), first_epoch=3))
    folder.close()
    read = RunFolder.open(tmp_path / "run")
    assert {event.run for event in read.events()} == {"second"}
    outcome = read.outcome()
    assert (list(outcome.epochs), outcome.epochs_asked, outcome.ended) == ([1, 2], 5, "")
    assert outcome.fields()["seconds"] == 4.0
    assert (read.last_epoch, read.best_epoch) == (2, 2)
    best = read.best()
    assert best is not None
    assert best.metrics == {"loss": 0.55, "accuracy": 0.75}
    assert torch.equal(read.weights("best")["conv-1.bias"], BEST["conv-1.bias"])
    assert torch.equal(read.weights("last")["conv-1.bias"], WEIGHTS["conv-1.bias"])


def test_it_leaves_nothing_if_it_learns_nothing(tmp_path: Path) -> None:
    folder = continued(tmp_path / "run")
    folder.close()
    folder.discard()
    assert not (tmp_path / "run").exists()
    folder = continued(tmp_path / "run")
    folder.sink(epoch_events("second", 3)[-1])
    folder.close()
    folder.discard()
    assert (tmp_path / "run").exists(), "it has an epoch of its own"


def test_earlier_steps_stay_when_it_is_resumed_with_fewer_steps_an_epoch() -> None:
    """Their numbers are higher than those of the steps that were done since."""
    second = started("second", TrainConfig(epochs=3), 2, first_epoch=3)
    again = started("second", TrainConfig(epochs=3), 2, first_epoch=3, done=6, within=4)
    told = effective_events(
        [*before(), second, *epoch_events("second", 3, 2), *epoch_events("second", 4, 2), again]
    )
    steps = [event for event in told if isinstance(event, Stepped)]
    assert [event.step for event in steps] == list(range(1, 11)), "and are numbered in order"
    assert [event.epoch for event in steps] == [1] * 4 + [2] * 4 + [3] * 2
    seconds = elapsed(np.asarray([float(event.step) for event in steps]), epoch_ends(told))
    assert seconds.tolist() == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6]
    history = History(told)
    assert history.steps("loss").x.tolist() == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]
