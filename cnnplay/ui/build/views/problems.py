"""The Problems panel: each problem with its fix as one click."""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QWidget,
)

from cnnplay.shapes.problems import Problem
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import SCROLL_BAR, Panel, wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip

_MAX_SHOWN = 50


class ProblemRow(QFrame):
    """One problem. A click (or Enter) selects its layer; the button applies the fix."""

    chosen = Signal(object)
    fix_requested = Signal(object)

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "fault")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        dot = role(QLabel("●"), "fault")
        row.addWidget(dot, 0, Qt.AlignmentFlag.AlignTop)
        self._label = wrapped("", "")
        self._label.setTextFormat(Qt.TextFormat.RichText)
        row.addWidget(self._label, 1)
        self.button = role(QPushButton(), "link")
        self.button.setToolTip("Apply this fix; you can undo it")
        self.button.clicked.connect(self._request_fix)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.problem = problem
        self._show()

    def set_problem(self, problem: Problem) -> None:
        """Shows another problem in the same row: while the user types, problems come and go quickly."""
        before, self.problem = self.problem, problem
        if (before.message, before.fix and before.fix.label) != (
            problem.message,
            problem.fix and problem.fix.label,
        ):
            self._show()

    def _show(self) -> None:
        problem = self.problem
        self.setAccessibleName(problem.message)
        self.setToolTip(tip(_tooltip_text(problem)))
        self._label.setText(_rich_text(problem))
        self.button.setText(problem.fix.label if problem.fix else "")
        self.button.setVisible(problem.fix is not None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.problem)
        else:
            super().keyPressEvent(event)

    def height_at(self, width: int) -> int:
        """The height it needs in pixels. A row has no height before its label and button are polished."""
        for part in (self, self._label, self.button):
            part.ensurePolished()
        self._row.invalidate()
        return self.heightForWidth(width)

    def _request_fix(self) -> None:
        self.fix_requested.emit(self.problem)


class ProblemsPanel(Panel):
    """All problems of the network. `focus_left`: the focused row was fixed, and none remains."""

    focus_left = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Problems", parent=parent)
        self._editor = editor
        self.rows: list[ProblemRow] = []
        self._inner = QWidget()
        self._column = vbox(None, into=self._inner)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._inner)
        self.body.addWidget(self._scroll)
        self._extra_problems: Callable[[], tuple[Problem, ...]] = lambda: ()
        editor.changed.connect(self._refresh)
        theme().changed.connect(self._fit)
        self._refresh()

    def add_source(self, problems: Callable[[], tuple[Problem, ...]], changed: SignalInstance) -> None:
        """Adds problems that are not the network's own, such as a mismatch with the data set.

        `changed`: query the source again.
        """
        self._extra_problems = problems
        changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        problems = (*self._editor.report.problems, *self._extra_problems())
        shown = problems[:_MAX_SHOWN]
        focus = QApplication.focusWidget()
        had_focus = focus is not None and any(row.isAncestorOf(focus) for row in self.rows[len(shown) :])
        while len(self.rows) > len(shown):
            row = self.rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for row, problem in zip(self.rows, shown, strict=False):
            row.set_problem(problem)
        for problem in shown[len(self.rows) :]:
            self._add(problem)
        self.set_muted(_count(len(problems)))
        self._scroll.setVisible(bool(problems))
        self._fit()
        if had_focus:
            # Otherwise Qt moves the focus to the next widget in the window.
            if self.rows:
                self.rows[-1].button.setFocus()
            else:
                self.focus_left.emit()

    def _add(self, problem: Problem) -> None:
        row = ProblemRow(problem)
        row.chosen.connect(self._choose)
        row.fix_requested.connect(self._editor.fix)
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Sets the height for up to four rows; more of them scroll."""
        self._column.setSpacing(theme().px(6))
        # Always leave room for the scroll bar: text that wraps only beside one would toggle it forever.
        width = self.width() - theme().px(26 + SCROLL_BAR)
        heights = [row.height_at(width) for row in self.rows[:4]]
        rows = sum(heights) + theme().px(6) * max(0, len(heights) - 1)
        self.setFixedHeight(self.title_height() + (self.body_margins() + rows if rows else 0))

    def _choose(self, problem: Problem) -> None:
        if problem.node:
            self._editor.select((problem.node,))
        else:
            self._editor.select_input()


def _count(problems: int) -> str:
    if not problems:
        return "No problems: this network can be trained"
    return f"{problems:,}" if problems <= _MAX_SHOWN else f"{problems:,}; first {_MAX_SHOWN} shown"


def _rich_text(problem: Problem) -> str:
    """The message with the layer's id in bold."""
    text = escape(problem.message)
    return text.replace(escape(problem.node), f"<b>{escape(problem.node)}</b>", 1) if problem.node else text


def _tooltip_text(problem: Problem) -> str:
    lines = [problem.message, f"expected: {problem.expected}", f"found: {problem.found}"]
    return "<br>".join(escape(line) for line in lines if not line.endswith(": "))
