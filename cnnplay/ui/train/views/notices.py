"""Notices of a run that you must not miss: why it failed, that it trains an earlier version, notes."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication

from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.notice import Notice, NoticeStack
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.failure import SettingFix, fix_for
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel


class RunNotices(NoticeStack):
    """The notices of the run."""

    def __init__(self, run: RunModel, settings: SettingsModel) -> None:
        super().__init__()
        self._run, self._settings = run, settings
        self._dismissed = 0
        self._shown: tuple[int, int] = (-1, -1)
        self._fix: SettingFix | None = None
        self.failure = Notice(
            "fault",
            ("", "Change this setting; then press Train to try again", self._apply_fix),
            ("Copy details", "Copy the technical details to the clipboard, for a report", self._copy),
            ("Dismiss", "", run.dismiss_failure),
        )
        self.stale = Notice("panel", ("Stop and train this", "", run.stop_and_train_this))
        self.note = Notice("panel", ("Dismiss", "", self._dismiss_notes))
        self.add(self.failure, self.stale, self.note)
        for signal in (run.notice_changed, run.readiness_changed, run.state_changed):
            signal.connect(self.refresh)
        run.recorder.changed.connect(self._show_notes)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Updates all notices."""
        self._show_failure()
        stopping = self._run.state == "stopping"
        reason = self._run.disabled_reason("replace") if self._run.is_stale else ""
        text = self._run.stale_text
        if text and reason:
            text = f"{text.rstrip('.')}. The current network cannot be trained: {reason}"
        self.stale.set_text("" if stopping else text)
        set_available(self.stale.buttons[0], "Stop the run and train the current network", reason)
        self._show_notes()

    def _show_failure(self) -> None:
        failure = self._run.failure
        if failure is None:
            self.failure.set_text("")
        else:
            self._fix = fix_for(failure)
            message = failure.message[:1].upper() + failure.message[1:].rstrip(".")
            self.failure.buttons[0].setText(self._fix.label if self._fix is not None else "")
            self.failure.buttons[0].setVisible(self._fix is not None)
            self.failure.buttons[1].setVisible(bool(failure.details))
            self.failure.set_text(f"{message}. {failure.advice}")

    @Slot()
    def _show_notes(self) -> None:
        count = self._run.history.noted
        # Another history has its own notes: the dismissed ones belonged to the previous one.
        self._dismissed = min(self._dismissed, count)
        if self._shown == (count, self._dismissed):
            return
        self._shown = (count, self._dismissed)
        new = count - self._dismissed
        notes = self._run.history.notes[-min(new, 20) :] if new else []
        more = f" (and {new - 1:,} more)" if new > 1 else ""
        self.note.set_text(notes[-1] + more if notes else "")
        self.note.setToolTip(tip("\n".join(notes)))

    @Slot()
    def _apply_fix(self) -> None:
        if self._fix is not None:
            self._settings.set(self._fix.field, self._fix.value)
            self._run.dismiss_failure()

    @Slot()
    def _copy(self) -> None:
        if self._run.failure is not None:
            QGuiApplication.clipboard().setText(f"{self._run.failure.message}\n{self._run.failure.details}")

    @Slot()
    def _dismiss_notes(self) -> None:
        self._dismissed = self._run.history.noted
        self._show_notes()
