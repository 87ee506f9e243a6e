"""The curves of the selected runs in one plot: a color per run, its label at the end of the curve."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnplay.spec.tasks import Metric
from cnnplay.ui.kit.views.keytable import KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve_limits import Bounds
from cnnplay.ui.plot.curve_settings import Role
from cnnplay.ui.plot.readout import PointLabel, Readout
from cnnplay.ui.plot.ticks import Tick
from cnnplay.ui.plot.views.labels import Label
from cnnplay.ui.plot.views.metric_plot import METRIC_ROWS, DrawnLine, MetricPlot
from cnnplay.ui.runs.run_curves import RunCurvesModel, Split

COLORS = 8
"""From the ninth run on, colors repeat, dashed."""
FAINT = 110
"""Opacity (of 255) of training curves drawn behind validation curves."""
MARKER_SPACING = 7
"""Epochs get markers if they are at least this many pixels apart."""


def shortened(label: str, metrics: QFontMetrics, room: int) -> str:
    """A label elided to a width in pixels. Keeps the last of several parts: it distinguishes the runs."""
    mode = Qt.TextElideMode.ElideLeft if ", " in label else Qt.TextElideMode.ElideMiddle
    return metrics.elidedText(label, mode, room).replace("…, ", "… ")


class RunPlot(MetricPlot):
    """One metric of all drawn runs."""

    KEYS = KeyTable("Curves of runs", *METRIC_ROWS)
    LABELS_SHARE = 0.4
    """Longer labels are elided."""

    def __init__(self, role: Role, model: RunCurvesModel, parent: QWidget | None = None) -> None:
        self._model = model
        super().__init__(role, model, parent)
        self.setAccessibleName(f"{self.shown.title} of the selected runs")
        model.changed.connect(self.refresh)
        model.axis_changed.connect(self.follow)
        self.refresh()

    @property
    def shown(self) -> Metric:
        return self._model.shown_metric(self._role)

    def bounds(self) -> Bounds:
        return self._model.bounds(self.metric_name)

    def labels(self, right: float) -> Sequence[PointLabel]:
        return self._model.labels(self.metric_name, right)

    def lines(self, left: float, right: float, columns: int) -> Iterator[DrawnLine]:
        for line in self._model.lines(self.metric_name, left, right, columns):
            yield DrawnLine((line.path, line.split), line.curve, self._pen(line.slot, line.split))

    def readout(self, x: float) -> Readout | None:
        return self._model.readout(self.metric_name, x)

    def color(self, line: int) -> QColor:
        return theme().run(line)

    def _pen(self, slot: int, split: Split) -> QPen:
        behind = self._model.splits == "both" and split == "training"
        color = theme().run(slot)
        if behind:
            color.setAlpha(FAINT)
        style = Qt.PenStyle.SolidLine if slot < COLORS else Qt.PenStyle.DashLine
        return pg.mkPen(color, width=1.0 if behind else 1.6, style=style)

    def x_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        if self.following:
            high = min(high, self._bounds.right)  # the room for labels is not part of the axis
        return self._model.x_ticks(low, high, most)

    # Painting above the curves

    def end_labels(self, painter: QPainter) -> list[Label]:
        room = round(self.LABELS_SHARE * self.area.width()) - theme().px(16)
        # All labels are placed after the longest curve, so that they cover none.
        furthest = max((label.x for label in self._labels), default=0.0)
        at = ((label, self.point(furthest, label.y)) for label in self._labels)
        return [
            Label(shortened(label.text, painter.fontMetrics(), room), point, self.color(label.line))
            for label, point in at
            if point is not None
        ]

    def paint_marks(self, painter: QPainter) -> None:
        left, right, _, _ = self.extent
        for slot, curve, best in self._model.epoch_markers(self.metric_name):
            apart = self.area.width() / max(right - left, 1e-9) * _spacing(curve.x)
            one = [] if best is None else [best]
            for number in range(len(curve)) if apart >= MARKER_SPACING else one:
                at = self.point(float(curve.x[number]), float(curve.y[number]))
                if at is not None:
                    self._paint_marker(painter, at, theme().run(slot), number == best)

    def _paint_marker(self, painter: QPainter, at: QPointF, color: QColor, best: bool) -> None:
        """A circle, filled for the best epoch."""
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(color if best else theme().color("surface"))
        radius = 3.5 if best else 2.5
        painter.drawEllipse(at, radius, radius)


def _spacing(x: np.ndarray) -> float:
    """The smallest distance between two epochs, in units of the axis."""
    return float(np.diff(x).min()) if len(x) > 1 else math.inf
