"""The run's signals over a session: edits, settings, data, a run with everything in it, and failures."""

from typing import get_args

from pytestqt.qtbot import QtBot

from cnnplay.ui.train.disabled_reasons import Action
from tests.train_bench import ENDLESS, WAIT, Bench, bench, blobs, until
from tests.watched import Watched


def watch(one: Bench) -> dict[str, Watched]:
    run = one.run
    return {
        "state": Watched(run.state_changed, lambda: (run.state, run.pausing)),
        "readiness": Watched(
            run.readiness_changed, lambda: [run.disabled_reason(action) for action in get_args(Action)]
        ),
        "notice": Watched(run.notice_changed, lambda: (run.failure, run.stale_text)),
        "weights": Watched(
            run.weights_cache.changed,
            lambda: (run.weights_cache.trained, run.weights_cache.trained_for_editor),
        ),
    }


def change_everything(one: Bench) -> None:
    """Edits that keep the network trainable and one that does not, settings, data, and back."""
    one.edit()
    one.editor.set_fields(("conv-1",), "filters", 5)
    one.editor.set_fields(("conv-1",), "kernel_size", (99, 99))
    for _ in range(3):
        one.editor.undo()
    for epochs in (0, one.settings.config.epochs):
        one.settings.set("epochs", epochs)
    one.settings.set("label_smoothing", 0.1)
    one.data.use(blobs())


def test_signals_of_a_run_are_emitted_when_what_they_name_changed_and_only_then(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        run, watched = one.run, watch(one)
        change_everything(one)
        with qtbot.waitSignal(run.recorder.epoch_done, timeout=WAIT):
            run.start()
        change_everything(one)
        run.pause()
        run.pause()
        until(qtbot, run, "paused")
        change_everything(one)
        before = len(run.history)
        run.single_step()
        qtbot.waitUntil(lambda: len(run.history) > before, timeout=WAIT)
        run.resume()
        until(qtbot, run, "running")
        one.editor.load_preset("mlp")
        one.editor.undo()
        run.stop()
        run.stop()
        until(qtbot, run, "idle")
        change_everything(one)
        run.set_blocked("a search is running")
        run.set_blocked("")
        run.start(from_scratch=True)
        run.stop()
        until(qtbot, run, "idle")
        run.restore_previous()
        run.forget()
        for one_signal in watched.values():
            one_signal.check()
        assert [state for state, pausing in watched["state"].seen if not pausing] == [
            "idle", "starting", "running", "paused", "running", "stopping", "idle",
            "starting", "stopping", "idle",
        ]  # fmt: skip


def test_signals_of_a_run_that_fails_are_emitted_once(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        watched = watch(one)
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        one.run.dismiss_failure()
        one.run.dismiss_failure()
        for one_signal in watched.values():
            one_signal.check()
        assert [failure is not None for failure, _ in watched["notice"].seen] == [False, True, False]


def test_an_edit_that_changes_nothing_of_the_run_emits_none_of_its_signals(qtbot: QtBot) -> None:
    with bench() as one:
        watched = watch(one)
        one.editor.set_fields(("conv-1",), "filters", 7)
        one.edit()
        one.settings.set("label_smoothing", 0.1)
        assert all(len(one_signal.seen) == 1 for one_signal in watched.values())
