"""The presets as cards: title, paper, remark, differences from the paper, and a sketch of the stack."""

from math import log2

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from cnnplay.network.describe import shape_text
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network
from cnnplay.network.nodes import Skip, Stack, stacks_of
from cnnplay.network.presets import Preset, presets
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import Report
from cnnplay.ui.kit.counts import multiply_adds_text
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role, theme

OPEN_HINT = "Click a preset to open it. Undo restores the current network."


class Sketch(QWidget):
    """A thumbnail of a network: a bar per layer, wider for more channels (log₂)."""

    def __init__(self, network: Network, report: Report, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, float]] = []
        self._skips: list[tuple[int, int]] = []
        self._collect(network.stack, report)
        self.setFixedSize(theme().px(84), theme().px(132))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pitch = min(theme().px(10), self.height() / max(1, len(self._bars)))
        available = self.width() - theme().px(14)
        top = (self.height() - pitch * len(self._bars)) / 2
        for index, (family, share) in enumerate(self._bars):
            width = max(theme().px(4), available * share)
            rect = QRectF((available - width) / 2, top + index * pitch, width, max(1.0, pitch * 0.72))
            painter.fillRect(rect, theme().family(family))
        painter.setPen(QPen(theme().family("structure"), 1))
        widest = max((share for _, share in self._bars), default=0.0) * available
        x, reach = (available + widest) / 2 + theme().px(3), theme().px(6)
        for first, last in self._skips:
            y, end = top + (first - 0.1) * pitch, top + (last + 0.85) * pitch
            corners = (QPointF(x, y), QPointF(x + reach, y), QPointF(x + reach, end), QPointF(x, end))
            painter.drawPolyline(corners)
        painter.end()

    def _collect(self, stack: Stack, report: Report) -> None:
        for node in stack:
            parts = stacks_of(node)
            if parts:
                first = len(self._bars)
                for part in parts[:1] if isinstance(node, Skip) else parts:
                    self._collect(part, report)
                if isinstance(node, Skip):
                    self._skips.append((first, len(self._bars) - 1))
                continue
            numbers = report.nodes.get(node.id)
            channels = numbers.output[0] if numbers and numbers.output else 1
            self._bars.append((kind_of(node).family, min(1.0, log2(channels + 1) / 12)))


class PresetCard(QFrame):
    """One preset. A click or Enter picks it."""

    chosen = Signal(str)

    def __init__(self, preset: Preset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "card")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.key = preset.key
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(preset.title)
        self.setAccessibleDescription(preset.remark)
        report = infer(preset.network)
        column = QVBoxLayout()
        column.setSpacing(theme().px(4))
        heading = role(QLabel(preset.title + (f"  {preset.year}" if preset.year else "")), "title")
        column.addWidget(heading)
        multiply_adds = multiply_adds_text(report.multiply_adds)
        column.addWidget(wrapped(f"{report.parameters:,} parameters · {multiply_adds} multiply-adds", ""))
        size = shape_text(preset.network.input.shape)
        column.addWidget(wrapped(f"input {size} · {preset.network.task.classes:,} classes"))
        for text in (preset.paper, preset.remark):
            if text:
                column.addWidget(wrapped(text, "muted" if text is preset.paper else ""))
        if preset.departures:
            heading = role(QLabel("Differs from the paper"), "strong")
            column.addSpacing(theme().px(4))
            column.addWidget(heading)
        for departure in preset.departures:
            column.addLayout(_listed(departure))
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(theme().px(12))
        row.addWidget(Sketch(preset.network, report), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme().px(6), theme().px(6))
            painter.end()


class Gallery(QDialog):
    """All presets; `hint` says what a click does. `chosen(key)`: one was picked, which closes the dialog."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None, hint: str = OPEN_HINT) -> None:
        super().__init__(parent)
        self.setWindowTitle("Presets")
        self.cards: list[PresetCard] = []
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme().px(8))
        for index, preset in enumerate(presets()):
            card = PresetCard(preset)
            card.chosen.connect(self._chosen)
            grid.addWidget(card, index // 2, index % 2)
            self.cards.append(card)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        close = QPushButton("Close")
        close.setToolTip("Keep the current network")
        close.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(wrapped(hint))
        layout.addWidget(scroll, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        resize_first(self, QSize(theme().px(980), theme().px(680)))

    def _chosen(self, key: str) -> None:
        self.accept()
        self.chosen.emit(key)


def _listed(text: str) -> QHBoxLayout:
    """A list item with a hanging indent after the dash."""
    row = QHBoxLayout()
    row.setSpacing(theme().px(6))
    dash = role(QLabel("–"), "muted")
    row.addWidget(dash, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(wrapped(text), 1)
    return row
