"""Each trial's value as a point, and the best so far as a step line."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_plots import BestSoFar

EMPTY = "The best {} so far is plotted here."
NEAR = 9
"""A point is hit within this distance in pixels."""


class BestPlot(QWidget):
    """Click a point to select its trial."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._drawn = BestSoFar()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        model.trials_changed.connect(self.refresh)
        model.selection_changed.connect(self.update)
        theme().changed.connect(self.update)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Redraws the trials."""
        self._drawn = self._model.best_curve
        self.setAccessibleName(f"best {self._model.metric.title} so far")
        self.setAccessibleDescription(self._drawn.text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(320), theme().px(130))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(160), 72)

    @property
    def area(self) -> QRectF:
        """The rectangle of the plot."""
        left, line = theme().px(48), self.fontMetrics().height()
        return QRectF(
            left, 0.5 * line, max(self.width() - left - theme().px(12), 1), max(self.height() - 1.9 * line, 1)
        )

    def point(self, place: int) -> QPointF:
        """The position of a trial's point."""
        return QPointF(self._across(place), self._height(self._drawn.values[place]))

    def trial_at(self, at: QPointF) -> int | None:
        """The trial whose point is at this position; None if there is none."""
        near = [
            ((self.point(place) - at).manhattanLength(), number)
            for place, number in enumerate(self._drawn.numbers)
        ]
        distance, number = min(near, default=(float("inf"), -1))
        return number if distance <= theme().px(NEAR) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        if not self._drawn.numbers:
            painter.setPen(theme().color("text_muted"))
            text = EMPTY.format(self._model.metric.title)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        else:
            self._paint_axes(painter)
            self._paint_steps(painter)
            self._paint_points(painter)
        painter.end()

    def _paint_axes(self, painter: QPainter) -> None:
        area, metrics = self.area, painter.fontMetrics()
        most = max(int(area.height() / (1.5 * metrics.height())), 2)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in self._drawn.ticks(most):
            y = self._height(tick.at)
            if not area.top() - 1 <= y <= area.bottom() + 1:
                continue
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme().color("text_muted"))
            place = QRectF(0, y - metrics.height() / 2, area.left() - theme().px(6), metrics.height())
            painter.drawText(place, right, tick.text)
        foot = QRectF(area.left(), area.bottom() + 0.3 * metrics.height(), area.width(), metrics.height())
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"trial {self._drawn.numbers[0]}")
        if len(self._drawn.numbers) > 1:
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, str(self._drawn.numbers[-1]))

    def _paint_steps(self, painter: QPainter) -> None:
        path, started = QPainterPath(), False
        for place, best in enumerate(self._drawn.best):
            if best < 0:  # none is complete yet
                continue
            x, y = self._across(place), self._height(best)
            if started:
                path.lineTo(x, path.currentPosition().y())
                path.lineTo(x, y)
            else:
                path.moveTo(x, y)
                started = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("accent"), 1.8))
        painter.drawPath(path)

    def _paint_points(self, painter: QPainter) -> None:
        selected = self._model.selected_row
        for place, number in enumerate(self._drawn.numbers):
            is_selected = selected is not None and selected.number == number
            color = theme().color("validation_curve" if is_selected else "text_muted")
            painter.setPen(QPen(color, 1.4))
            painter.setBrush(theme().color("surface") if self._drawn.pruned[place] else color)
            radius = 4.5 if is_selected else 2.5
            painter.drawEllipse(self.point(place), radius, radius)

    def _across(self, place: int) -> float:
        last = max(len(self._drawn.numbers) - 1, 1)
        return self.area.left() + self.area.width() * place / last

    def _height(self, value: float) -> float:
        low, high = self._drawn.bounds
        return self.area.bottom() - (value - low) / (high - low) * self.area.height()

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
            QToolTip.showText(event.globalPos(), "" if row is None else self._model.trial_text(row), self)
            return True
        return super().event(event)  # type: ignore[arg-type]
