"""The run's model with the real engine: start, pause, step, stop, resume, failures, probes."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from cnnplay.network.edits import Edited, remove
from cnnplay.network.presets import preset
from cnnplay.spec.events import EpochDone
from tests.train_bench import ENDLESS, WAIT, bench, blobs, until


def test_a_run_goes_from_start_to_end_and_leaves_weights(qtbot: QtBot) -> None:
    with bench() as one:
        states: list[str] = []
        one.run.state_changed.connect(lambda: states.append(one.run.state))
        assert one.run.start()
        until(qtbot, one.run, "idle")
        assert list(dict.fromkeys(states)) == ["starting", "running", "idle"]
        assert [done.epoch for done in one.run.history.epochs] == [1, 2]
        assert len(one.run.history) == 2 * 8
        assert one.run.failure is None
        assert one.run.weights_cache.weights is not None
        assert one.run.weights_cache.trained is not None
        assert one.run.weights_cache.trained.weights.best is not None
        assert one.run.weights_cache.trained.weights.network == one.editor.network
        assert one.run.weights_cache.facts is not None
        assert one.run.weights_cache.facts.classes == ("dark", "light")
        assert one.run.recorder.progress.fraction == 1.0


def test_weights_are_there_after_each_epoch_while_the_run_is_on(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        with qtbot.waitSignal(one.run.recorder.epoch_done, timeout=WAIT):
            one.run.start()
        qtbot.waitUntil(lambda: one.run.weights_cache.weights is not None, timeout=WAIT)
        assert one.run.active
        assert one.run.weights_cache.trained is not None
        assert one.run.weights_cache.trained.weights.best is not None


def test_pause_step_and_resume_act_between_two_batches(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.run.pause()
        until(qtbot, one.run, "paused")
        qtbot.waitUntil(lambda: not one.run.pausing, timeout=WAIT)
        before = len(one.run.history)
        one.run.single_step()
        qtbot.waitUntil(lambda: len(one.run.history) > before, timeout=WAIT)
        assert len(one.run.history) == before + 1
        assert one.run.state == "paused"
        one.run.resume()
        until(qtbot, one.run, "running")
        one.run.stop()
        until(qtbot, one.run, "idle")
        assert one.run.history.finished is not None
        assert one.run.history.finished.reason == "stopped"


def test_a_single_step_without_a_run_begins_one_and_waits(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.single_step()
        qtbot.waitUntil(lambda: len(one.run.history) == 1, timeout=WAIT)
        until(qtbot, one.run, "paused")
        assert len(one.run.history) == 1


def test_resuming_continues_the_epochs_and_training_from_scratch_keeps_the_previous_curve(
    qtbot: QtBot,
) -> None:
    with bench() as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.can_resume
        one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3, 4]
        assert one.run.history.steps("loss").x[-1] == 4.0
        assert (np.diff(one.run.history.steps("loss").x) > 0).all()
        assert one.run.recorder.previous is None
        old = one.run.history
        one.run.start(from_scratch=True)
        assert one.run.recorder.previous is old
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2]


def test_a_stopped_run_resumes_up_to_the_requested_epoch(qtbot: QtBot) -> None:
    with bench(epochs=200) as one:
        with qtbot.waitSignal(one.run.recorder.epoch_done, timeout=WAIT):
            one.run.start()
        one.run.stop()
        until(qtbot, one.run, "idle")
        done = one.run.history.epochs[-1].epoch
        assert done < 200
        one.settings.set("epochs", done + 1)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert [epoch.epoch for epoch in one.run.history.epochs] == list(range(1, done + 2))
        assert (np.diff(one.run.history.steps("loss").x) > 0).all()


def test_too_high_a_learning_rate_is_explained_and_the_next_start_clears_that(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        assert one.run.state == "idle"
        assert one.run.failure is not None
        assert "learning rate" in one.run.failure.message
        assert "Try a learning rate of" in one.run.failure.advice
        one.settings.set("learning_rate", 0.01)
        one.run.start()
        assert one.run.failure is None
        until(qtbot, one.run, "idle")
        assert one.run.weights_cache.weights is not None


def test_the_learning_rate_changes_during_the_run(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.settings.set("learning_rate", 5e-5)
        qtbot.waitUntil(lambda: bool(one.run.history.changes), timeout=WAIT)
        assert one.run.history.changes[0][1].value == 5e-5


def test_from_the_first_edit_on_the_run_trains_an_earlier_version_until_undo(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        assert not one.run.is_stale
        one.edit()
        assert one.run.is_stale
        assert "earlier version" in one.run.stale_text
        one.editor.undo()
        assert not one.run.is_stale


def test_stop_and_train_this_trains_the_edited_network(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.edit()
        one.run.stop_and_train_this()
        qtbot.waitUntil(lambda: one.run.network == one.editor.network, timeout=WAIT)
        assert not one.run.is_stale


def test_a_network_that_became_invalid_while_the_run_ended_is_reported(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        said: list[str] = []
        one.editor.message.connect(said.append)
        one.run.start()
        until(qtbot, one.run, "running")
        one.edit()
        one.run.stop_and_train_this()
        last = one.editor.network.stack[-1].id
        one.editor.set_fields((last,), "units", 5)
        assert one.run.disabled_reason("train")
        until(qtbot, one.run, "idle")
        assert [text for text in said if "cannot be trained: " in text]


def test_undo_to_a_network_that_was_trained_brings_its_weights_back(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        weights = one.run.weights_cache.weights
        other = preset("mlp").network
        one.editor.apply(Edited(other, (), "another preset"))
        assert one.run.weights_cache.weights is None
        assert not one.run.can_resume
        one.editor.undo()
        assert one.run.weights_cache.weights is weights
        assert one.run.can_resume


def test_training_does_not_resume_with_other_classes_under_the_same_key(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.can_resume
        renamed = blobs()
        renamed.classes = ("dark", "pale")
        one.data.use(renamed)
        assert not one.run.can_resume


def test_the_disabled_reason_is_named(qtbot: QtBot) -> None:
    with bench() as one:
        assert one.run.disabled_reason("train") == ""
        assert one.run.disabled_reason("stop") == "no run is in progress"
        one.settings.set("learning_rate", 0.0)
        assert "learning rate must be" in one.run.disabled_reason("train")
        one.settings.set("learning_rate", 0.1)
        one.editor.set_classes(7)
        assert "classes" in one.run.disabled_reason("train")
        one.editor.undo()
        one.editor.apply(remove(one.editor.network, (one.editor.network.stack[-1].id,)))
        assert "fix the network" in one.run.disabled_reason("train")
        assert not one.run.start()


def test_a_probe_is_called_during_the_run_and_on_request_in_a_pause(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        seen: list[tuple[int, str]] = []
        one.run.probes.add(
            lambda observation: seen.append((observation.step, threading.current_thread().name))
        )
        one.run.start()
        qtbot.waitUntil(lambda: bool(seen), timeout=WAIT)
        assert seen[0][1] == "cnnplay-train"
        one.run.pause()
        until(qtbot, one.run, "paused")
        count = len(seen)
        one.run.wake()
        qtbot.waitUntil(lambda: len(seen) > count, timeout=WAIT)


def test_a_probe_that_raises_is_noted_and_the_run_continues(qtbot: QtBot) -> None:
    with bench() as one:

        def broken(observation: object) -> None:
            raise RuntimeError("no such layer")

        one.run.probes.add(broken)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.failure is None
        assert any("no such layer" in note for note in one.run.history.notes)


def test_every_validation_reaches_every_probe(qtbot: QtBot) -> None:
    with bench(epochs=5) as one:
        epochs: list[int] = []

        def look(observation: Any) -> None:
            if observation.validation is not None:
                epochs.append(observation.epoch)

        one.run.probes.add(look)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert epochs == [1, 2, 3, 4, 5]


def test_shutting_down_joins_the_thread_and_keeps_the_last_events(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.run.shutdown()
        assert one.run.state == "idle"
        assert not any(thread.name == "cnnplay-train" for thread in threading.enumerate())
        assert one.run.history.finished is not None


def test_shutting_down_while_it_starts_joins_too(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        one.run.shutdown()
        assert one.run.state == "idle"
        assert not any(thread.name == "cnnplay-train" for thread in threading.enumerate())


def test_forgetting_leaves_no_weights_and_no_curves(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        trained = one.run.weights_cache.trained
        assert trained is not None
        one.run.forget()
        assert one.run.weights_cache.trained is None
        assert one.run.history.empty
        one.run.adopt(trained)
        assert one.run.weights_cache.weights is trained.weights.last
        assert [done.epoch for done in one.run.history.epochs] == [1]
        assert len(one.run.history) == 8


def test_training_from_scratch_is_unavailable_while_a_run_is_paused(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.run.pause()
        until(qtbot, one.run, "paused")
        before = one.run.history.started
        assert "run is in progress" in one.run.disabled_reason("from_scratch")
        assert not one.run.start(from_scratch=True)
        assert one.run.state == "paused"
        assert one.run.disabled_reason("train") == ""
        assert one.run.history.started is before


def test_a_failure_is_cleared_when_it_is_dismissed_or_the_network_changes(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        one.run.dismiss_failure()
        assert one.run.failure is None
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        one.edit()
        assert one.run.failure is None
        one.editor.undo()
        assert one.run.failure is None, "it does not come back"


def test_a_run_of_another_network_is_not_called_an_earlier_version(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.edit()
        assert not one.run.trains_other_network
        one.editor.load_preset("mlp")
        assert one.run.trains_other_network
        assert "tiny-cnn" in one.run.stale_text


def test_the_previous_weights_belong_to_the_network_that_was_trained_last(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        one.editor.set_fields(("conv-1",), "filters", 9)
        for from_scratch in (False, True):
            one.run.start(from_scratch=from_scratch)
            until(qtbot, one.run, "idle")
        assert one.run.disabled_reason("restore_previous") == ""
        one.editor.undo()
        assert one.run.weights_cache.trained_for_editor is not None
        assert "not trained twice" in one.run.disabled_reason("restore_previous")
        shown = one.run.history
        one.run.restore_previous()
        assert one.run.history is shown


def test_the_weights_of_the_best_epoch_are_one_command_away_and_so_is_the_way_back(qtbot: QtBot) -> None:
    with bench(epochs=2) as one:
        assert one.run.disabled_reason("use_best")
        one.run.start()
        until(qtbot, one.run, "idle")
        trained = one.run.weights_cache.trained
        assert trained is not None
        best = {key: value.clone() for key, value in trained.weights.last.items()}
        one.run.adopt(replace(trained, weights=replace(trained.weights, best=best, best_epoch=1)))
        assert one.run.disabled_reason("use_best") == ""
        one.run.use_best()
        assert one.run.weights_cache.weights is best
        assert [done.epoch for done in one.run.history.epochs] == [1]
        assert len(one.run.history) == 8
        assert one.run.disabled_reason("use_best"), "these are the best ones"
        one.run.restore_previous()
        assert [done.epoch for done in one.run.history.epochs] == [1, 2]
        one.run.use_best()
        one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2]


def test_previous_weights_can_be_restored_and_switched_back(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        assert "not trained twice" in one.run.disabled_reason("restore_previous")
        one.run.start()
        until(qtbot, one.run, "idle")
        first = one.run.weights_cache.trained
        one.settings.set("seed", 5)
        one.run.start(from_scratch=True)
        until(qtbot, one.run, "idle")
        second = one.run.weights_cache.trained
        assert first is not None
        assert second is not first
        assert one.run.disabled_reason("restore_previous") == ""
        one.run.restore_previous()
        assert one.run.weights_cache.trained is first
        assert [done.metrics for done in one.run.history.epochs] == [
            event.metrics for event in first.events if isinstance(event, EpochDone)
        ]
        one.run.restore_previous()
        assert one.run.weights_cache.trained is second
        one.editor.load_preset("mlp")
        assert one.run.disabled_reason("restore_previous")
