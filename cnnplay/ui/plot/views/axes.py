"""The axes of a plot: from data to pixels and back, and their painted ticks.

Knows no pyqtgraph: the small plots that are there from the start use it too.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.ticks import Tick

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
FAR = 10_000.0
"""Points are drawn at most this many pixels away: Qt's coordinates are limited, and a loss may be 10^30."""


class Axes(msgspec.Struct, frozen=True):
    """The rectangle of a plot in pixels, and the limits of the data in it."""

    area: QRectF
    left: float
    right: float
    bottom: float
    top: float

    def pixel(self, x: float, y: float) -> QPointF:
        """Where a point is."""
        area = self.area
        across = (x - self.left) / (self.right - self.left) if self.right > self.left else 0.0
        up = (y - self.bottom) / (self.top - self.bottom) if self.top > self.bottom else 0.0
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    def points(self, curve: Curve) -> list[QPointF]:
        """Where the points of a curve are; those that are not finite are left out."""
        known = np.isfinite(curve.y)
        across = self.area.width() / (self.right - self.left)
        up = self.area.height() / (self.top - self.bottom)
        x = self.area.left() + across * (curve.x[known] - self.left)
        y = np.clip(self.area.bottom() - up * (curve.y[known] - self.bottom), -FAR, FAR)
        return [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]

    def x_at(self, pixel: float) -> float:
        """The x of a pixel column."""
        across = (pixel - self.area.left()) / max(self.area.width(), 1.0)
        return self.left + across * (self.right - self.left)

    def y_at(self, pixel: float) -> float:
        """The y of a pixel row."""
        up = (self.area.bottom() - pixel) / max(self.area.height(), 1.0)
        return self.bottom + up * (self.top - self.bottom)

    def vertical(self, x: float) -> QLineF:
        """A line from the top to the bottom."""
        across = self.pixel(x, self.bottom).x()
        return QLineF(across, self.area.top(), across, self.area.bottom())

    def paint_y(self, painter: QPainter, ticks: Sequence[Tick], height: float) -> None:
        """A line across the area for each tick, with its label left of it, inside a widget of this height."""
        area, line = self.area, painter.fontMetrics().height()
        pen, color, room = QPen(theme().color("line"), 1), theme().color("text_muted"), theme().px(6)
        for tick in ticks:
            y = round(self.pixel(self.left, tick.at).y()) + 0.5
            painter.setPen(pen)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(color)
            top = min(max(y - line / 2, 0.0), height - line)
            painter.drawText(QRectF(0, top, area.left() - room, line), RIGHT, tick.text)

    def paint_x(
        self, painter: QPainter, ticks: Sequence[Tick], top: float, width: float, unit: str = ""
    ) -> None:
        """The labels below the area, at `top`, each under its place and inside a widget of this width. The
        unit follows the last number, which stays in its place."""
        metrics = painter.fontMetrics()
        painter.setPen(theme().color("text_muted"))
        for tick in ticks:
            text = tick.text + (unit if tick is ticks[-1] else "")
            room = metrics.horizontalAdvance(text) + 2
            x = self.pixel(tick.at, self.bottom).x() - (metrics.horizontalAdvance(tick.text) + 2) / 2
            place = QRectF(min(max(x, 0.0), width - room), top, room, metrics.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
