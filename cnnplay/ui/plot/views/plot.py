"""A plot that the user can zoom and pan: the view box is pyqtgraph's, axes and labels are painted in pixels.

Painting them here keeps the margins fixed, so that nothing jumps when a label grows a little, and keeps
labels from overlapping. The left margin grows only for labels that would be cut off.
"""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsScene, QWidget

from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.ticks import Tick
from cnnplay.ui.plot.views.axes import Axes

WHEEL = 1.0012
"""The zoom per unit of the wheel's angle; a notch has 120."""
KEY_STEP = 0.1
ROWS = (
    KeyRow(
        "Pan",
        {
            Qt.Key.Key_Left: lambda plot: plot.pan(-KEY_STEP, 0.0),
            Qt.Key.Key_Right: lambda plot: plot.pan(KEY_STEP, 0.0),
            Qt.Key.Key_Up: lambda plot: plot.pan(0.0, KEY_STEP),
            Qt.Key.Key_Down: lambda plot: plot.pan(0.0, -KEY_STEP),
        },
    ),
    KeyRow(
        "Zoom in",
        {
            Qt.Key.Key_Plus: lambda plot: plot.zoom(1 / 1.25, plot.area.center()),
            Qt.Key.Key_Equal: lambda plot: plot.zoom(1 / 1.25, plot.area.center()),
        },
    ),
    KeyRow("Zoom out", {Qt.Key.Key_Minus: lambda plot: plot.zoom(1.25, plot.area.center())}),
)
SHOW_ALL = KeyRow(
    "View all",
    {Qt.Key.Key_Home: lambda plot: plot.follow(), Qt.Key.Key_0: lambda plot: plot.follow()},
)
LEFT = 48
"""The left margin in design pixels, unless the labels of the axis need more."""


class Box(pg.ViewBox):
    """A view box that pans with the left button only: the right one opens the menu."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.disableAutoRange()
        self.setMouseEnabled(True, True)

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        if event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            super().mouseDragEvent(event, axis)
        else:
            event.ignore()  # type: ignore[attr-defined]


class Line(pg.PlotCurveItem):
    """A curve in a `Box`, which clips it. Its bounding rectangle is the box: computing the extent of its
    points and pen takes half as long as drawing them, several times per redraw.
    """

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()


class Plot(pg.GraphicsView):
    """A plot that shows all of its data until the user zooms or pans.

    `moved`: the range changed. While `following`, `fit` sets the range; after a zoom or pan it stays until
    the user asks for all data again (`follow`, a double click or the Home key).
    """

    moved = Signal()
    following_changed = Signal()
    KEYS = KeyTable("Plot", *ROWS, SHOW_ALL)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self.following = True
        self.hover: QPointF | None = None
        self._area = QRectF(0, 0, 8, 8)
        self.box = Box()
        # A few items whose rectangles change with the range: an index of them would be outdated.
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.scene().addItem(self.box)
        # pyqtgraph caches the background between paints; here the axes are painted on it.
        self.setCacheMode(pg.GraphicsView.CacheModeFlag.CacheNone)
        # Changes are painted once: the scene's own updates would come a moment later.
        self.setViewportUpdateMode(pg.GraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(theme().px(200), 96)
        self.box.sigRangeChanged.connect(self._range_changed)
        self.box.sigRangeChangedManually.connect(self._stop_following)
        theme().changed.connect(self.restyle)
        self.restyle()

    # What a subclass defines

    def x_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        raise NotImplementedError

    def y_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        raise NotImplementedError

    def paint_over(self, painter: QPainter) -> None:
        """Paints on top of the curves, in pixels."""

    def copy(self) -> None:
        """Copies an image of the plot to the clipboard."""
        QGuiApplication.clipboard().setPixmap(self.grab())

    # The range

    @property
    def area(self) -> QRectF:
        """The rectangle of the curves, in pixels of the viewport."""
        return self._area

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """left, right, bottom, top, in data units."""
        (left, right), (bottom, top) = self.box.viewRange()
        return left, right, bottom, top

    def fit(self, left: float, right: float, bottom: float, top: float) -> None:
        """Shows this rectangle, unless the user zoomed or panned."""
        if self.following and self.extent != (left, right, bottom, top):
            self.box.setRange(xRange=(left, right), yRange=(bottom, top), padding=0, disableAutoRange=True)

    def follow(self) -> None:
        """Shows all data again (View all)."""
        if not self.following:
            self.following = True
            self.following_changed.emit()
            self.moved.emit()

    @property
    def axes(self) -> Axes:
        """Where the data are at the moment, in pixels of the viewport."""
        return Axes(self._area, *self.extent)

    def zoom(self, factor: float, at: QPointF, horizontally: bool = True, vertically: bool = True) -> None:
        """Zooms by `factor` (below 1: in) around a pixel. The plot stops following its data."""
        axes, area = self.axes, self.area
        x = axes.x_at(min(max(at.x(), area.left()), area.right()))
        y = axes.y_at(min(max(at.y(), area.top()), area.bottom()))
        sx, sy = factor if horizontally else 1.0, factor if vertically else 1.0
        self._stop_following()
        self.box.setRange(
            xRange=(x + (axes.left - x) * sx, x + (axes.right - x) * sx),
            yRange=(y + (axes.bottom - y) * sy, y + (axes.top - y) * sy),
            padding=0,
        )

    def pan(self, across: float, up: float) -> None:
        """Pans by fractions of the visible range."""
        left, right, bottom, top = self.extent
        self._stop_following()
        self.box.translateBy(x=across * (right - left), y=up * (top - bottom))

    def _stop_following(self, *_: object) -> None:
        if self.following:
            self.following = False
            self.following_changed.emit()

    def _range_changed(self, *_: object) -> None:
        self._place()
        self.moved.emit()
        self.viewport().update()

    # Events

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms around the cursor: both axes over the curves, one axis over its labels."""
        at = event.position()
        area = self.area
        over_left, over_bottom = at.x() < area.left(), at.y() > area.bottom()
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.zoom(WHEEL**-turned, at, horizontally=not over_left, vertically=not over_bottom)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.follow()
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        inside = self.area.contains(event.position())
        if inside or self.hover is not None:
            self.hover = event.position() if inside else None
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hover = None
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.KEYS.press(self, event):
            event.ignore()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None and hasattr(self, "box"):
            self._place()
            self.moved.emit()

    # Painting

    def restyle(self) -> None:
        """Applies the theme's colors and sizes."""
        self.setBackground(theme().color("surface"))
        self._place()
        self.viewport().update()

    def _place(self) -> None:
        px = theme().px
        top, right, bottom = px(8), px(8), px(22)
        height = max(self.height() - top - bottom, 8)
        left = self._left(height)
        area = QRectF(left, top, max(self.width() - left - right, 8), height)
        if area != self._area:
            self._area = area
            self.box.setGeometry(area)

    def _left(self, height: float) -> int:
        """The left margin: no label of the vertical axis is cut off, at any text size."""
        metrics = QFontMetrics(theme().font(small=True))
        _, _, bottom, top = self.extent
        shown = self._shown_ticks(bottom, top, height, metrics)
        widest = max((metrics.horizontalAdvance(tick.text) for tick in shown), default=0)
        return min(max(theme().px(LEFT), widest + theme().px(8)), max(self.width() // 2, 8))

    def _shown_ticks(self, low: float, high: float, height: float, metrics: QFontMetrics) -> Sequence[Tick]:
        return self.y_ticks(low, high, max(int(height / (2.2 * metrics.height())), 2))

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawBackground(painter, rect)
        painter.save()
        painter.resetTransform()
        painter.setFont(theme().font(small=True))
        axes, room = self.axes, self.area
        shown = self._shown_ticks(axes.bottom, axes.top, room.height(), painter.fontMetrics())
        axes.paint_y(painter, shown, self.height())
        below = self.x_ticks(axes.left, axes.right, max(int(room.width() / theme().px(64)), 2))
        axes.paint_x(painter, below, room.bottom() + theme().px(4), self.width() - 1.0)
        painter.restore()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        self.paint_over(painter)
        painter.restore()
