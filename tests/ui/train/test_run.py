"""The run's view model with the real engine: start, pause, step, stop, go on, failures, probes."""

import threading
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
        assert one.run.weights is not None
        assert one.run.best_weights is not None
        assert one.run.trained_network == one.editor.network
        assert one.run.facts is not None
        assert one.run.facts.classes == ("dark", "light")
        assert one.run.progress.fraction == 1.0


def test_weights_are_there_after_each_epoch_while_the_run_is_on(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        with qtbot.waitSignal(one.run.epoch_done, timeout=WAIT):
            one.run.start()
        qtbot.waitUntil(lambda: one.run.weights is not None, timeout=WAIT)
        assert one.run.active
        assert one.run.best_weights is not None


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


def test_going_on_continues_the_epochs_and_training_afresh_keeps_the_curve_before(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.can_go_on
        one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3, 4]
        assert one.run.history.steps("loss").x[-1] == 4.0
        assert (np.diff(one.run.history.steps("loss").x) > 0).all()
        assert one.run.previous is None
        old = one.run.history
        one.run.start(afresh=True)
        assert one.run.previous is old
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2]


def test_a_run_that_was_stopped_goes_on_to_the_epochs_asked_for(qtbot: QtBot) -> None:
    with bench(epochs=200) as one:
        with qtbot.waitSignal(one.run.epoch_done, timeout=WAIT):
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


def test_too_high_a_learning_rate_ends_in_words_and_the_next_start_clears_them(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        with qtbot.waitSignal(one.run.failed, timeout=WAIT):
            one.run.start()
        assert one.run.state == "idle"
        assert one.run.failure is not None
        assert "learning rate" in one.run.failure.message
        assert "Try a learning rate of" in one.run.failure.advice
        one.settings.set("learning_rate", 0.01)
        one.run.start()
        assert one.run.failure is None
        until(qtbot, one.run, "idle")
        assert one.run.weights is not None


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
        assert not one.run.earlier_version
        one.edit()
        assert one.run.earlier_version
        assert "earlier version" in one.run.earlier_words
        one.editor.undo()
        assert not one.run.earlier_version


def test_stop_and_train_this_trains_the_edited_network(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.edit()
        one.run.stop_and_train_this()
        qtbot.waitUntil(lambda: one.run.network == one.editor.network, timeout=WAIT)
        assert not one.run.earlier_version


def test_a_network_that_got_a_fault_while_the_run_ended_is_said_not_to_train(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        said: list[str] = []
        one.editor.message.connect(said.append)
        one.run.start()
        until(qtbot, one.run, "running")
        one.edit()
        one.run.stop_and_train_this()
        last = one.editor.network.stack[-1].id
        one.editor.set_field(last, "units", 5)
        assert one.run.why_not("train")
        until(qtbot, one.run, "idle")
        assert [words for words in said if words.startswith("the network here does not train: ")]


def test_undo_to_a_network_that_was_trained_brings_its_weights_back(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        weights = one.run.weights
        other = preset("mlp").network
        one.editor.apply(Edited(other, (), "another preset"))
        assert one.run.weights is None
        assert not one.run.can_go_on
        one.editor.undo()
        assert one.run.weights is weights
        assert one.run.can_go_on


def test_training_does_not_go_on_with_other_classes_under_the_same_key(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.can_go_on
        renamed = blobs()
        renamed.classes = ("dark", "pale")
        one.data.use(renamed)
        assert not one.run.can_go_on


def test_why_not_names_the_reason(qtbot: QtBot) -> None:
    with bench() as one:
        assert one.run.why_not("train") == ""
        assert one.run.why_not("stop") == "no run is on"
        one.settings.set("learning_rate", 0.0)
        assert "learning rate must be" in one.run.why_not("train")
        one.settings.set("learning_rate", 0.1)
        one.editor.set_classes(7)
        assert "classes" in one.run.why_not("train")
        one.editor.undo()
        one.editor.apply(remove(one.editor.network, (one.editor.network.stack[-1].id,)))
        assert "fault" in one.run.why_not("train")
        assert not one.run.start()


def test_a_probe_looks_while_the_run_is_on_and_in_a_pause_when_it_is_woken(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        seen: list[tuple[int, str]] = []
        one.run.add_probe(
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


def test_a_probe_that_raises_is_a_note_and_the_run_goes_on(qtbot: QtBot) -> None:
    with bench() as one:

        def broken(observation: object) -> None:
            raise RuntimeError("no such layer")

        one.run.add_probe(broken)
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

        one.run.add_probe(look)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert epochs == [1, 2, 3, 4, 5]


def test_shutting_down_joins_the_thread_and_keeps_the_last_words(qtbot: QtBot) -> None:
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
        trained = one.run.trained
        assert trained is not None
        one.run.forget()
        assert one.run.trained is None
        assert one.run.history.empty
        one.run.adopt(trained)
        assert one.run.weights is trained.weights
        assert [done.epoch for done in one.run.history.epochs] == [1]
        assert len(one.run.history) == 8


def test_training_afresh_waits_for_the_end_of_a_paused_run_and_says_so(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        one.run.pause()
        until(qtbot, one.run, "paused")
        before = one.run.history.started
        assert "a run is on" in one.run.why_not("afresh")
        assert not one.run.start(afresh=True)
        assert one.run.state == "paused"
        assert one.run.why_not("train") == ""
        assert one.run.history.started is before


def test_what_went_wrong_is_forgotten_when_it_was_read_or_the_network_is_another(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        with qtbot.waitSignal(one.run.failed, timeout=WAIT):
            one.run.start()
        one.run.dismiss_failure()
        assert one.run.failure is None
        with qtbot.waitSignal(one.run.failed, timeout=WAIT):
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
        assert not one.run.trains_another
        one.editor.load_preset("mlp")
        assert one.run.trains_another
        assert one.run.earlier_words == "This run trains tiny-cnn, not the network on screen."


def test_the_weights_before_belong_to_the_network_that_was_trained_last(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        one.editor.set_field("conv-1", "filters", 9)
        for afresh in (False, True):
            one.run.start(afresh=afresh)
            until(qtbot, one.run, "idle")
        assert one.run.why_not("bring_back") == ""
        one.editor.undo()
        assert one.run.trained_here is not None
        assert "was not trained twice" in one.run.why_not("bring_back")
        shown = one.run.history
        one.run.bring_back()
        assert one.run.history is shown


def test_the_weights_before_come_back_and_those_after_too(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        assert "was not trained twice" in one.run.why_not("bring_back")
        one.run.start()
        until(qtbot, one.run, "idle")
        first = one.run.trained
        one.settings.set("seed", 5)
        one.run.start(afresh=True)
        until(qtbot, one.run, "idle")
        second = one.run.trained
        assert first is not None
        assert second is not first
        assert one.run.why_not("bring_back") == ""
        one.run.bring_back()
        assert one.run.trained is first
        assert [done.metrics for done in one.run.history.epochs] == [
            event.metrics for event in first.events if isinstance(event, EpochDone)
        ]
        one.run.bring_back()
        assert one.run.trained is second
        one.editor.load_preset("mlp")
        assert one.run.why_not("bring_back")
