"""The document: which file it is, whether it has unsaved changes, opening, saving, autosave and recovery."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal, Slot

from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.kit.preferences import Preferences, autosave_folder

if TYPE_CHECKING:
    from cnnplay.project.project import Project

SUFFIX = ".cnnplay"
AUTOSAVE_MS = 20_000
AUTOSAVE_SHARE = 0.05
"""Autosaving takes at most this share of the time: weights may be gigabytes."""


class DocumentModel(QObject):
    """Saves the session's project and hands opened ones to it.

    `state` returns what is compared with the last save: equal states are without unsaved changes. By default
    no two are equal. `changed`: title, path or unsaved state. `opened(Project)`: a file;
    `recovered(Recovered)`: an autosave. `failed(str)`: one line for the user.
    """

    changed = Signal()
    opened = Signal(object)
    recovered = Signal(object)
    saved = Signal(object)
    failed = Signal(str)
    busy_changed = Signal()

    def __init__(
        self,
        collect: Callable[[], Project],
        preferences: Preferences,
        parent: QObject | None = None,
        draft: Callable[[], Project] | None = None,
        state: Callable[[], object] = object,
    ) -> None:
        """`draft` returns what to autosave; by default what to save."""
        super().__init__(parent)
        self._collect, self._draft, self._state = collect, draft or collect, state
        self._saved_state = state()
        self._preferences = preferences
        self._jobs = Background("files", self, "finish")
        self._jobs.idle_changed.connect(self.busy_changed)
        self._jobs.idle_changed.connect(self._autosave_missed)
        self.path: Path | None = None
        self.dirty = False
        self._version = 0
        self._autosaved_version = 0
        self._autosave_due = 0.0
        self._missed = False
        """Whether an autosave was due while files were being read or written."""
        self._closing = False
        self._doing = ""
        self._own_autosave = autosave_folder() / f"{os.getpid()}-{time.time_ns():x}{SUFFIX}"
        self._lock = _lock_of(self._own_autosave)
        self._timer = QTimer(self, interval=AUTOSAVE_MS)
        self._timer.timeout.connect(self.autosave)
        self._timer.start()

    @property
    def busy(self) -> bool:
        return not self._jobs.idle

    @property
    def doing(self) -> str:
        """``saving digits.cnnplay …``; "" when idle and during an autosave."""
        return self._doing if self.busy else ""

    @property
    def name(self) -> str:
        """The file's name without its suffix; "" for a document that was never saved."""
        return self.path.stem if self.path else ""

    @Slot()
    def touch(self) -> None:
        """Something changed: the document has unsaved changes, unless it is now as it was saved."""
        self._version += 1
        if self._state() == self._saved_state:
            if self.dirty:
                self._clean()
        elif not self.dirty:
            self.dirty = True
            self.changed.emit()

    def renew(self) -> None:
        """Makes this a new document: no file, no changes."""
        self.path, self._saved_state = None, self._state()
        self._clean()

    def save(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Writes the project to `path` in a thread, replacing what is there. `then` is called on success."""
        from cnnplay.project.store import save

        if path.suffix != SUFFIX:
            path = path.with_name(path.name + SUFFIX)
        project, version, state = self._collect(), self._version, self._state()

        def done(_: object) -> None:
            self.path = path
            self._preferences.add_recent(path)
            self._saved_state = state
            if version == self._version or state == self._state():
                self._clean()
            else:
                self.dirty = True
            self.changed.emit()
            self.saved.emit(path)
            if then is not None:
                then()

        self._doing = f"saving {path.name} …"
        self._jobs.queue(lambda: save(project, path), done, self._fail)

    def open(self, path: Path) -> None:
        """Reads a project in a thread. On failure the open document stays."""
        from cnnplay.project.store import load

        def done(project: Project) -> None:
            self.opened.emit(project)
            self._saved_state = self._state()
            self._clean()
            self.path = path
            self._preferences.add_recent(path)
            self.changed.emit()

        self._doing = f"opening {path.name} …"
        self._jobs.queue(lambda: load(path), done, self._fail)

    def recover(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Opens an autosave as `open` does, under the name of its file; `then` is called on success."""
        from cnnplay.ui.shell.recovery import Recovered, read_autosave

        def done(found: Recovered) -> None:
            self.recovered.emit(found)
            self._clean()
            self.path, self._saved_state = found.file, object()  # no file has it
            self.touch()
            # Another crash must not lose it: it is deleted once this window has its own autosave.
            self.autosave(then=lambda: self._discard(path))
            self.changed.emit()
            if found.problem:
                self.failed.emit(found.problem)
            if then is not None:
                then()

        self._doing = "recovering unsaved work …"
        self._jobs.queue(lambda: read_autosave(path), done, self._fail)

    @Slot()
    def autosave(self, then: Callable[[], None] | None = None) -> None:
        """Writes unsaved changes to the autosave, unless the last state is there already. `then` is called
        once they are written. While files are read or written, this happens afterwards, without `then`.
        """
        self._missed = self.busy
        if not self.dirty or self._version == self._autosaved_version or self.busy or self._closing:
            return
        if then is None and time.monotonic() < self._autosave_due:
            return
        target = self._own_autosave
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            logging.getLogger(__name__).warning("autosave failed: %s", error)
            return
        project, version = self._draft(), self._version

        def write() -> float:
            from cnnplay.project.store import save

            start = time.monotonic()
            if not self._lock.isLocked():  # waits for the disk
                self._lock.tryLock(0)
            save(project, target)
            return time.monotonic() - start

        def done(seconds: float) -> None:
            self._autosaved_version = version
            pause = seconds / AUTOSAVE_SHARE
            self._autosave_due = time.monotonic() + pause if pause > AUTOSAVE_MS / 1000 else 0.0
            if not self.dirty:
                self._discard(target)
            if then is not None:
                then()

        def failed(error: Exception) -> None:
            logging.getLogger(__name__).warning("autosave failed: %s", error)

        self._doing = ""
        self._jobs.queue(write, done, failed)

    @Slot()
    def _autosave_missed(self) -> None:
        if self._missed and not self.busy:
            self.autosave()

    def recoverable(self) -> tuple[Path, ...]:
        """Autosaves of windows that no longer run, newest first."""
        found = []
        for path in autosave_folder().glob(f"*{SUFFIX}"):
            lock = _lock_of(path)
            if path != self._own_autosave and lock.tryLock(0):
                lock.unlock()
                found.append(path)
        return tuple(sorted(found, key=lambda path: path.stat().st_mtime, reverse=True))

    def discard_recoverable(self) -> None:
        for path in self.recoverable():
            self._discard(path)

    def begin_finish(self) -> None:
        """Ends autosaving: the window closes normally."""
        self._closing = True
        self._timer.stop()

    def finish(self) -> None:
        """Waits for writing to end and deletes the autosave."""
        self.begin_finish()
        self._jobs.close()
        self._discard(self._own_autosave)
        self._lock.unlock()

    def _clean(self) -> None:
        """There is nothing to save."""
        self.dirty = False
        self._discard(self._own_autosave)
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))

    def _discard(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logging.getLogger(__name__).warning("cannot remove %s: %s", path, error)


def _lock_of(autosave: Path) -> QLockFile:
    """The lock of the window that writes the autosave. Qt detects when its process is gone."""
    lock = QLockFile(f"{autosave}.lock")
    lock.setStaleLockTime(0)
    return lock
