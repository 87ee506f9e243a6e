"""Searches carried through: trials are runs, as many as were asked for, whoever is killed or stopped."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import optuna
import pytest

from cnnplay.runs.folder import RunFolder
from cnnplay.runs.notes import read_notes
from cnnplay.search import coordination
from cnnplay.search.control import SearchControl
from cnnplay.search.engine import SearchRequest
from cnnplay.search.errors import SearchError, SearchFailure
from cnnplay.search.events import Event, ImportanceUpdated, Noted, SearchBegan, TrialBegan, TrialEpoch
from cnnplay.search.space import Choices, Range
from cnnplay.search.storage import default_url, display_url, url_of
from cnnplay.spec.settings import TrainConfig
from tests.search.conftest import Search

Make = Callable[..., SearchRequest]


def test_each_trial_is_a_tagged_run_and_the_best_of_them_is_named(order: Make) -> None:
    asked = order(
        {"learning_rate": Range(1e-4, 1e-1, log=True), "conv-1.filters": Choices((4,))}, 5, epochs=2
    )
    found = Search(asked)
    assert [trial.number for trial in found.trials] == [0, 1, 2, 3, 4]
    for trial in found.trials:
        run = RunFolder.open(trial.run)
        assert run.record.config.learning_rate == trial.settings["learning_rate"]
        assert run.best_epoch == trial.epoch
        assert read_notes(Path(trial.run)).tags == ("search", "a-study")
        assert f"Trial {trial.number} of the search a study" in read_notes(Path(trial.run)).note
    best = found.done.best
    assert best is not None
    assert best.value == max(trial.value or 0 for trial in found.trials)
    assert found.done.trials == 5
    assert found.done.reason == "done"
    assert sum(found.done.importance.values()) == pytest.approx(1)
    assert sum(isinstance(event, TrialEpoch) for event in found.events) == 10
    assert any(isinstance(event, ImportanceUpdated) for event in found.events)


def test_a_trial_without_validation_fails_with_a_reason(order: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnplay.training.epoch_evaluator.validate", lambda *_: None)
    (trial,) = Search(order(trials=1)).trials
    assert (trial.state, trial.value) == ("failed", None)
    assert "validation image" in trial.why


def test_the_same_seed_gives_the_same_trials_and_the_same_accuracies(order: Make, tmp_path: Path) -> None:
    one = Search(order())
    other = Search(order(storage=f"sqlite:///{tmp_path / 'other.sqlite3'}"))
    assert [(trial.settings, trial.value) for trial in one.trials] == [
        (trial.settings, trial.value) for trial in other.trials
    ]


def test_resuming_a_study_runs_its_remaining_trials(order: Make) -> None:
    Search(order(trials=1))
    more = Search(order(trials=3))
    began = next(event for event in more.events if isinstance(event, SearchBegan))
    assert (began.done, began.trials) == (1, 3)
    assert [trial.number for trial in more.trials] == [1, 2]
    assert Search(order(trials=3)).trials == []


def test_a_study_that_searches_something_else_is_not_resumed(order: Make) -> None:
    Search(order(trials=1))
    with pytest.raises(SearchError, match="a different space"):
        Search(order({"learning_rate": Range(1, 2)}))
    with pytest.raises(SearchError, match=r"setting epochs \(1 before, 2 now\)"):
        Search(order(epochs=2))


def test_values_that_make_no_network_fail_their_trial_and_the_search_continues(order: Make) -> None:
    found = Search(order({"conv-2.filters": Choices((4, 5))}, 6))
    states = {trial.settings["conv-2.filters"]: trial.state for trial in found.trials}
    assert states == {4: "complete", 5: "failed"}
    assert all("skip-1" in trial.why for trial in found.trials if trial.state == "failed")
    assert found.done.trials == 6
    assert found.done.best is not None
    assert found.done.best.settings == {"conv-2.filters": 4}


def test_a_loss_that_is_not_finite_fails_its_trial(order: Make) -> None:
    found = Search(order({"learning_rate": Choices((900.0,)), "optimizer": Choices(("sgd",))}, 1, epochs=3))
    (trial,) = found.trials
    assert trial.state == "failed"
    assert "the loss became" in trial.why
    assert found.done.best is None


def test_the_median_prunes_the_worse_half_and_keeps_its_runs(order: Make) -> None:
    study = order({"learning_rate": Choices((0.003, 1e-6))}, 12, epochs=3, pruner="median", seed=2)
    found = Search(study)
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        assert trial.epochs < 3
        assert "worse than other trials" in trial.why
        assert RunFolder.open(trial.run).last_epoch == trial.epochs
    assert found.done.counts["pruned"] == len(pruned)


def test_halving_prunes_some_after_one_epoch(order: Make) -> None:
    study = order({"learning_rate": Choices((0.003, 1e-6))}, 9, epochs=2, pruner="halving")
    assert {trial.epochs for trial in Search(study).trials if trial.state == "pruned"} == {1}


def test_a_stopped_trial_is_repeated_with_the_same_values(order: Make) -> None:
    def stop(event: Event, control: SearchControl) -> None:
        if isinstance(event, TrialEpoch) and event.number == 1:
            control.stop()

    stopped = Search(order(epochs=3), stop)
    assert [trial.state for trial in stopped.trials] == ["complete", "stopped"]
    assert (stopped.done.reason, stopped.done.trials) == ("stopped", 1)
    rest = Search(order(epochs=3))
    assert [trial.state for trial in rest.trials] == ["complete", "complete"]
    assert rest.trials[0].settings == stopped.trials[1].settings
    assert rest.done.trials == 3


def test_a_stop_before_anything_was_learned_leaves_no_run(order: Make) -> None:
    def stop(event: Event, control: SearchControl) -> None:
        if isinstance(event, TrialBegan):
            control.stop()

    (trial,) = Search(order(), stop).trials
    assert trial.run == ""
    assert trial.state == "stopped"


def test_a_trial_of_a_lost_worker_is_repeated_with_its_values(
    order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What a kill does, but for the process."""

    def die(event: Event, control: SearchControl) -> None:
        if isinstance(event, TrialEpoch):
            raise Killed

    with pytest.raises(Killed):
        Search(order(trials=2), die)
    monkeypatch.setattr(coordination, "_is_alive", lambda pid: False)
    found = Search(order(trials=2))
    (note,) = [event.message for event in found.events if isinstance(event, Noted)]
    assert note.startswith("trial 0: ")
    first = optuna.load_study(study_name="a study", storage=order().storage).trials[0]
    assert first.state == optuna.trial.TrialState.FAIL
    assert found.trials[0].settings == first.params
    assert found.done.trials == 2


def test_never_more_trials_than_were_asked_for_whoever_comes_late(order: Make) -> None:
    """Between the look and the number another worker took the last one."""
    taken: list[int] = []

    def another(event: Event, control: SearchControl) -> None:
        if isinstance(event, TrialBegan) and not taken:
            study = optuna.load_study(study_name="a study", storage=order().storage)
            taken.extend(study.ask().number for _ in range(2))
            study.tell(taken[0], 0.5)
            assert coordination.may_run(study, taken[0], 2)
            assert not coordination.may_run(study, taken[1], 2)
            study.tell(taken[1], state=optuna.trial.TrialState.FAIL)

    found = Search(order(trials=2), another)
    assert found.done.trials == 2
    assert [trial.number for trial in found.trials] == [0]


def test_the_grid_ends_when_all_its_points_were_tried(order: Make) -> None:
    found = Search(order({"optimizer": Choices(("sgd", "adam"))}, 10, sampler="grid"))
    assert found.done.reason == "exhausted"
    assert {trial.settings["optimizer"] for trial in found.trials} == {"sgd", "adam"}
    assert len(found.trials) == 2


def test_an_unusable_storage_is_an_error(order: Make, tmp_path: Path) -> None:
    (tmp_path / "no.sqlite3").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(SearchFailure, match="cannot be used: file is not a database"):
        Search(order(storage=f"sqlite:///{tmp_path / 'no.sqlite3'}"))
    with pytest.raises(SearchError, match="--storage must be an Optuna storage URL"):
        Search(order(storage="nothing://here"))


def test_a_password_is_never_shown(own_folders: Path) -> None:
    assert display_url("mysql://me:secret@host/studies") == "mysql://me:***@host/studies"
    assert url_of(None) == default_url() == f"sqlite:///{own_folders}/data/cnnplay/studies.sqlite3"
    assert url_of("/tmp/x.db") == "sqlite:////tmp/x.db"


def test_other_threads_and_devices_can_resume_a_study(order: Make) -> None:
    Search(order(trials=1))
    asked = order(trials=2)
    moved = msgspec.structs.replace(asked.config, threads=None, checkpoint_every=5.0)
    assert isinstance(moved, TrainConfig)
    import dataclasses

    assert Search(dataclasses.replace(asked, config=moved)).done.trials == 2
