"""Each trial's value as a point, and the best so far as a step line."""

from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.plot.views.axes import Axes
from cnnplay.ui.plot.views.painted import PaintedPlot
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_plots import BestSoFar

EMPTY = "The best {} so far is plotted here."
NEAR = 9
"""A point is hit within this distance in pixels."""


class BestPlot(PaintedPlot):
    """Click a point to select its trial."""

    SIZE, LEAST = (320, 130), (160, 72)

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self._drawn = BestSoFar()
        self.setMouseTracking(True)
        model.trials_changed.connect(self.refresh)
        model.selection_changed.connect(self.update)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Redraws the trials."""
        self._drawn = self._model.best_curve
        self.setAccessibleName(f"best {self._model.metric.title} so far")
        self.setAccessibleDescription(self._drawn.text)
        self.update()

    @property
    def axes(self) -> Axes:
        """The trials in order, and their values."""
        left, line = theme().px(48), self.fontMetrics().height()
        width, height = self.width() - left - theme().px(12), self.height() - 1.9 * line
        area = QRectF(left, 0.5 * line, max(width, 1), max(height, 1))
        return Axes(area, 0.0, max(len(self._drawn.numbers) - 1, 1), *self._drawn.bounds)

    def trial_at(self, at: QPointF) -> int | None:
        """The trial whose point is at this position; None if there is none."""
        axes = self.axes
        near = [
            ((axes.pixel(place, value) - at).manhattanLength(), number)
            for place, (number, value) in enumerate(zip(self._drawn.numbers, self._drawn.values, strict=True))
        ]
        distance, number = min(near, default=(float("inf"), -1))
        return number if distance <= theme().px(NEAR) else None

    def paint(self, painter: QPainter) -> None:
        if not self._drawn.numbers:
            self.paint_text(painter, EMPTY.format(self._model.metric.title))
            return
        axes = self.axes
        self._paint_axes(painter, axes)
        self._paint_steps(painter, axes)
        self._paint_points(painter, axes)

    def _paint_axes(self, painter: QPainter, axes: Axes) -> None:
        area, height = axes.area, painter.fontMetrics().height()
        shown = self._drawn.ticks(max(int(area.height() / (1.5 * height)), 2))
        axes.paint_y(painter, shown, self.height())
        foot = QRectF(area.left(), area.bottom() + 0.3 * height, area.width(), height)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"trial {self._drawn.numbers[0]}")
        if len(self._drawn.numbers) > 1:
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, str(self._drawn.numbers[-1]))

    def _paint_steps(self, painter: QPainter, axes: Axes) -> None:
        path, started = QPainterPath(), False
        for place, best in enumerate(self._drawn.best):
            if best < 0:  # none is complete yet
                continue
            at = axes.pixel(place, best)
            if started:
                path.lineTo(at.x(), path.currentPosition().y())
                path.lineTo(at)
            else:
                path.moveTo(at)
                started = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("accent"), 1.8))
        painter.drawPath(path)

    def _paint_points(self, painter: QPainter, axes: Axes) -> None:
        selected = self._model.selected_row
        for place, number in enumerate(self._drawn.numbers):
            is_selected = selected is not None and selected.number == number
            color = theme().color("validation_curve" if is_selected else "text_muted")
            painter.setPen(QPen(color, 1.4))
            painter.setBrush(theme().color("surface") if self._drawn.pruned[place] else color)
            radius = 4.5 if is_selected else 2.5
            painter.drawEllipse(axes.pixel(place, self._drawn.values[place]), radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._model.select(self.trial_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = self.trial_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            number = self.trial_at(QPointF(event.pos()))
            row = next((row for row in self._model.rows if row.number == number), None)
            QToolTip.showText(
                event.globalPos(), tip("" if row is None else self._model.trial_text(row)), self
            )
            return True
        return super().event(event)  # type: ignore[arg-type]
