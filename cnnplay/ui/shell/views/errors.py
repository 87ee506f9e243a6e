"""Unexpected errors: logged to a file and shown with *Copy details*; the window lives on."""

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from cnnplay.ui.kit.views.dialog_title import MessageBox

MAX_LOG_BYTES = 1_000_000
QUIET_S = 60.0
"""After an error was shown, the same one is only logged for so many seconds."""


class ErrorReporter(QObject):
    """Replaces sys.excepthook and threading.excepthook; a timer collects the errors of other threads."""

    def __init__(self, log: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self.shown: list[str] = []
        self._waiting: list[str] = []
        self._shown_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._open = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._drain)
        self._timer.start(500)
        self._logged = _FileHandler(self._write)

    def install(self) -> None:
        logging.getLogger("cnnplay").addHandler(self._logged)
        sys.excepthook = self._main_thread
        threading.excepthook = self._other_thread

    def uninstall(self) -> None:
        logging.getLogger("cnnplay").removeHandler(self._logged)
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        self._timer.stop()

    def report(self, details: str) -> None:
        """Logs the details, and shows one line with a button that copies them."""
        self._write(details)
        with self._lock:
            self._waiting.append(details)
        self._drain_soon()

    def _main_thread(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        self.report("".join(traceback.format_exception(kind, error, trace)))

    def _other_thread(self, arguments: "threading.ExceptHookArgs") -> None:
        details = "".join(
            traceback.format_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        )
        self._write(details)
        with self._lock:
            self._waiting.append(details)

    def _drain_soon(self) -> None:
        QTimer.singleShot(0, self, self._drain)

    def _drain(self) -> None:
        with self._lock:
            if self._open or not self._waiting:
                return
            self._forget_old()
            news = [details for details in dict.fromkeys(self._waiting) if details not in self._shown_at]
            details, self._waiting = "\n".join(news), []
        if not news:
            return
        self._open = True
        try:
            self.shown.append(details)
            self._show(details)
        finally:
            self._open = False
            # Counted from when the box is closed: repaints under an open box fail again and again.
            self._shown_at |= dict.fromkeys(news, time.monotonic())
            with self._lock:
                self._waiting = [other for other in self._waiting if other not in self._shown_at]

    def _forget_old(self) -> None:
        """An error shown within the last minute is not shown again: one in a repaint comes back with every
        repaint, and a box that keeps opening would lock users out of undo and saving.
        """
        now = time.monotonic()
        self._shown_at = {details: when for details, when in self._shown_at.items() if now - when < QUIET_S}

    def _show(self, details: str) -> None:
        parent = self.parent()
        box = MessageBox(parent if isinstance(parent, QWidget) else None)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Unexpected error")
        last = details.strip().splitlines()[-1]
        box.setText("An unexpected error occurred. Your work is still here: save it now.")
        box.setInformativeText(f"{last}\n\nDetails were written to {self.log}")
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Close)
        box.exec()
        if box.clickedButton() is copy:
            QGuiApplication.clipboard().setText(details)

    def _write(self, details: str) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
                self.log.unlink()
            with self.log.open("a", encoding="utf-8") as file:
                file.write(details + "\n")
        except OSError as error:
            print(f"cannot write {self.log}: {error}\n{details}", file=sys.stderr)


class _FileHandler(logging.Handler):
    """Sends the program's log (for example a probe that raised) to the same file, without a box."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))
