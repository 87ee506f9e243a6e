"""A widget that shows many small maps as tiles of one image, a page at a time."""

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnplay.ui.kit.paging import page_text, turned_page
from cnnplay.ui.kit.tiling import Arrangement, Tiles, compose
from cnnplay.ui.kit.views.images import screen_image
from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tile_captions import Captions
from cnnplay.ui.kit.views.tile_colors import colorize_tiles
from cnnplay.ui.kit.views.tile_layout import arrange, label_height
from cnnplay.ui.kit.views.tooltip import tip

KEYS = KeyTable(
    "Filters, maps, images",
    KeyRow(
        "Move between tiles",
        {
            Qt.Key.Key_Left: lambda view: view.step(0, -1),
            Qt.Key.Key_Right: lambda view: view.step(0, 1),
            Qt.Key.Key_Up: lambda view: view.step(-1, 0),
            Qt.Key.Key_Down: lambda view: view.step(1, 0),
        },
    ),
    KeyRow(
        "Previous, next page",
        {Qt.Key.Key_PageUp: lambda view: view.turn(-1), Qt.Key.Key_PageDown: lambda view: view.turn(1)},
    ),
    KeyRow(
        "Previous, next channels",
        {Qt.Key.Key_PageUp: lambda view: view.turn(0, -1), Qt.Key.Key_PageDown: lambda view: view.turn(0, 1)},
        shift=True,
    ),
    KeyRow(
        "First, last tile",
        {Qt.Key.Key_Home: lambda view: view.end(first=True), Qt.Key.Key_End: lambda view: view.end()},
    ),
    KeyRow("Open the tile", dict.fromkeys(ENTER, lambda view: view.open())),
)


class TilesView(QWidget):
    """Maps, filters or images as tiles: click and arrow keys select, the value under the cursor is read out.

    New tiles are composed only when painted, so a hidden view costs nothing. `redraws` counts how often new
    tiles were painted.
    """

    chosen = Signal(int)
    """The user selected the tile with this number."""
    opened = Signal(int)
    """The user opened the tile with this number: double click or Enter."""
    page_changed = Signal()
    read_out_changed = Signal(str)

    def __init__(
        self,
        name: str,
        *,
        least: int = 28,
        most: int = 220,
        centered: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._centered = centered
        self._tiles: Tiles | None = None
        self._least, self._most = least, most
        self._selected = -1
        self._first = (0, 0)
        self._hover: QPoint | None = None
        self._image: QImage | None = None
        self._arrangement: Arrangement | None = None
        self._full: Arrangement | None = None
        self._labelled: Tiles | None = None
        self._is_new = False
        self._read_out = ""
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self._rearrange)

    # what is shown

    @property
    def tiles(self) -> Tiles | None:
        return self._tiles

    @property
    def selected(self) -> int:
        """The selected tile's number; −1 for none."""
        return self._selected

    @property
    def read_out(self) -> str:
        """A text about the pixel under the cursor, else about the selected tile."""
        return self._read_out

    def show_tiles(self, tiles: Tiles | None) -> None:
        """Shows other tiles; page and selection stay if the new tiles have them."""
        old, self._tiles = self._tiles, tiles
        self._is_new = True
        self._image = None
        if not _same_layout(old, tiles):
            self._arrangement = self._full = None
        if tiles is None or self._selected >= len(tiles):
            self._selected = -1
        self._update_read_out()
        self.update()

    def select(self, number: int, turn: bool = True) -> None:
        """Selects a tile (−1 for none), and with `turn` shows its page; emits no signal."""
        if number != self._selected:
            self._selected = number
            if turn:
                self._turn_to(number)
            self._update_read_out()
            self.update()

    def arrangement(self) -> Arrangement | None:
        """The arrangement of the page, in device pixels; None if there are no tiles or there is no room."""
        if self._arrangement is None and self._tiles is not None and len(self._tiles):
            self._arrangement = self._arrange(self._tiles, self._first)
        return self._arrangement

    def tile_rect(self, number: int) -> QRect:
        """The rectangle of a tile of this page in the widget; empty for others."""
        arrangement = self.arrangement()
        place = arrangement.place(number) if arrangement is not None else None
        if arrangement is None or place is None:
            return QRect()
        ratio = self.devicePixelRatioF()
        y, x = arrangement.corner(*place)
        height, width = arrangement.tile
        return QRect(round(x / ratio), round(y / ratio), round(width / ratio), round(height / ratio))

    # pages

    def page_text(self, brief: bool = False) -> str:
        """``1–64 of 512``; empty if everything is on one page."""
        arrangement = self.arrangement()
        return page_text(self._tiles, arrangement.numbers, brief) if arrangement and self._tiles else ""

    def can_turn(self, down: int, across: int = 0) -> bool:
        """Whether there is a page that many pages further on."""
        return self._turned(down, across) is not None

    def turn(self, down: int, across: int = 0) -> None:
        """Turns pages: `down` of them, or `across` through a mosaic's columns."""
        first = self._turned(down, across)
        if first is not None:
            self._go_to(first)

    def _turned(self, down: int, across: int) -> tuple[int, int] | None:
        tiles, arrangement = self._tiles, self.arrangement()
        if tiles is None or arrangement is None:
            return None
        if self._full is None:
            self._full = self._arrange(tiles, (0, 0))
        return turned_page(tiles, arrangement.numbers, self._full.numbers, down, across)

    def _turn_to(self, number: int) -> None:
        arrangement = self.arrangement()
        if number < 0 or arrangement is None or self._tiles is None or arrangement.place(number) is not None:
            return
        columns = self._tiles.columns
        self._go_to((number // columns, number % columns) if columns else (number, 0))

    def _go_to(self, first: tuple[int, int]) -> None:
        self._first = first
        self._arrangement = self._image = None
        self._update_read_out()
        self.update()
        self.page_changed.emit()

    # laying out and painting

    def _arrange(self, tiles: Tiles, first: tuple[int, int]) -> Arrangement:
        bounds, ratio, metrics = (self._least, self._most), self.devicePixelRatioF(), self.fontMetrics()
        arranged, self._labelled = arrange(tiles, self.size(), ratio, metrics, bounds, first, self._centered)
        return arranged

    def _composed(self) -> QImage | None:
        tiles, arrangement = self._tiles, self.arrangement()
        if tiles is None or arrangement is None:
            return None
        if self._image is None:
            numbers = arrangement.numbers[arrangement.numbers >= 0]
            image = screen_image(compose(arrangement, colorize_tiles(tiles, numbers, arrangement.tile)))
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self._image = image
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:
        self.setFont(theme().font(small=True))
        image, arrangement = self._composed(), self._arrangement
        if self._is_new:
            self._is_new = False
            self.redraws += 1
        painter = QPainter(self)
        if image is not None and arrangement is not None and self._tiles is not None:
            self._paint_selection(painter, arrangement)
            ratio = self.devicePixelRatioF()
            painter.drawImage(
                QPoint(round(arrangement.origin[1] / ratio), round(arrangement.origin[0] / ratio)), image
            )
            self._page_captions(self._tiles, arrangement).paint(painter)
        if self.hasFocus() and self._selected < 0:
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _page_captions(self, tiles: Tiles, arrangement: Arrangement) -> Captions:
        """The captions for the labels (full or brief) that the tiles were arranged with."""
        brief = self._labelled is not None and self._labelled.is_brief
        return Captions(
            tiles.brief() if brief else tiles, arrangement, self.devicePixelRatioF(), self.tile_rect
        )

    def caption_under(self, point: QPoint) -> str:
        """The full label of the tile at a point if it is elided or brief; else ""."""
        tiles, arrangement = self._tiles, self.arrangement()
        if tiles is None or arrangement is None:
            return ""
        return self._page_captions(tiles, arrangement).under(point, self.fontMetrics(), tiles)

    def _paint_selection(self, painter: QPainter, arrangement: Arrangement) -> None:
        assert self._tiles is not None
        frame = self.tile_rect(self._selected)
        if frame.isEmpty():
            return
        room = theme().px(2) if self._tiles.columns else theme().px(4)
        label = label_height(self.fontMetrics()) if self._tiles.labels and not self._tiles.columns else 0
        if label:  # around a label that is wider than its tile
            wider = self._page_captions(self._tiles, arrangement).width(self._selected, self.fontMetrics())
            beside = max(0, wider - frame.width() + 1) // 2
            frame.adjust(-beside, 0, beside, 0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.setBrush(theme().color("selection") if self.hasFocus() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame.adjusted(-room + 1, -room + 1, room - 1, label + room - 1), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rearrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange):
            self._rearrange()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            caption = self.caption_under(event.pos())
            if caption:
                QToolTip.showText(event.globalPos(), tip(caption), self)
                return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().toPoint()
        self._update_read_out()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self._update_read_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._under(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self._under(event.position().toPoint())
        if number >= 0:
            self.opened.emit(number)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        steps = -1 if (delta.y() or delta.x()) > 0 else 1
        sideways = bool(delta.x()) or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self.can_turn(0 if sideways else steps, steps if sideways else 0):
            self.turn(0 if sideways else steps, steps if sideways else 0)
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def end(self, first: bool = False) -> bool:
        """Selects the last tile, or the first. Returns whether there are tiles."""
        if not self._tiles:
            return False
        self._choose(0 if first else len(self._tiles) - 1)
        return True

    def open(self) -> bool:
        """Opens the selected tile. Returns whether there is one."""
        if self._selected >= 0:
            self.opened.emit(self._selected)
        return self._selected >= 0

    def sizeHint(self) -> QSize:
        return QSize(theme().px(320), theme().px(220))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(80), self._least + theme().px(24))

    def step(self, down: int, across: int) -> bool:
        """Selects the neighbor, across the ends of rows and pages. Returns whether there are tiles."""
        tiles, arrangement = self._tiles, self.arrangement()
        if tiles is None or arrangement is None:
            return tiles is not None
        if self._selected < 0:
            self._choose(int(arrangement.numbers[0, 0]))
            return True
        columns = tiles.columns or arrangement.numbers.shape[1]
        number = self._selected + down * columns + across
        over = tiles.columns and across and number // columns != self._selected // columns
        if not over and 0 <= number < len(tiles):
            self._choose(number)
        return True

    def _choose(self, number: int) -> None:
        if number >= 0:
            self.select(number)
            self.chosen.emit(number)

    def _hit(self, point: QPoint) -> tuple[int, int, int] | None:
        arrangement = self.arrangement()
        ratio = self.devicePixelRatioF()
        return arrangement.hit(round(point.y() * ratio), round(point.x() * ratio)) if arrangement else None

    def _under(self, point: QPoint) -> int:
        hit = self._hit(point)
        return hit[0] if hit is not None else -1

    def _update_read_out(self) -> None:
        """Updates the read-out when the mouse moved, or the data under a resting mouse changed."""
        text = ""
        if self._tiles is not None:
            hit = self._hit(self._hover) if self._hover is not None else None
            if hit is not None:
                text = self._tiles.pixel_text(*hit)
            elif self._selected >= 0:
                text = self._tiles.tile_text(self._selected)
        if text != self._read_out:
            self._read_out = text
            self.setAccessibleDescription(text)
            self.read_out_changed.emit(text)

    def _rearrange(self) -> None:
        before = self.page_text() if self._arrangement is not None else ""
        self._arrangement = self._full = self._image = None
        self.update()
        if self._tiles is not None and self.page_text() != before:
            self.page_changed.emit()


def _same_layout(old: Tiles | None, new: Tiles | None) -> bool:
    """Whether the new tiles have the same arrangement as the old ones."""
    if old is None or new is None:
        return False
    same = len(old) == len(new) and old.size == new.size and old.columns == new.columns
    widths = [[len(text) for text in (*tiles.labels, *tiles.row_labels)] for tiles in (old, new)]
    return same and widths[0] == widths[1]
