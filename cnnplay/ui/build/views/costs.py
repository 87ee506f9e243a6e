"""The cost of each layer as bars: parameters, multiply-adds, measured time; numbers at the right."""

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Slot
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
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QToolTip, QWidget

from cnnplay.network.describe import title
from cnnplay.network.network import find
from cnnplay.probing.probes import PROBES
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.layer_times import LayerTimesModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.kit.counts import Cost, costs
from cnnplay.ui.kit.time_text import ms_text
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.names_width import names_width
from cnnplay.ui.kit.views.panel import ElidedLabel, Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip

PLAIN_BELOW = 10_000_000
"""Numbers are written out where the largest of their column is smaller than this."""
MOST_STRETCH = 1.7
FAINT, FAINTEST = 0.45, 0.2
"""Opacity of multiply-adds and backward passes; of times that are outdated."""
CANCEL_HINT = "Cancel the measurement and keep the earlier times"
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


class Bar(NamedTuple):
    """One line of a row: lengths as shares of the longest bar, each with its opacity, and the number."""

    text: str
    parts: tuple[tuple[float, float], ...]
    thickness: int
    muted: bool


class CostBars(QAbstractScrollArea):
    """The custom-painted rows of the costs panel; a click or the arrow keys select a layer."""

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel,
        times: LayerTimesModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = model
        self._times = times
        self.costs: tuple[Cost, ...] = ()
        self._tops: list[int] = [0]
        """The top of each row, and the bottom of the last one."""
        self._stretch = 1.0
        """How much taller than usual rows and bars are, where there is room."""
        self._stale = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Cost per layer")
        self.viewport().setAutoFillBackground(False)
        editor.changed.connect(self._refresh)
        editor.selection_changed.connect(self.viewport().update)
        model.layout_changed.connect(self._refresh)
        times.changed.connect(self._refresh)
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
        metrics = QFontMetrics(theme().font())
        # One pixel more than the text: with fractional widths, text as wide as its rectangle is elided.
        widest = 1 + max(metrics.horizontalAdvance(self.name(cost)) for cost in self._visible())
        rows = self._rows()
        numbers = max(metrics.horizontalAdvance(bar.text) for row in rows for bar in row)
        names = names_width(widest, self.viewport().width() - numbers - 5 * theme().px(8))
        for index, (cost, row) in enumerate(zip(self.costs, rows, strict=True)):
            rect = self.row_rect(index)
            if rect.intersects(event.rect()):
                self._row(painter, rect, cost, row, (names, numbers))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._stale:
            self._place_rows()

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
            QToolTip.showText(
                event.globalPos(), tip(self._tooltip_text(cost) if cost else ""), self.viewport()
            )
            return True
        return super().viewportEvent(event)

    def _rows(self) -> list[list[Bar]]:
        """The bars of each row, one per line."""
        most = max(cost.parameters for cost in self.costs) or 1
        most_adds = max(cost.multiply_adds for cost in self.costs) or 1
        longest = max(cost.seconds for cost in self.costs) or 1.0
        forward, backward = (FAINTEST, FAINTEST) if self._times.outdated else (1.0, FAINT)
        rows = []
        for cost in self.costs:
            row = []
            if cost.parameters:
                row.append(Bar(f"{cost.parameters:,}", ((cost.parameters / most, 1.0),), 10, False))
            if cost.multiply_adds:
                text = multiply_adds_text(cost.multiply_adds, most_adds)
                row.append(Bar(text, ((cost.multiply_adds / most_adds, FAINT),), 6, True))
            if cost.seconds:
                parts = (cost.forward / longest, forward), (cost.backward / longest, backward)
                row.append(Bar(ms_text(cost.seconds, longest), parts, 6, True))
            rows.append(row)
        return rows

    def _row(
        self, painter: QPainter, rect: QRect, cost: Cost, row: list[Bar], widths: tuple[int, int]
    ) -> None:
        now, pad = theme(), theme().px(8)
        names, numbers = widths
        if cost.node_id in self._editor.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.color("selection"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), now.px(6), now.px(6))
        painter.setFont(now.font())
        painter.setPen(now.color("text"))
        inner = rect.adjusted(pad // 2, now.px(2), -pad // 2, 0)
        line = QRect(inner.x(), inner.y(), inner.width(), round(now.px(19) * self._stretch))
        name = QFontMetrics(now.font()).elidedText(self.name(cost), Qt.TextElideMode.ElideRight, names)
        painter.drawText(QRect(line.x(), line.y(), names + 2, line.height()), _LEFT, name)
        left = inner.x() + names + 2 * pad
        for bar in row:
            painter.setPen(now.color("text_muted" if bar.muted else "text"))
            painter.drawText(line, _RIGHT, bar.text)
            area = QRect(
                left,
                line.y() + line.height() // 2,
                inner.right() - numbers - 2 * pad - left,
                round(now.px(bar.thickness) * self._stretch),
            )
            self._bar(painter, area, now.family(cost.family), bar)
            line.translate(0, line.height())

    def _bar(self, painter: QPainter, area: QRect, color: QColor, bar: Bar) -> None:
        """A bar centered at the area's top, as long as its parts."""
        x = area.x()
        for share, opacity in bar.parts:
            shade, width = QColor(color), max(2, round(area.width() * share))
            shade.setAlphaF(opacity)
            painter.fillRect(x, area.y() - area.height() // 2, width, area.height(), shade)
            x += width

    def _tooltip_text(self, cost: Cost) -> str:
        report = self._editor.report
        parts = [f"{cost.node_id}: {cost.parameters:,} parameters"]
        if report.parameters:
            parts.append(f"{100 * cost.parameters / report.parameters:.1f} % of the total")
        parts.append(f"{cost.multiply_adds:,} multiply-adds")
        if report.multiply_adds:
            parts.append(f"{100 * cost.multiply_adds / report.multiply_adds:.1f} % of the total")
        text = ", ".join(parts)
        profile = self._times.profile
        if profile is None or not cost.seconds:
            return text
        longest = max(row.seconds for row in self.costs)
        forward, backward = ms_text(cost.forward, longest), ms_text(cost.backward, longest)
        share = 100 * cost.seconds / profile.total.both
        outdated = " (outdated)" if self._times.outdated else ""
        return f"{text}\nforward {forward}, backward {backward}, {share:.1f} % of the total{outdated}"

    def _visible(self) -> tuple[Cost, ...]:
        area = self.viewport().rect()
        return tuple(cost for index, cost in enumerate(self.costs) if self.row_rect(index).intersects(area))

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
            profile = self._times.profile
            times = {} if profile is None else profile.layers
            self.costs = costs(self._editor.network, self._editor.report, self._model.collapsed, times)
            self._place_rows()

    def _place_rows(self) -> None:
        """Rows as tall as usual, or taller where that would leave an empty area below them."""
        usual = [theme().px(6 + 18 * len(row)) for row in self._rows()] if self.costs else []
        height = self.viewport().height()
        self._stretch = min(max(height / max(sum(usual), 1), 1.0), MOST_STRETCH)
        self._tops = list(accumulate((int(row * self._stretch) for row in usual), initial=0))
        self.verticalScrollBar().setRange(0, max(0, self._tops[-1] - height))
        self.verticalScrollBar().setPageStep(height)
        self.verticalScrollBar().setSingleStep(theme().px(42))


class CostsPanel(Panel):
    """The cost of each layer, with a title that explains the bars, and a button that measures times."""

    def __init__(
        self, editor: EditorModel, model: StackModel, times: LayerTimesModel, parent: QWidget | None = None
    ) -> None:
        super().__init__("Cost per layer", parent=parent)
        self._times = times
        self.bars = CostBars(editor, model, times)
        self.body.addWidget(self.bars)
        self.caption = role(ElidedLabel(), "muted")
        self.body.addWidget(self.caption)
        self.measure = role(QPushButton("Measure time"), "link")
        self.measure.clicked.connect(self._toggle)
        self.add_corner(self.measure)
        times.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _toggle(self) -> None:
        if self._times.measuring:
            self._times.cancel()
        else:
            self._times.measure()

    @Slot()
    def _refresh(self) -> None:
        """Shows what was measured, and whether it can be."""
        times = self._times
        known, reason = times.profile is not None, times.disabled_reason()
        self.set_muted(
            "parameters · multiply-adds (faint)" + (" · time: forward + backward" if known else "")
        )
        self.measure.setText("Cancel" if times.measuring else "Measure again" if known else "Measure time")
        hint = CANCEL_HINT if times.measuring else PROBES["layer-time"].help
        set_available(self.measure, hint, reason)
        self.caption.setText(times.text)
        self.caption.setVisible(bool(times.text))
