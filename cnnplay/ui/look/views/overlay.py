"""One feature map over the image, and the receptive field of a pixel."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QWidget

from cnnplay.ui.kit.numerals import numeral
from cnnplay.ui.kit.views.images import colorize, to_qimage
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import ElidedLabel, Panel, wrapped
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import as_bytes
from cnnplay.ui.look.probe import Maps

KEYS = KeyTable(
    "Map over the image",
    KeyRow(
        "Move between pixels",
        {
            Qt.Key.Key_Left: lambda canvas: canvas.step(0, -1),
            Qt.Key.Key_Right: lambda canvas: canvas.step(0, 1),
            Qt.Key.Key_Up: lambda canvas: canvas.step(-1, 0),
            Qt.Key.Key_Down: lambda canvas: canvas.step(1, 0),
        },
    ),
)


class OverlayCanvas(QWidget):
    """The network's input with a map over it. Click, drag or arrow keys select one of the map's pixels."""

    hovered = Signal(str)

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self.opacity = 0.6
        self._look = look
        self._hover: tuple[int, int] | None = None
        self._image: QImage | None = None
        self._map: QImage | None = None
        self._is_new = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Feature map over the image")
        self.setToolTip(
            tip(
                "Each pixel of the map is drawn at the center of its receptive field (the frame): only that "
                "part of the image affects it. Click or drag to select a pixel; arrow keys move it"
            )
        )
        theme().changed.connect(self.refresh)

    def refresh(self) -> None:
        """Composes image and map again at the next paint."""
        self._image = self._map = None
        self._is_new = True
        self._update_read_out()
        self.update()

    def set_opacity(self, opacity: float) -> None:
        self.opacity = opacity
        self.update()

    def image_rect(self) -> QRectF:
        """The network's input in the widget: as large as fits, with a whole number of pixels per value."""
        seen = self._look.input
        if seen is None:
            return QRectF()
        height, width = seen.shape[1:]
        scale = min(self.width() / width, self.height() / height)
        ratio = self.devicePixelRatioF()
        if scale * ratio > 2:
            scale = int(scale * ratio) / ratio
        return QRectF(round((self.width() - width * scale) / 2), 0, width * scale, height * scale)

    def pixel_rect(self, row: int, column: int) -> QRectF:
        """A pixel of the map in the widget."""
        placement, seen, area = self._look.focus.placement(), self._look.input, self.image_rect()
        if placement is None or seen is None:
            return QRectF()
        scale = area.width() / seen.shape[2]
        (top, left), (down, across) = placement
        return QRectF(
            area.x() + (left + column * across) * scale,
            area.y() + (top + row * down) * scale,
            across * scale,
            down * scale,
        )

    def window_rect(self, row: int, column: int) -> QRectF:
        """The receptive field of a pixel in the widget; empty if it is not known."""
        window, seen, area = self._look.focus.window(row, column), self._look.input, self.image_rect()
        if window is None or seen is None:
            return QRectF()
        scale = area.width() / seen.shape[2]
        top, left, bottom, right = window
        return QRectF(
            area.x() + left * scale, area.y() + top * scale, (right - left) * scale, (bottom - top) * scale
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        seen, maps = self._look.input, self._maps()
        if seen is None or maps is None:
            return
        if self._is_new:
            self._is_new = False
            self.redraws += 1
        if self._image is None:
            self._image = to_qimage(as_bytes(seen))
            self._map = to_qimage(colorize(maps.values[self._look.focus.number], "magnitude", maps.limits))
        painter = QPainter(self)
        area = self.image_rect()
        painter.drawImage(area, self._image)
        self._paint_map(painter, maps, area)
        self._paint_windows(painter, area)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_map(self, painter: QPainter, maps: Maps, area: QRectF) -> None:
        height, width = maps.values.shape[1:]
        first, last = self.pixel_rect(0, 0), self.pixel_rect(height - 1, width - 1)
        assert self._map is not None
        painter.save()
        painter.setClipRect(area)
        painter.setOpacity(self.opacity)
        painter.drawImage(QRectF(first.topLeft(), last.bottomRight()), self._map)
        painter.restore()

    def _paint_windows(self, painter: QPainter, area: QRectF) -> None:
        """The selected pixel's receptive field, and dashed that of the pixel under the mouse."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        color = theme().color("validation_curve")
        pixel = self._look.focus.pixel
        if pixel is not None:
            painter.setPen(QPen(color, 2))
            painter.drawRect(self.window_rect(*pixel).intersected(area).adjusted(1, 1, -1, -1))
            painter.setPen(QPen(color, 1))
            painter.drawRect(self.pixel_rect(*pixel).intersected(area).adjusted(0, 0, -1, -1))
        if self._hover is not None and self._hover != pixel:
            painter.setPen(QPen(color, 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.window_rect(*self._hover).intersected(area).adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._pixel_at(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position())
        self._update_read_out()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self._update_read_out()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, down: int, across: int) -> bool:
        """Selects the neighbor of the selected pixel. Returns whether there is one."""
        pixel, maps = self._look.focus.pixel, self._maps()
        if pixel is None or maps is None:
            return False
        height, width = maps.values.shape[1:]
        row, column = pixel[0] + down, pixel[1] + across
        self._look.focus.select_pixel(min(max(0, row), height - 1), min(max(0, column), width - 1))
        return True

    def sizeHint(self) -> QSize:
        return QSize(theme().px(300), theme().px(300))

    def minimumSizeHint(self) -> QSize:
        # An image needs no more room for larger text.
        return QSize(120, 120)

    def _maps(self) -> Maps | None:
        maps = self._look.maps
        return maps if maps is not None and maps.values.ndim == 3 else None

    def _pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        """The map's pixel nearest to a point; None outside the image."""
        maps, area = self._maps(), self.image_rect()
        if maps is None or not area.contains(point):
            return None
        height, width = maps.values.shape[1:]
        first = self.pixel_rect(0, 0)
        row = int((point.y() - first.y()) // (first.height() or 1))
        column = int((point.x() - first.x()) // (first.width() or 1))
        return min(max(0, row), height - 1), min(max(0, column), width - 1)

    def _choose(self, point: QPointF) -> None:
        pixel = self._pixel_at(point)
        if pixel is not None:
            self._look.focus.select_pixel(*pixel)

    def _update_read_out(self) -> None:
        maps, pixel = self._maps(), self._hover or self._look.focus.pixel
        if maps is None or pixel is None:
            return
        row, column = (min(at, size - 1) for at, size in zip(pixel, maps.values.shape[1:], strict=True))
        value = maps.values[self._look.focus.number, row, column]
        text = f"pixel ({row + 1}, {column + 1}): {numeral(float(value))}"
        self.setAccessibleDescription(text)
        self.hovered.emit(text)


class OverlayView(Panel):
    """``Map 4 over the image``, with a slider for the opacity."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Map over the image", parent=parent)
        self._look = look
        self.canvas = OverlayCanvas(look)
        self.empty = wrapped(
            "Select a feature map: it is shown over the image, with the receptive field of a pixel."
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field = role(ElidedLabel(), "muted")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(round(self.canvas.opacity * 100))
        self.slider.setToolTip("How strongly the map covers the image: 0 % shows only the image")
        self.slider.setAccessibleName("Opacity of the map")
        self.slider.valueChanged.connect(self._slid)
        self.percent = role(QLabel(), "muted")
        footer = hbox((self.field, 1), self.slider, self.percent)
        self.body.addWidget(self.canvas, 1)
        self.body.addWidget(self.empty, 1)
        self.body.addLayout(footer)
        self.canvas.hovered.connect(self.set_muted)
        look.maps_changed.connect(self.refresh)
        look.focus.changed.connect(self.refresh)
        follow_theme(self._restyle)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.canvas.redraws

    def refresh(self) -> None:
        maps = self._look.maps
        shown = maps is not None and maps.values.ndim == 3 and self._look.input is not None
        self.canvas.setVisible(shown)
        self.empty.setVisible(not shown)
        self.slider.setEnabled(shown)
        if maps is not None and not shown:
            self.empty.setText(
                f"{maps.node} outputs single numbers, which have no place on the image. Select another layer."
            )
        self.set_title(f"Map {self._look.focus.number + 1} over the image" if shown else "Map over the image")
        size = self._look.focus.field_size() if shown else None
        self.field.setText(f"receptive field {size[0]} × {size[1]}" if size else "")
        if not shown:
            self.set_muted("")
        self._update_percent()
        self.canvas.refresh()

    def _restyle(self) -> None:
        self.slider.setFixedWidth(theme().px(88))

    def _slid(self, value: int) -> None:
        self.canvas.set_opacity(value / 100)
        self._update_percent()

    def _update_percent(self) -> None:
        self.percent.setText(f"{self.slider.value()} % map")
