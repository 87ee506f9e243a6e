"""Drives the real window with real events through the main workflow: build, train, look inside, export.

It is the smoke test, the source of the README's screenshots, and works on a machine without a screen.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnplay.demo.ui_driver import UiDriver
    from cnnplay.ui.shell.session import Session

ACCURACY_WANTED = 0.955


def run(folder: Path, seed: int = 0) -> int:
    """Writes screenshots, exports, the project and demo.json to `folder`; returns the exit status."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cnnplay.app import load_torch_library_first

    load_torch_library_first()
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    qInstallMessageHandler(_print_message)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    with TemporaryDirectory(prefix="cnnplay-demo-") as settings, _own_settings(Path(settings)):
        report = _drive(folder, seed)
    del application
    (folder / "demo.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    accuracy = report["metrics"]["validation_accuracy"]
    print(f"{len(report['screenshots'])} screenshots, {len(report['exports'])} exports: {folder}")
    print(f"LeNet-5 validation accuracy: {accuracy:.1%}")
    if accuracy < ACCURACY_WANTED:
        print(
            f"cnnplay demo: validation accuracy must reach {ACCURACY_WANTED:.1%}; got {accuracy:.1%}",
            file=sys.stderr,
        )
        return 1
    return 0


def _drive(folder: Path, seed: int) -> dict[str, Any]:
    from cnnplay.app import make_window
    from cnnplay.demo.ui_driver import UiDriver
    from cnnplay.ui.kit.views.theme import theme

    window = make_window()
    theme().install("dark")
    driver = UiDriver(window, folder, log=print)
    try:
        window.show()
        window.activateWindow()
        _build(driver)
        _train(driver, seed)
        _look(driver)
        exports = _export(driver)
        project = _save(driver)
        _show_themes_and_sizes(driver)
        history = window.session.run.history
        best = history.best
        assert history.finished is not None
        assert best is not None
        return {
            "seed": seed,
            "screenshots": driver.screenshots,
            "exports": exports,
            "project": project,
            "metrics": {
                **history.finished.metrics,
                "best_epoch": best.epoch,
                "epochs": history.finished.epochs,
            },
            "best": best.metrics,
            "images_per_second": history.finished.images_per_second,
            "views": driver.views(),
            "delay_ms": driver.delay_ms(),
            "changed_while_training": driver.differences,
        }
    finally:
        window.session.run.shutdown()
        window.session.document.dirty = False
        window.close()
        driver.finish()


def _build(driver: UiDriver) -> None:
    """Builds networks with mouse and keyboard."""
    _insert_and_wrap(driver)
    _fix_problems(driver)
    _open_presets(driver)
    _step_through(driver)


def _insert_and_wrap(driver: UiDriver) -> None:
    """Drags a layer into the stack, wraps it in a skip, and undoes both."""
    from PySide6.QtCore import Qt

    window = driver.window
    editor = window.session.editor
    control = Qt.KeyboardModifier.ControlModifier
    driver.until(lambda: window.session.data.state == "ready", "the digits to load")
    driver.shot("start")
    driver.click_card("conv-2")
    driver.shot("build-lenet-5")
    driver.drag_layer("conv", after="conv-1")
    assert len(editor.network.stack) == 13, "the dragged convolution must be in the stack"
    driver.shot("build-inserted")
    driver.keys(Qt.Key.Key_G, control)
    assert len(editor.network.stack) == 13, "the convolution must be wrapped in a skip"
    assert editor.report.valid, "a skip over a change of shape must add a projection"
    driver.shot("build-wrapped")
    for _ in range(2):
        driver.keys(Qt.Key.Key_Z, control)
    assert len(editor.network.stack) == 12, "undo must revert both"


def _fix_problems(driver: UiDriver) -> None:
    """Fixes a kernel that does not fit by a click, and adds a missing head to a stack."""
    from PySide6.QtCore import Qt

    window = driver.window
    editor = window.session.editor
    control = Qt.KeyboardModifier.ControlModifier
    driver.click_card("conv-3")
    form = window.build.properties.form
    assert form is not None
    driver.type_number(form.editors["kernel_size"].inputs()[0], 9)
    assert editor.report.problems, "a kernel of 9 must not fit 5 × 5 pixels"
    driver.shot("build-problem")
    driver.click(window.build.problems.rows[0].button)
    assert editor.report.valid, "one click must fix it"
    driver.keys(Qt.Key.Key_Z, control)
    driver.keys(Qt.Key.Key_Z, control)
    driver.click_card("dense-2")
    driver.keys(Qt.Key.Key_Delete)
    assert editor.report.problems, "84 outputs must not match the number of classes"
    driver.click(window.build.stack_panel.head_button)
    assert editor.report.valid, "the head must give one score per class"
    driver.keys(Qt.Key.Key_Z, control)
    driver.keys(Qt.Key.Key_Z, control)


def _open_presets(driver: UiDriver) -> None:
    """Fits a large preset to the digits, opens a small one; undoes both."""
    window = driver.window
    editor = window.session.editor
    driver.open_preset("resnet-18")
    driver.until(lambda: all(option.cost for option in window.session.fit_offer.options), "both estimates")
    driver.shot("build-resize-or-stem")
    driver.click(window.fit_offer.buttons["stem"])
    assert editor.report.valid
    assert editor.network.input.shape == (1, 28, 28), "the stem must be fitted to the digits"
    driver.undo_to("lenet-5")
    driver.open_preset("mini-resnet")
    driver.click_card("skip-1")
    driver.shot("build-mini-resnet")
    driver.undo_to("lenet-5")


def _step_through(driver: UiDriver) -> None:
    """Moves the first convolution's window over the digit with the arrow keys."""
    from PySide6.QtCore import Qt

    window = driver.window
    driver.click_card("conv-1")
    driver.click(window.build.step_button)
    driver.settle(600)
    canvas = window.page("build").concept.canvas
    # To a position where the window covers strokes of the digit.
    for key, steps in ((Qt.Key.Key_Down, 9), (Qt.Key.Key_Right, 11)):
        for _ in range(steps):
            driver.key_on(canvas, key)
    assert window.session.concept.index > 0, "the keys must move the window over the input"
    driver.shot("build-step-through")
    driver.click(window.build.step_button)


def _train(driver: UiDriver, seed: int) -> None:
    """Trains: watches, pauses, takes single steps, and looks inside during training."""
    from PySide6.QtCore import Qt

    window = driver.window
    run = window.session.run
    control = Qt.KeyboardModifier.ControlModifier
    driver.keys(Qt.Key.Key_2, control)
    driver.type_number(window.page("train").workspace.settings.editors["seed"].inputs()[0], seed)
    assert window.session.settings.config.seed == seed
    driver.click(window.controls.train_button)
    driver.until(lambda: run.state == "running", "training to start")
    driver.until(lambda: bool(run.history.epochs), "the first epoch")
    driver.start_clock()
    driver.until(lambda: len(run.history.epochs) >= 2, "the second epoch")
    driver.shot("train-early", compare="train")
    driver.click(window.controls.pause_button)
    driver.until(lambda: run.state == "paused", "the pause")
    steps = len(run.history)
    for _ in range(3):
        driver.keys(Qt.Key.Key_F7)
    driver.until(lambda: len(run.history) == steps + 3, "three single steps")
    driver.shot("train-paused")
    driver.click(window.controls.train_button)
    driver.until(lambda: run.state == "running", "the run to continue")
    driver.until(lambda: len(run.history.epochs) >= 8, "the eighth epoch")
    driver.shot("train-late", compare="train")
    driver.keys(Qt.Key.Key_3, control)
    driver.click_card("conv-2")
    driver.settle(1200)
    driver.shot("look-while-training")
    driver.keys(Qt.Key.Key_2, control)
    driver.until(lambda: run.state == "idle", "the run to end")
    driver.stop_clock()
    assert run.failure is None, run.failure
    driver.settle(800)
    driver.shot("train-done")


def _look(driver: UiDriver) -> None:
    """A map over the image, the confusion matrix and one of its cells, a drawn digit, a file."""
    from PySide6.QtCore import Qt

    window = driver.window
    session = window.session
    driver.keys(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    look = window.page("look").workspace
    driver.click_card("conv-2")
    driver.settle(800)
    driver.click_tile(look.maps.tiles.view, 3)
    driver.shot("look-map-over-image")
    driver.click_tab(look.tabs, look.confusion)
    driver.until(lambda: session.look.evaluation.result is not None, "the evaluation")
    driver.settle(300)
    result = session.look.evaluation.result
    assert result is not None
    worst = result.mistakes()[0]
    driver.click(
        look.confusion.matrix, look.confusion.matrix.cell_rect(worst.truth, worst.predicted).center()
    )
    driver.settle(600)
    driver.shot("look-confusion")
    driver.click_tab(look.tabs, look.top_losses)
    driver.settle(500)
    driver.shot("look-top-losses")
    driver.draw_a_digit(look.image_bar)
    driver.shot("look-drawn-digit")
    assert session.look.image_choice.image is not None
    path = driver.folder / "drawn.png"
    driver.save_image(session.look.image_choice.image.pixels, path)
    driver.drop(path)
    driver.until(lambda: _from_file(session), "the dropped image")
    driver.settle(500)
    driver.shot("look-dropped-image")


def _from_file(session: Session) -> bool:
    image = session.look.image_choice.image
    return image is not None and image.source == "file"


def _export(driver: UiDriver) -> list[str]:
    """Exports every format that this network has, through the dialog."""
    from cnnplay.ui.kit.background import finish_jobs
    from cnnplay.ui.shell.views.export_dialog import ROWS

    written = []
    for row in ROWS:
        if driver.window.session.exporting.disabled_reason(row.key):
            continue
        name = "lenet_5" if row.importable else "lenet-5"
        path = driver.folder / "exports" / f"{name}{row.suffix}"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        driver.export(row.key, path)
        finish_jobs(driver.window.session.exporting)
        driver.settle(50)
        assert path.exists(), driver.failures or f"{path} was not written"
        written.append(str(path))
    return written


def _save(driver: UiDriver) -> str:
    """Saves the project through the dialog, and reopens it."""
    from cnnplay.ui.kit.background import finish_jobs

    path = driver.folder / "lenet-5.cnnplay"
    path.unlink(missing_ok=True)
    document = driver.window.session.document
    driver.save_as(path)
    finish_jobs(document)
    assert path.exists(), driver.failures or f"{path} was not written"
    assert not document.dirty
    weights = driver.window.session.run.weights_cache.weights
    driver.window.open_path(path)
    finish_jobs(document)
    driver.settle(300)
    again = driver.window.session.run.weights_cache.weights
    assert weights is not None
    assert again is not None
    assert all(bool((weights[key] == again[key]).all()) for key in weights), "the weights must come back"
    return str(path)


def _show_themes_and_sizes(driver: UiDriver) -> None:
    """Each workspace at a projector's and a desktop's size, light and dark."""
    from PySide6.QtCore import Qt

    for colors in ("dark", "light"):
        driver.window.set_theme(colors)
        for width, height in ((1366, 768), (1920, 1080)):
            driver.window.resize(width, height)
            for key, workspace in (
                (Qt.Key.Key_1, "build"),
                (Qt.Key.Key_2, "train"),
                (Qt.Key.Key_3, "look"),
            ):
                driver.keys(key, Qt.KeyboardModifier.ControlModifier)
                assert driver.window.workspace == workspace, "Ctrl and a number must show a workspace"
                driver.settle(500)
                driver.shot(f"{workspace}-{colors}-{width}x{height}")


def _print_message(_kind: object, _context: object, text: str) -> None:
    """Prints Qt's messages, except about what the offscreen platform does not support."""
    if not text.startswith("This plugin does not support"):
        print(text, file=sys.stderr)


@contextmanager
def _own_settings(folder: Path) -> Iterator[None]:
    """Keeps the demonstration away from the user's preferences and autosaves."""
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    before = {name: os.environ.get(name) for name in names}
    for name in names:
        os.environ[name] = str(folder / name.lower())
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
