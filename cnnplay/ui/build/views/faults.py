"""The faults: which, what, why, and the mend as one click."""

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
    QVBoxLayout,
    QWidget,
)

from cnnplay.shapes.faults import Fault
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.views.panel import SCROLL_BAR, Panel
from cnnplay.ui.kit.views.theme import role, theme

_SHOWN_AT_MOST = 50


class FaultRow(QFrame):
    """One fault. A click (or Enter) chooses its block; the button mends it."""

    chosen = Signal(object)
    mended = Signal(object)

    def __init__(self, fault: Fault, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "fault")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        dot = QLabel("●")
        role(dot, "fault")
        row.addWidget(dot, 0, Qt.AlignmentFlag.AlignTop)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.RichText)
        row.addWidget(self._words, 1)
        self.button = QPushButton()
        role(self.button, "link")
        self.button.setToolTip("Makes this change; it can be undone.")
        self.button.clicked.connect(self._mend)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.fault = fault
        self._show()

    def set_fault(self, fault: Fault) -> None:
        """Shows another fault in the same row: while one types, faults come and go quickly."""
        before, self.fault = self.fault, fault
        if (before.message, before.mend and before.mend.label) != (
            fault.message,
            fault.mend and fault.mend.label,
        ):
            self._show()

    def _show(self) -> None:
        fault = self.fault
        self.setAccessibleName(fault.message)
        self.setToolTip(_why(fault))
        self._words.setText(_rich(fault))
        self.button.setText(fault.mend.label if fault.mend else "")
        self.button.setVisible(fault.mend is not None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.fault)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.fault)
        else:
            super().keyPressEvent(event)

    def height_at(self, width: int) -> int:
        """The pixels that it needs. Before words and button have their type, a row knows no height."""
        for part in (self, self._words, self.button):
            part.ensurePolished()
        self._row.invalidate()
        return self.heightForWidth(width)

    def _mend(self) -> None:
        self.mended.emit(self.fault)


class FaultsPanel(Panel):
    """All faults of the network, none hidden behind another. `left`: the last one that had the keyboard is
    mended.
    """

    left = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Faults", parent=parent)
        self._editor = editor
        self.rows: list[FaultRow] = []
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._inner)
        self.body.addWidget(self._scroll)
        self._more: Callable[[], tuple[Fault, ...]] = lambda: ()
        editor.changed.connect(self._refresh)
        theme().changed.connect(self._fit)
        self._refresh()

    def add_source(self, faults: Callable[[], tuple[Fault, ...]], changed: SignalInstance) -> None:
        """More than the network's own faults: where it does not go with the pictures.

        `changed`: look again.
        """
        self._more = faults
        changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        faults = (*self._editor.report.faults, *self._more())
        shown = faults[:_SHOWN_AT_MOST]
        focus = QApplication.focusWidget()
        had_focus = focus is not None and any(row.isAncestorOf(focus) for row in self.rows[len(shown) :])
        while len(self.rows) > len(shown):
            row = self.rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for row, fault in zip(self.rows, shown, strict=False):
            row.set_fault(fault)
        for fault in shown[len(self.rows) :]:
            self._add(fault)
        self.set_muted(_count(len(faults)))
        self._scroll.setVisible(bool(faults))
        self._fit()
        if had_focus:
            # Qt would hand the keyboard to whatever comes next in the window.
            if self.rows:
                self.rows[-1].button.setFocus()
            else:
                self.left.emit()

    def _add(self, fault: Fault) -> None:
        row = FaultRow(fault)
        row.chosen.connect(self._choose)
        row.mended.connect(self._editor.mend)
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the faults need, up to four of them: the rest scrolls."""
        self._column.setSpacing(theme().px(6))
        # As if there were a scroll bar: words that need a second line beside one would call it for ever.
        width = self.width() - theme().px(26 + SCROLL_BAR)
        heights = [row.height_at(width) for row in self.rows[:4]]
        rows = sum(heights) + theme().px(6) * max(0, len(heights) - 1)
        self.setFixedHeight(self.title_height() + (self.body_margins() + rows if rows else 0))

    def _choose(self, fault: Fault) -> None:
        if fault.node:
            self._editor.select((fault.node,))
        else:
            self._editor.select_input()


def _count(faults: int) -> str:
    if not faults:
        return "none: this network can be trained"
    return f"{faults:,}" if faults <= _SHOWN_AT_MOST else f"{faults:,}, the first {_SHOWN_AT_MOST} shown"


def _rich(fault: Fault) -> str:
    """The message with the block's id strong."""
    words = escape(fault.message)
    return words.replace(escape(fault.node), f"<b>{escape(fault.node)}</b>", 1) if fault.node else words


def _why(fault: Fault) -> str:
    lines = [fault.message, f"expected: {fault.expected}", f"found: {fault.found}"]
    return "<br>".join(escape(line) for line in lines if not line.endswith(": "))
