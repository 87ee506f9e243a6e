"""Errors that nobody foresaw: written to a file, shown with "copy the details"; the window lives on."""

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

MAX_LOG_BYTES = 1_000_000
QUIET_S = 60.0
"""So long the same error is written down only, after a box told of it."""


class ErrorReporter(QObject):
    """Takes over sys.excepthook and threading.excepthook; reports of other threads wait for a timer."""

    def __init__(self, log: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self.shown: list[str] = []
        self._waiting: list[str] = []
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()
        self._open = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._drain)
        self._timer.start(500)
        self._logged = _IntoFile(self._write)

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
        """Writes the details to the log, and shows one line with a way to copy them."""
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
            news = [details for details in dict.fromkeys(self._waiting) if details not in self._told]
            details, self._waiting = "\n".join(news), []
        if not news:
            return
        self._open = True
        try:
            self.shown.append(details)
            self._show(details)
        finally:
            self._open = False
            # From when it was read: repaints under an open box fail again and again meanwhile.
            self._told |= dict.fromkeys(news, time.monotonic())
            with self._lock:
                self._waiting = [other for other in self._waiting if other not in self._told]

    def _forget_old(self) -> None:
        """What a box said within the last minute is not said again. An error in a repaint comes back with
        every repaint: a box that opens again and again would lock people out of undo and of saving.
        """
        now = time.monotonic()
        self._told = {details: told for details, told in self._told.items() if now - told < QUIET_S}

    def _show(self, details: str) -> None:
        parent = self.parent()
        box = QMessageBox(parent if isinstance(parent, QWidget) else None)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Something unforeseen went wrong")
        last = details.strip().splitlines()[-1]
        box.setText("Something went wrong that we did not foresee. Your work is still here: save it.")
        box.setInformativeText(f"{last}\n\nThe details are in {self.log}")
        copy = box.addButton("Copy the details", QMessageBox.ButtonRole.ActionRole)
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


class _IntoFile(logging.Handler):
    """What the program logs (a probe that raised, for one) goes into the same file, and disturbs nobody."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._into = write

    def emit(self, record: logging.LogRecord) -> None:
        self._into(self.format(record))
