"""The text for resuming: how many epochs are left, from where, and which weights are shown meanwhile."""

from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.look.look_text import trained_text
from cnnplay.ui.shell.exporting import ExportModel
from cnnplay.ui.train.train_text import TRAIN, train_text
from cnnplay.ui.train.trained import Trained
from tests.train_bench import WAIT, Bench, bench, until


def stopped_in_the_second_epoch(qtbot: QtBot, one: Bench) -> None:
    """After 11 steps of 8 an epoch."""
    one.run.single_step()
    until(qtbot, one.run, "paused")
    while len(one.run.history) < 11:
        done = len(one.run.history)
        one.run.single_step()
        qtbot.waitUntil(lambda done=done: len(one.run.history) > done, timeout=WAIT)
    assert train_text(one.run).short == "Resume", "in the pause"
    one.run.stop()
    until(qtbot, one.run, "idle")


def test_before_anything_was_trained_train_trains(qapp: QCoreApplication) -> None:
    with bench() as one:
        assert train_text(one.run) == ("Train", "Train", TRAIN)


def test_after_a_stop_it_says_how_many_epochs_are_left_and_where_it_resumes(qtbot: QtBot) -> None:
    with bench(epochs=5) as one:
        stopped_in_the_second_epoch(qtbot, one)
        words = train_text(one.run)
        assert words.short == "Resume"
        assert words.entry == "Resume: 4 epochs left"
        assert "left of 5" in words.hint
        assert "in epoch 2, exactly where" in words.hint
        one.settings.set("epochs", 2)
        assert train_text(one.run).entry == "Resume: 1 epoch left"
        one.settings.set("epochs", 5)
        one.settings.set("learning_rate", 0.01)
        words = train_text(one.run)
        assert words.entry == "Resume: 4 epochs left"
        assert words.hint.endswith("with the current settings")
        one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3, 4, 5], "and so it was"


def test_after_the_last_epoch_it_says_how_many_more(qtbot: QtBot) -> None:
    with bench(epochs=2) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert train_text(one.run).entry == "Resume: 2 epochs more"
        one.settings.set("epochs", 5)
        assert train_text(one.run).entry == "Resume: 3 epochs left"


def test_after_a_stop_within_an_epoch_views_and_export_say_which_weights_they_have(qtbot: QtBot) -> None:
    with bench(epochs=5) as one:
        stopped_in_the_second_epoch(qtbot, one)
        trained = one.run.weights_cache.trained
        assert trained is not None
        assert trained.within == 2
        assert trained_text(trained) == "last weights, stopped in epoch 2 (best: epoch 1)"
        exporting = ExportModel(one.editor, one.settings, one.data, one.run)
        assert [choice.label for choice in exporting.choices()] == [
            "best: epoch 1",
            "last: stopped during epoch 2",
        ]
        close_jobs(exporting)


def test_only_where_another_epoch_was_better_the_last_is_named(qtbot: QtBot) -> None:
    with bench(epochs=2) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        trained = one.run.weights_cache.trained
        assert trained is not None

        def other_best(epoch: int | None) -> Trained:
            return replace(trained, weights=replace(trained.weights, best_epoch=epoch))

        assert trained_text(other_best(2)) == "trained weights"
        assert trained_text(other_best(1)) == "last weights, epoch 2 (best: epoch 1)"
        assert trained_text(other_best(None)) == "trained weights"
        assert trained_text(None) == "trained weights"
