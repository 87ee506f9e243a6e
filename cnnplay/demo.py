"""Drives the real window through the main job with real events: build, train, look inside, export.

It is the smoke test, the source of the README's pictures, and the proof on a machine without a screen.
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
    from cnnplay.ui.shell.session import Session
    from cnnplay.ui.shell.views.pilot import Pilot

ACCURACY_WANTED = 0.955


def run(folder: Path, seed: int = 0) -> int:
    """Leaves numbered screenshots, exports, the project and demo.json in `folder`; the exit status."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cnnplay.app import load_torch_library_first

    load_torch_library_first()
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    qInstallMessageHandler(_tell)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    with TemporaryDirectory(prefix="cnnplay-demo-") as settings, _own_settings(Path(settings)):
        report = _drive(folder, seed)
    del application
    (folder / "demo.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    accuracy = report["metrics"]["validation_accuracy"]
    print(f"{len(report['screenshots'])} screenshots, {len(report['exports'])} exports: {folder}")
    print(f"LeNet-5 took {accuracy:.1%} of the validation digits for what they are")
    if accuracy < ACCURACY_WANTED:
        print(
            f"cnnplay demo: validation accuracy must reach {ACCURACY_WANTED:.1%}; got {accuracy:.1%}",
            file=sys.stderr,
        )
        return 1
    return 0


def _drive(folder: Path, seed: int) -> dict[str, Any]:
    from cnnplay.app import make_window
    from cnnplay.ui.kit.views.theme import theme
    from cnnplay.ui.shell.views.pilot import Pilot

    window = make_window()
    theme().install("dark")
    pilot = Pilot(window, folder, say=print)
    try:
        window.show()
        window.activateWindow()
        _build(pilot)
        _train(pilot, seed)
        _look(pilot)
        exports = _export(pilot)
        project = _save(pilot)
        _other_looks(pilot)
        history = window.session.run.history
        best = history.best
        assert history.finished is not None
        assert best is not None
        return {
            "seed": seed,
            "screenshots": pilot.screenshots,
            "exports": exports,
            "project": project,
            "metrics": {
                **history.finished.metrics,
                "best_epoch": best.epoch,
                "epochs": history.finished.epochs,
            },
            "best": best.metrics,
            "images_per_second": history.finished.images_per_second,
            "views": pilot.views(),
            "delay_ms": pilot.delay_ms(),
            "changed_while_training": pilot.differences,
        }
    finally:
        window.session.run.shutdown()
        window.session.document.dirty = False
        window.close()
        pilot.finish()


def _build(pilot: Pilot) -> None:
    """Click a network together."""
    _insert_and_wrap(pilot)
    _mend(pilot)
    _open_presets(pilot)
    _step_through(pilot)


def _insert_and_wrap(pilot: Pilot) -> None:
    """A block is dragged into the stack, wrapped in a skip, and both are undone."""
    from PySide6.QtCore import Qt

    window = pilot.window
    editor = window.session.editor
    control = Qt.KeyboardModifier.ControlModifier
    pilot.until(lambda: window.session.data.state == "ready", "the digits to be there")
    pilot.shot("start")
    pilot.click_card("conv-2")
    pilot.shot("build-lenet-5")
    pilot.drag_block("conv", behind="conv-1")
    assert len(editor.network.stack) == 13, "the dragged convolution is in the stack"
    pilot.shot("build-inserted")
    pilot.keys(Qt.Key.Key_G, control)
    assert len(editor.network.stack) == 13, "the convolution is wrapped in a skip"
    assert editor.report.valid, "where the shape changes, the skip brings its projection"
    pilot.shot("build-wrapped")
    for _ in range(2):
        pilot.keys(Qt.Key.Key_Z, control)
    assert len(editor.network.stack) == 12, "undo took both back"


def _mend(pilot: Pilot) -> None:
    """A kernel that does not fit is mended by a click; a head is put under a stack that lacks one."""
    from PySide6.QtCore import Qt

    window = pilot.window
    editor = window.session.editor
    control = Qt.KeyboardModifier.ControlModifier
    pilot.click_card("conv-3")
    form = window.build.properties.form
    assert form is not None
    pilot.type_number(form.editors["kernel_size"].inputs()[0], 9)
    assert editor.report.faults, "a kernel of 9 does not fit 5 × 5 pixels"
    pilot.shot("build-fault")
    pilot.click(window.build.faults.rows[0].button)
    assert editor.report.valid, "one click mended it"
    pilot.keys(Qt.Key.Key_Z, control)
    pilot.keys(Qt.Key.Key_Z, control)
    pilot.click_card("dense-2")
    pilot.keys(Qt.Key.Key_Delete)
    assert editor.report.faults, "84 numbers are not one a class"
    pilot.click(window.build.stack_panel.head_button)
    assert editor.report.valid, "the head gives one number a class"
    pilot.keys(Qt.Key.Key_Z, control)
    pilot.keys(Qt.Key.Key_Z, control)


def _open_presets(pilot: Pilot) -> None:
    """A large preset is adapted to the digits, a small one looked at; undo leads back."""
    window = pilot.window
    editor = window.session.editor
    pilot.open_preset("resnet-18")
    pilot.until(lambda: all(option.cost for option in window.session.offer.options), "both forecasts")
    pilot.shot("build-resize-or-stem")
    pilot.click(window.offer.buttons["stem"])
    assert editor.report.valid
    assert editor.network.input.shape == (1, 28, 28), "the stem was adapted to the digits"
    pilot.undo_to("lenet-5")
    pilot.open_preset("mini-resnet")
    pilot.click_card("skip-1")
    pilot.shot("build-mini-resnet")
    pilot.undo_to("lenet-5")


def _step_through(pilot: Pilot) -> None:
    """The window of the first convolution is moved over the digit, by keys."""
    from PySide6.QtCore import Qt

    window = pilot.window
    pilot.click_card("conv-1")
    pilot.click(window.build.step_button)
    pilot.settle(600)
    canvas = window.concept.canvas
    # To where the window lies over strokes of the digit.
    for key, steps in ((Qt.Key.Key_Down, 9), (Qt.Key.Key_Right, 11)):
        for _ in range(steps):
            pilot.key_on(canvas, key)
    assert window.session.concept.index > 0, "the keys moved the window over the input"
    pilot.shot("build-step-through")
    pilot.click(window.build.step_button)


def _train(pilot: Pilot, seed: int) -> None:
    """Press Train, watch, pause, make single steps, look inside while it goes on."""
    from PySide6.QtCore import Qt

    window = pilot.window
    run = window.session.run
    control = Qt.KeyboardModifier.ControlModifier
    pilot.keys(Qt.Key.Key_2, control)
    assert window.train is not None
    pilot.type_number(window.train.workspace.settings.editors["seed"].inputs()[0], seed)
    assert window.session.settings.config.seed == seed
    pilot.click(window.controls.train_button)
    pilot.until(lambda: run.state == "running", "training to begin")
    pilot.until(lambda: bool(run.history.epochs), "the first epoch")
    pilot.start_clock()
    pilot.until(lambda: len(run.history.epochs) >= 2, "the second epoch")
    pilot.shot("train-early", compare="train")
    pilot.click(window.controls.pause_button)
    pilot.until(lambda: run.state == "paused", "the pause")
    steps = len(run.history)
    for _ in range(3):
        pilot.keys(Qt.Key.Key_F7)
    pilot.until(lambda: len(run.history) == steps + 3, "three single steps")
    pilot.shot("train-paused")
    pilot.click(window.controls.train_button)
    pilot.until(lambda: run.state == "running", "the run to go on")
    pilot.until(lambda: len(run.history.epochs) >= 8, "the eighth epoch")
    pilot.shot("train-late", compare="train")
    pilot.keys(Qt.Key.Key_3, control)
    pilot.click_card("conv-2")
    pilot.settle(1200)
    pilot.shot("look-while-training")
    pilot.keys(Qt.Key.Key_2, control)
    pilot.until(lambda: run.state == "idle", "the run to end")
    pilot.stop_clock()
    assert run.failure is None, run.failure
    pilot.settle(800)
    pilot.shot("train-done")


def _look(pilot: Pilot) -> None:
    """A map over the picture, the confusion matrix and one of its cells, a digit of one's own, a file."""
    from PySide6.QtCore import Qt

    window = pilot.window
    session = window.session
    pilot.keys(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.look is not None
    look = window.look.workspace
    pilot.click_card("conv-2")
    pilot.settle(800)
    pilot.click_tile(look.maps.tiles.view, 3)
    pilot.shot("look-map-over-picture")
    pilot.click_tab(look.tabs, look.confusion)
    pilot.until(lambda: session.look.judge.judged is not None, "the verdict")
    pilot.settle(300)
    verdict = session.look.judge.judged
    assert verdict is not None
    worst = verdict.mistakes()[0]
    pilot.click(look.confusion.matrix, look.confusion.matrix.cell_rect(worst.truth, worst.predicted).center())
    pilot.settle(600)
    pilot.shot("look-confusion")
    pilot.click_tab(look.tabs, look.wrong)
    pilot.settle(500)
    pilot.shot("look-most-wrong")
    pilot.draw_a_digit(look.picture_bar)
    pilot.shot("look-drawn-digit")
    assert session.look.pictures.picture is not None
    path = pilot.folder / "drawn.png"
    pilot.save_picture(session.look.pictures.picture.pixels, path)
    pilot.drop(path)
    pilot.until(lambda: _from_file(session), "the dropped picture")
    pilot.settle(500)
    pilot.shot("look-dropped-picture")


def _from_file(session: Session) -> bool:
    picture = session.look.pictures.picture
    return picture is not None and picture.source == "file"


def _export(pilot: Pilot) -> list[str]:
    """Every format, through the dialog."""
    from cnnplay.ui.shell.views.export_dialog import ROWS

    written = []
    for row in ROWS:
        if row.key == "onnx" and not _has_onnx():
            continue
        name = "lenet_5" if row.key == "python" else "lenet-5"
        path = pilot.folder / "exports" / f"{name}{row.suffix}"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        pilot.export(row.key, path)
        pilot.window.session.exporting.wait()
        pilot.settle(50)
        assert path.exists(), pilot.failures or f"{path} was not written"
        written.append(str(path))
    return written


def _save(pilot: Pilot) -> str:
    """Saves the project through the dialog, and opens it again."""
    path = pilot.folder / "lenet-5.cnnplay"
    path.unlink(missing_ok=True)
    document = pilot.window.session.document
    pilot.save_as(path)
    document.wait()
    assert path.exists(), pilot.failures or f"{path} was not written"
    assert not document.dirty
    weights = pilot.window.session.run.weights
    pilot.window.open_path(path)
    document.wait()
    pilot.settle(300)
    again = pilot.window.session.run.weights
    assert weights is not None
    assert again is not None
    assert all(bool((weights[key] == again[key]).all()) for key in weights), "the weights came back"
    return str(path)


def _other_looks(pilot: Pilot) -> None:
    """Each workspace at the sizes of a projector and a desk, light and dark."""
    from PySide6.QtCore import Qt

    for colours in ("dark", "light"):
        pilot.window.choose_colours(colours)
        for width, height in ((1366, 768), (1920, 1080)):
            pilot.window.resize(width, height)
            for key, workspace in (
                (Qt.Key.Key_1, "build"),
                (Qt.Key.Key_2, "train"),
                (Qt.Key.Key_3, "look"),
            ):
                pilot.keys(key, Qt.KeyboardModifier.ControlModifier)
                assert pilot.window.workspace == workspace, "Ctrl and a number show a workspace"
                pilot.settle(500)
                pilot.shot(f"{workspace}-{colours}-{width}x{height}")


def _tell(_kind: object, _context: object, words: str) -> None:
    """Qt's messages, but for what the platform without a screen cannot do and nobody would see."""
    if not words.startswith("This plugin does not support"):
        print(words, file=sys.stderr)


def _has_onnx() -> bool:
    from importlib.util import find_spec

    return find_spec("onnx") is not None


@contextmanager
def _own_settings(folder: Path) -> Iterator[None]:
    """The user's preferences and autosaves are neither read nor written, nor those of an earlier flight."""
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
