"""Fills the status bar: the network's cost, the last message, what the program is doing."""

from PySide6.QtCore import QObject, Slot

from cnnplay.ui.kit.counts import multiply_adds_text
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.session import Session
from cnnplay.ui.shell.views.status import StatusLine
from cnnplay.ui.train.run_text import plan_text, status_text, threads_text

MESSAGE_MS = 8000


class StatusText(QObject):
    """Follows the session. A message gives way to the current activity after some seconds."""

    def __init__(self, session: Session, line: StatusLine, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._line = session, line
        self._message = ""
        self._fade = Throttle(self._forget, MESSAGE_MS, self, "settle")
        # First: an edit clears the old message, then shows its own.
        session.editor.changed.connect(self._forget)
        session.run.state_changed.connect(self._forget)
        session.message.connect(self.show_message)
        for signal in (
            session.data.state_changed,
            session.estimate.changed,
            session.document.busy_changed,
            theme().changed,
        ):
            signal.connect(self._refresh)
        session.run.recorder.shown.connect(self._refresh)
        session.run.weights_cache.changed.connect(self._weights_changed)
        self._refresh()

    @Slot()
    def _weights_changed(self) -> None:
        if not self._session.run.active:  # during a run, all numbers are of the moment that is shown
            self._refresh()

    @Slot(str)
    def show_message(self, text: str) -> None:
        """Shows a message for some seconds."""
        self._message = text
        self._fade.request()
        self._refresh()

    @Slot()
    def _forget(self) -> None:
        self._message = ""
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        self._refresh_speed()
        self._line.set_message(self._message or self._doing())
        self._line.set_state(self._state())
        plan = self._session.run.history.plan if self._session.run.active else None
        if plan is None:
            self._line.set_why("", "")
        else:
            self._line.set_why(f"Why {threads_text(plan)}?", plan_text(plan))

    @Slot()
    def _refresh_speed(self) -> None:
        report, at_least = self._session.editor.report, self._session.editor.at_least
        facts = [
            (f"{at_least}{report.parameters:,}", "parameters"),
            (f"{at_least}{multiply_adds_text(report.multiply_adds)}", "multiply-adds"),
        ]
        speed = self._session.run.recorder.progress.images_per_second
        if self._session.run.active and speed:
            facts.append((f"{speed:,.0f}", "images/s"))
        self._line.set_facts(facts)

    def _doing(self) -> str:
        """What the program is doing, the most important first."""
        session = self._session
        if session.document.doing:
            return session.document.doing
        if session.data.state == "loading":
            return session.data.summary
        if session.run.active:
            return status_text(session.run.state, session.run.recorder.progress)
        if not session.editor.report.valid:
            return "fix the network's problems to see the estimate of time and memory"
        return session.estimate.text

    def _state(self) -> str:
        problems = len(self._session.editor.report.problems)
        if problems:
            color = theme().color("fault").name()
            return f'<span style="color:{color}">{problems} problem{"s" if problems > 1 else ""}</span>'
        run = self._session.run
        best = run.history.best if run.history_is_current else None
        if best is None:
            return ""
        text, primary = f"best epoch <b>{best.epoch}</b>", run.history.task_info.primary
        value = best.metrics.get(f"validation_{primary.name}")
        return text if value is None else f"{text}: {metric_text(primary, value)}"
