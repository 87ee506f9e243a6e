"""Which steps of a run that goes on for days are written down, and what its readers make of that."""

from pathlib import Path

import numpy as np
import pytest

from cnnplay.runs import log as module
from cnnplay.runs.digest import Digest
from cnnplay.runs.log import ALL, EventLog, recorded
from cnnplay.runs.tail import EVENTS, Tail
from cnnplay.spec.events import EpochDone, Event, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.train.history import History
from tests.runs_bench import started

STEPS = 40


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL", 100)


def told(first: int, last: int) -> list[Event]:
    found: list[Event] = []
    for step in range(first, last + 1):
        epoch = (step - 1) // STEPS + 1
        found.append(Stepped(run="r", step=step, epoch=epoch, loss=1 / step, accuracy=0.5, images=8))
        if step % STEPS == 0:
            found.append(
                EpochDone(
                    run="r", epoch=epoch, step=step, metrics={"train_loss": 1.0, "validation_accuracy": 0.5},
                    seconds=1.0, images_per_second=1.0, best=epoch == 1,
                )
            )  # fmt: skip
    return found


def written(folder: Path, events: list[Event]) -> list[Event]:
    log = EventLog(folder / EVENTS)
    for event in events:
        log.append(event)
    log.close()
    tail = Tail(folder)
    return tail.decoded(tail.lines_since())


def test_the_first_steps_are_all_recorded_and_each_doubling_takes_as_many_lines() -> None:
    assert all(map(recorded, range(1, ALL + 1)))
    counts = [sum(map(recorded, range(ALL * 2**n + 1, ALL * 2 ** (n + 1) + 1))) for n in range(4)]
    assert counts == [ALL // 2] * 4


@pytest.mark.usefixtures("short")
def test_all_but_steps_are_always_there(tmp_path: Path) -> None:
    events = [started("r", TrainConfig(epochs=50), STEPS), *told(1, 2_000)]
    found = written(tmp_path, events)
    steps = [event.step for event in found if isinstance(event, Stepped)]
    assert steps[:100] == list(range(1, 101))
    assert len(steps) < 100 + 50 * 5
    assert [one for one in found if not isinstance(one, Stepped)] == [
        one for one in events if not isinstance(one, Stepped)
    ]


@pytest.mark.usefixtures("short")
def test_a_run_that_went_on_is_read_with_every_step_at_its_place(tmp_path: Path) -> None:
    config = TrainConfig(epochs=50)
    again = started("r", config, STEPS, first_epoch=25, done=24 * STEPS)
    events: list[Event] = [started("r", config, STEPS), *told(1, 1_001), again, *told(961, 1_500)]
    found, history = written(tmp_path, events), History()
    steps = [event.step for event in found if isinstance(event, Stepped)]
    assert 961 in steps[-400:], "the first step after going on says where that was"
    assert not recorded(961)
    history.extend(found)
    numbers = history.numbers
    assert (np.diff(numbers) > 0).all()
    assert history.steps("loss").x == pytest.approx(numbers / STEPS)
    assert history.steps("loss").y == pytest.approx(1 / numbers)
    assert history.averaged == "epochs"
    digest = Digest()
    for event in found:
        digest.take(event)
    fields = digest.fields()
    assert isinstance(digest.started, Started)
    assert (fields["epochs_done"], fields["best_epoch"]) == (37, 1)
    assert fields["steps"] >= 37 * STEPS


def test_the_digest_of_a_run_of_very_many_epochs_keeps_what_its_row_tells() -> None:
    digest, whole = Digest(), {}
    digest.take(started("r", TrainConfig(epochs=20_000), STEPS))
    for epoch in range(1, 10_001):
        accuracy = 0.9 - abs(epoch - 4_000) / 1e5 + (epoch % 7) / 1e3
        whole[epoch] = accuracy
        metrics = {"validation_accuracy": accuracy, "validation_loss": 1.0}
        digest.take(
            EpochDone(
                run="r", epoch=epoch, step=epoch * STEPS, metrics=metrics, seconds=2.0,
                images_per_second=1.0, best=False,
            )
        )  # fmt: skip
    assert len(digest.epochs) < 7_000
    fields = digest.fields()
    best = max(whole, key=lambda epoch: whole[epoch])
    assert (fields["best_epoch"], fields["epochs_done"], fields["seconds"]) == (best, 10_000, 20_000.0)
    digest.take(started("r", TrainConfig(epochs=20_000), STEPS, first_epoch=2_001, done=2_000 * STEPS))
    best = max(range(1, 2_001), key=lambda epoch: whole[epoch])
    assert digest.fields()["best_epoch"] == best
