"""The cost of each layer as bars: parameters above, multiply-adds below, numbers at the right."""

from bisect import bisect_right
from itertools import accumulate

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from cnnplay.network.describe import title
from cnnplay.network.network import find
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.kit.counts import Cost, costs
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import theme

PLAIN_BELOW = 10_000_000
"""Numbers are written out where the largest of their column is smaller than this."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

KEYS = KeyTable(
    "Cost per layer",
    KeyRow(
        "Layer above, layer below",
        {Qt.Key.Key_Up: lambda bars: bars.step(-1), Qt.Key.Key_Down: lambda bars: bars.step(1)},
    ),
)


def multiply_adds_text(number: int, largest: int) -> str:
    """Multiply-adds in the unit of their column: ``117,600``, or millions if the largest is 10 M or more."""
    if largest < PLAIN_BELOW:
        return f"{number:,}"
    return f"{number / 10**6:,.2f} M" if number >= 5_000 else "< 0.01 M"


class CostBars(QAbstractScrollArea):
    """The custom-painted rows of the costs panel; a click or the arrow keys select a layer."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = model
        self.costs: tuple[Cost, ...] = ()
        self._tops: list[int] = [0]
        """The top of each row, and the bottom of the last one."""
        self._stale = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Cost per layer")
        self.viewport().setAutoFillBackground(False)
        editor.changed.connect(self._refresh)
        editor.selection_changed.connect(self.viewport().update)
        model.layout_changed.connect(self._refresh)
        theme().changed.connect(self._refresh)

    def row_rect(self, index: int) -> QRect:
        """A row's rectangle in the viewport."""
        top = self._tops[index]
        return QRect(
            0,
            top - self.verticalScrollBar().value(),
            self.viewport().width(),
            self._tops[index + 1] - top,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        self._update()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.costs:
            painter.setPen(theme().color("text_muted"))
            painter.setFont(theme().font())
            painter.drawText(
                self.viewport().rect(),
                Qt.AlignmentFlag.AlignCenter,
                "No layer has a cost yet.",
            )
            return
        most = max(cost.parameters for cost in self.costs) or 1
        most_multiply_adds = self._most_multiply_adds()
        metrics = QFontMetrics(theme().font())
        # One pixel more than the text: with fractional widths, text as wide as its rectangle is elided.
        widest = 1 + max(metrics.horizontalAdvance(self.name(cost)) for cost in self._visible())
        names = min(widest, self.width() * 2 // 5)
        numbers = max(
            metrics.horizontalAdvance(text)
            for cost in self.costs
            for text in (f"{cost.parameters:,}", multiply_adds_text(cost.multiply_adds, most_multiply_adds))
        )
        for index, cost in enumerate(self.costs):
            rect = self.row_rect(index)
            if rect.intersects(event.rect()):
                shares = (cost.parameters / most, cost.multiply_adds / most_multiply_adds)
                self._row(painter, rect, cost, shares, (names, numbers))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ranges()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cost = self._cost_at(event.position().toPoint())
        if cost is not None:
            self._editor.select((cost.node_id,))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, step: int) -> bool:
        """Selects the layer that many rows further down; returns whether there are any rows."""
        if not self.costs:
            return False
        ids = [cost.node_id for cost in self.costs]
        current = (
            ids.index(self._editor.current) if self._editor.current in ids else -1 if step > 0 else len(ids)
        )
        index = max(0, min(len(ids) - 1, current + step))
        self._editor.select((ids[index],))
        rect = self.row_rect(index)
        bar = self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height())
        return True

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cost = self._cost_at(event.pos())
            QToolTip.showText(event.globalPos(), self._tooltip_text(cost) if cost else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def _row(
        self, painter: QPainter, rect: QRect, cost: Cost, shares: tuple[float, float], widths: tuple[int, int]
    ) -> None:
        now, pad = theme(), theme().px(8)
        names, numbers = widths
        if cost.node_id in self._editor.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.color("selection"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), now.px(6), now.px(6))
        line = now.px(19)
        painter.setFont(now.font())
        painter.setPen(now.color("text"))
        inner = rect.adjusted(pad // 2, now.px(2), -pad // 2, 0)
        name = QFontMetrics(now.font()).elidedText(self.name(cost), Qt.TextElideMode.ElideRight, names)
        painter.drawText(QRect(inner.x(), inner.y(), names + 2, line), _LEFT, name)
        painter.drawText(QRect(inner.x(), inner.y(), inner.width(), line), _RIGHT, f"{cost.parameters:,}")
        if cost.multiply_adds:
            painter.setPen(now.color("text_muted"))
            below = QRect(inner.x(), inner.y() + line, inner.width(), line)
            painter.drawText(
                below, _RIGHT, multiply_adds_text(cost.multiply_adds, self._most_multiply_adds())
            )
        left = inner.x() + names + 2 * pad
        self._bars(
            painter, QRect(left, inner.y(), inner.right() - numbers - 2 * pad - left, line), cost, shares
        )

    def _bars(self, painter: QPainter, area: QRect, cost: Cost, shares: tuple[float, float]) -> None:
        """The parameter bar in the row's first line; the thinner, lighter multiply-add bar in its second."""
        now = theme()
        color = now.family(cost.family)
        y = area.y() + area.height() // 2
        if cost.parameters:
            thick = now.px(10)
            painter.fillRect(area.x(), y - thick // 2, max(2, round(area.width() * shares[0])), thick, color)
        if cost.multiply_adds:
            light, thin = QColor(color), now.px(6)
            light.setAlphaF(0.45)
            below = y + area.height() - thin // 2
            painter.fillRect(area.x(), below, max(2, round(area.width() * shares[1])), thin, light)

    def _tooltip_text(self, cost: Cost) -> str:
        report = self._editor.report
        parts = [f"{cost.node_id}: {cost.parameters:,} parameters"]
        if report.parameters:
            parts.append(f"{100 * cost.parameters / report.parameters:.1f} % of the total")
        parts.append(f"{cost.multiply_adds:,} multiply-adds")
        if report.multiply_adds:
            parts.append(f"{100 * cost.multiply_adds / report.multiply_adds:.1f} % of the total")
        return f"{parts[0]}" + ", ".join(["", *parts[1:]])

    def _visible(self) -> tuple[Cost, ...]:
        area = self.viewport().rect()
        return tuple(cost for index, cost in enumerate(self.costs) if self.row_rect(index).intersects(area))

    def _most_multiply_adds(self) -> int:
        return max(cost.multiply_adds for cost in self.costs) or 1

    def name(self, cost: Cost) -> str:
        """The layer's title as on its card; on a shortcut, with the name of its skip."""
        name = title(find(self._editor.network, cost.node_id))
        if not cost.shortcut_of:
            return name
        shortcut = f"{cost.shortcut_of} shortcut"
        return shortcut if name == cost.node_id else f"{shortcut}, {name}"

    def _cost_at(self, point: QPoint) -> Cost | None:
        self._update()
        index = bisect_right(self._tops, point.y() + self.verticalScrollBar().value()) - 1
        return self.costs[index] if 0 <= index < len(self.costs) else None

    def _refresh(self) -> None:
        self._stale = True
        if self.isVisible():
            self._update()
            self.viewport().update()

    def _update(self) -> None:
        if self._stale:
            self._stale = False
            self.costs = costs(self._editor.network, self._editor.report, self._model.collapsed)
            heights = (theme().px(42 if cost.multiply_adds else 24) for cost in self.costs)
            self._tops = list(accumulate(heights, initial=0))
            self._ranges()

    def _ranges(self) -> None:
        height = self.viewport().height()
        self.verticalScrollBar().setRange(0, max(0, self._tops[-1] - height))
        self.verticalScrollBar().setPageStep(height)
        self.verticalScrollBar().setSingleStep(theme().px(42))


class CostsPanel(Panel):
    """The cost of each layer, with a title that explains the two bars."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__("Cost per layer", "parameters · multiply-adds (lighter)", parent)
        self.bars = CostBars(editor, model)
        self.body.addWidget(self.bars)
