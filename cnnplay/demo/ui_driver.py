"""Drives the window with mouse and key events, as a user would. Used by the demonstration."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEventLoop, QMimeData, QObject, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QTabWidget,
    QWidget,
)

from cnnplay.demo.dialogs import DIALOG_WITHIN_S, ExpectedDialog, accepting
from cnnplay.demo.limits import DemoError, expect
from cnnplay.ui.build.views.palette import KEY
from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.look.views.image_bar import ImageBar
from cnnplay.ui.shell.views.export_dialog import ExportDialog
from cnnplay.ui.shell.views.main_window import MainWindow

PATIENCE_S = 600
LOOK_EVERY_MS = 50
TICK_MS = 5
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


class Clock(QObject):
    """How late a timer of 5 ms fires in the event loop: the lag that a user would notice."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._elapsed = QElapsedTimer()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._elapsed.start()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def percentiles(self) -> dict[str, float]:
        """The timer's lateness in milliseconds."""
        if not self.late:
            return {"p50": 0.0, "p99": 0.0, "p999": 0.0}
        found = np.percentile(np.array(self.late), [50, 99, 99.9])
        return {
            name: round(float(value), 2) for name, value in zip(("p50", "p99", "p999"), found, strict=True)
        }

    def _tick(self) -> None:
        self.late.append(max(0.0, self._elapsed.nsecsElapsed() / 1e6 - TICK_MS))
        self._elapsed.restart()


class UiDriver:
    """Clicks, types, waits for conditions, and takes numbered screenshots."""

    def __init__(self, window: MainWindow, folder: Path, log: Callable[[str], None]) -> None:
        self.window = window
        self.folder = folder
        self.screenshots: list[str] = []
        self.failures: list[str] = []
        self.differences: dict[str, bool] = {}
        self._log = log
        self._clock = Clock()
        self._before: dict[str, dict[str, np.ndarray]] = {}
        self._dialog: ExpectedDialog | None = None
        # A dialog would wait forever for somebody to close it.
        self._watch = QTimer(interval=LOOK_EVERY_MS)
        self._watch.timeout.connect(self._look_at_dialog)
        self._watch.start()
        window.session.failed.disconnect(window.show_failure)
        window.session.failed.connect(self.failures.append)

    # Waiting and screenshots

    def until(self, reached: Callable[[], bool], what: str) -> None:
        """Runs the event loop until `reached()` is true. DemoError on errors and timeout."""
        end = time.monotonic() + PATIENCE_S
        while not reached():
            if self.failures:
                raise DemoError(f"while waiting for {what}, the window showed: {'; '.join(self.failures)}")
            if time.monotonic() > end:
                raise DemoError(f"waited {PATIENCE_S} s for {what}; no error was shown")
            self.settle(50)

    def settle(self, milliseconds: int) -> None:
        """Runs the event loop for a while, as if a person were looking."""
        # Not QTest.qWait: it holds the GIL while it waits, which would stop the run.
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def shot(self, name: str, compare: str = "") -> None:
        """Saves a numbered screenshot. Live views are compared between two calls with the same `compare`."""
        self.settle(150)
        self._shot_of(self.window, name)
        self._log(Path(self.screenshots[-1]).name)
        if compare:
            self._compare(compare)

    def views(self) -> dict[str, dict[str, int]]:
        """How often each live view was redrawn."""
        found = {"stack strips": self.window.session.stack_results.updates}
        for key in ("train", "look"):
            if key in self.window.opened:
                redraws = self.window.opened[key].redraws
                found |= {f"{key} {name}": count for name, count in redraws.items()}
        return {name: {"redraws": count} for name, count in found.items()}

    def start_clock(self) -> None:
        self._clock.start()

    def stop_clock(self) -> None:
        self._clock.stop()

    def delay_ms(self) -> dict[str, float]:
        return self._clock.percentiles()

    def finish(self) -> None:
        self._clock.stop()
        self._watch.stop()
        QApplication.processEvents()

    # Mouse and keyboard

    def click(self, widget: QWidget, point: QPoint | None = None) -> None:
        QTest.mouseClick(widget, LEFT, NONE, point or widget.rect().center())
        QApplication.processEvents()

    def keys(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Presses a key in the focused widget."""
        self.key_on(QApplication.focusWidget() or self.window, key, modifiers)

    def key_on(self, widget: QWidget | None, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        if QApplication.activeWindow() is None:
            # Without a desktop, nothing gives the window the focus back after a dialog.
            self.window.activateWindow()
            QApplication.processEvents()
        QTest.keyClick(widget or self.window, key, modifiers)
        QApplication.processEvents()

    def click_card(self, node_id: str) -> None:
        """Clicks a layer in the current workspace's stack."""
        view = self._stack()
        view.reveal(node_id)
        QApplication.processEvents()
        rect = view.item_rect(node_id)
        if rect is None:
            raise DemoError(f"{node_id} is not in the stack")
        point = QPoint(rect.left() + rect.width() // 2, min(rect.top() + 10, rect.bottom()))
        self.click(view.viewport(), point)

    def drag_layer(self, tag: str, after: str) -> None:
        """Drags a layer from the palette to the gap after a card."""
        blocks = self.window.build.palette_panel.layers
        item = next(i for i in map(blocks.item, range(blocks.count())) if i.data(KEY) == tag)
        start = blocks.visualItemRect(item).center()
        view = self._stack()
        view.reveal(after)
        QApplication.processEvents()
        rect = view.item_rect(after)
        assert rect is not None
        goal = view.viewport().mapToGlobal(QPoint(rect.center().x(), rect.bottom() + 10))
        target = blocks.viewport().mapFromGlobal(goal)
        QTest.mousePress(blocks.viewport(), LEFT, NONE, start)
        for step in range(1, 11):
            QTest.mouseMove(blocks.viewport(), start + (target - start) * step / 10)
            self.settle(20)
        self.shot("build-dragging")
        QTest.mouseRelease(blocks.viewport(), LEFT, NONE, target)
        QApplication.processEvents()

    def open_preset(self, key: str) -> None:
        """Clicks a preset in the palette."""
        presets = self.window.build.palette_panel.presets
        item = next(i for i in map(presets.item, range(presets.count())) if i.data(KEY) == key)
        presets.scrollToItem(item)
        self.click(presets.viewport(), presets.visualItemRect(item).center())
        self.settle(100)

    def undo_to(self, name: str) -> None:
        """Presses Ctrl+Z until the network of that name is back."""
        editor = self.window.session.editor
        while editor.network.name != name and editor.undo_stack.canUndo():
            self.keys(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        expect(editor.network.name == name, f"undo must lead back to {name}")

    def click_tab(self, tabs: QTabWidget, page: QWidget) -> None:
        bar = tabs.tabBar()
        self.click(bar, bar.tabRect(tabs.indexOf(page)).center())

    def drop(self, path: Path) -> None:
        """Drops a file on the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        place, action = QPointF(self.window.rect().center()), Qt.DropAction.CopyAction
        enter = QDragEnterEvent(place.toPoint(), action, data, LEFT, NONE)
        QApplication.sendEvent(self.window, enter)
        expect(enter.isAccepted(), "the window must accept an image")
        QApplication.sendEvent(self.window, QDropEvent(place, action, data, LEFT, NONE))

    def save_image(self, pixels: np.ndarray, path: Path) -> None:
        """Writes an image (height × width × channels) to a file."""
        to_qimage(pixels).save(str(path))

    def type_number(self, widget: QWidget, number: int) -> None:
        """Types into a field and presses Enter."""
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, str(number))
        QTest.keyClick(widget, Qt.Key.Key_Return)
        QApplication.processEvents()

    def click_tile(self, tiles: TilesView, number: int) -> None:
        self.click(tiles, tiles.tile_rect(number).center())
        self.settle(400)

    def draw_a_digit(self, bar: ImageBar) -> None:
        """Opens the drawing pad and draws a seven."""
        self.click(next(button for button in bar.findChildren(QPushButton) if button.text() == "Draw"))
        self.settle(200)
        assert bar.pad is not None
        canvas = bar.pad.canvas
        side = canvas.width()
        corners = [
            QPoint(side * x // 100, side * y // 100) for x, y in ((25, 25), (72, 25), (58, 50), (44, 80))
        ]
        QTest.mousePress(canvas, LEFT, NONE, corners[0])
        for start, end in pairwise(corners):
            for step in range(1, 9):
                QTest.mouseMove(canvas, start + (end - start) * step / 8)
                self.settle(5)
        QTest.mouseRelease(canvas, LEFT, NONE, corners[-1])
        self.settle(700)
        self._shot_of(bar.pad, "draw-pad")
        bar.pad.close()

    def export(self, format_key: str, path: Path) -> None:
        """Opens the export dialog, fills it in, and accepts it."""

        def fill(dialog: QWidget) -> None:
            assert isinstance(dialog, ExportDialog)
            dialog.format.setFocus()
            QTest.keyClick(dialog.format, Qt.Key.Key_Home)
            for _ in range(dialog.format.findData(format_key)):
                QTest.keyClick(dialog.format, Qt.Key.Key_Down)
            self._type_text(dialog.path, str(path))
            if format_key == "onnx":
                self._shot_of(dialog, "export")
            self.click(dialog.accept_button)

        self.with_dialog(ExportDialog, fill, lambda: self.window.menus.export.trigger())

    def save_as(self, path: Path) -> None:
        """Saves through Qt's own file dialog."""

        def fill(dialog: QWidget) -> None:
            name = next(
                edit for edit in dialog.findChildren(QLineEdit) if edit.objectName() == "fileNameEdit"
            )
            self._type_text(name, str(path))
            # Not Return: the completer's popup, which opens as one types, may take it.
            buttons = dialog.findChild(QDialogButtonBox)
            assert buttons is not None
            self.click(buttons.button(QDialogButtonBox.StandardButton.Save))

        QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, True)
        self.with_dialog(QFileDialog, fill, lambda: self.window.files.save())

    def with_dialog(
        self, kind: type[QDialog], fill: Callable[[Any], None], opening: Callable[[], None]
    ) -> None:
        """Opens a modal dialog and fills it in, until it is closed. DemoError if it is not in time."""
        before = len(self.failures)
        self._dialog = ExpectedDialog(kind, fill, time.monotonic())
        opening()
        filled = self._dialog.filled
        self._dialog = None
        expect(filled, f"a {kind.__name__} must open")
        if len(self.failures) > before:
            raise DemoError(f"in a {kind.__name__}, the window showed: {'; '.join(self.failures[before:])}")

    # Private

    def _stack(self) -> Any:
        return self.window.page(self.window.workspace).stack_panel.view

    def _type_text(self, edit: QLineEdit, text: str) -> None:
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)

    def _shot_of(self, widget: QWidget, name: str) -> None:
        path = self.folder / f"{len(self.screenshots) + 1:02d}-{name}.png"
        widget.grab().save(str(path))
        self.screenshots.append(str(path))

    def _look_at_dialog(self) -> None:
        """Fills in the dialog that is expected; closes any other, which is a failure, and one that stays."""
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog):
            return
        expected = self._dialog
        if isinstance(dialog, QMessageBox):
            replace = accepting(dialog)
            if expected is not None and replace is not None and isinstance(dialog.parent(), expected.kind):
                self.click(replace)  # files of an earlier demonstration in the same folder
                return
            text = " ".join(part for part in (dialog.text(), dialog.informativeText()) if part)
        elif expected is None or not isinstance(dialog, expected.kind):
            text = f"a dialog that was not expected: {dialog.windowTitle() or type(dialog).__name__}"
        elif expected.late():
            text = f"{dialog.windowTitle()}: still open after {DIALOG_WITHIN_S:.0f} s"
        else:
            # On a busy machine a dialog is modal before it is active, and Return would be lost.
            if expected.due(dialog.isActiveWindow()):
                expected.filled = time.monotonic()
                # Not from here: this timer would not fire while a dialog that opens in the first is open.
                QTimer.singleShot(0, dialog, lambda: self._fill(expected, dialog))
            return
        self.failures.append(text)
        dialog.reject()

    def _fill(self, expected: ExpectedDialog, dialog: QDialog) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.hide()
        try:
            expected.fill(dialog)
        except Exception as error:
            # Raised through Qt's event loop it would only be printed, and the dialog stay open.
            self.failures.append(str(error) or type(error).__name__)
            dialog.reject()

    def _compare(self, key: str) -> None:
        """Stores what the live views show, and records which differ from the previous call."""
        page = self.window.page("train")
        now = {
            "curves": _pixels(page.workspace.loss),
            "filters": _pixels(page.filters),
            "maps": _pixels(page.maps),
        }
        before = self._before.get(key)
        if before is not None:
            self.differences = {
                name: before[name].shape != now[name].shape or bool((before[name] != now[name]).any())
                for name in now
            }
        self._before[key] = now


def _pixels(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).copy()
