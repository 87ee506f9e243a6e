"""The texts of tiles: labels under them, a mosaic's headings; what does not fit is elided."""

import math
from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from cnnplay.ui.kit.tiling import Arrangement, Tiles
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tile_layout import label_height


class Captions:
    """Paints the texts of a page of tiles. `rect_of`: a tile's rectangle; `ratio`: the device pixel ratio."""

    def __init__(
        self, tiles: Tiles, arrangement: Arrangement, ratio: float, rect_of: Callable[[int], QRect]
    ) -> None:
        self.tiles, self.arrangement, self._ratio, self._rect_of = tiles, arrangement, ratio, rect_of

    def paint(self, painter: QPainter) -> None:
        if self.tiles.columns:
            self._paint_headings(painter)
        else:
            self._paint_labels(painter)

    def under(self, point: QPoint, metrics: QFontMetrics, whole: Tiles) -> str:
        """The full label (of the `whole` tiles) at a point if it is elided or brief; else ""."""
        if self.tiles.columns or not self.tiles.labels:
            return ""
        label = label_height(metrics)
        for number in self.arrangement.numbers[self.arrangement.numbers >= 0].tolist():
            place = self._rect_of(number).adjusted(0, 0, 0, label)
            if number < len(self.tiles.labels) and place.contains(point):
                shown, full = self.tiles.labels[number], whole.labels[number]
                cut = shown != full or metrics.horizontalAdvance(shown) > self._room
                return full if cut else ""
        return ""

    def width(self, number: int, metrics: QFontMetrics) -> int:
        """The width of a label as it is painted."""
        text = self.tiles.labels[number] if number < len(self.tiles.labels) else ""
        return min(metrics.horizontalAdvance(text), self._room)

    @property
    def _room(self) -> int:
        """The width that a label may have without touching the next."""
        return round(self.arrangement.pitch[1] / self._ratio) - theme().px(6)

    def _paint_labels(self, painter: QPainter) -> None:
        """Paints each tile's label under it, the accent (if any) in the color of problems."""
        muted, accent_color = theme().color("text_muted"), theme().color("fault")
        tiles, metrics, room = self.tiles, painter.fontMetrics(), self._room
        for number in self.arrangement.numbers[self.arrangement.numbers >= 0]:
            if number >= len(tiles.labels):
                continue
            rect = self._rect_of(int(number))
            accent = tiles.accents[number] if number < len(tiles.accents) else ""
            accent, text = elided(tiles.labels[number], accent, room, metrics)
            width = metrics.horizontalAdvance(text)
            x = rect.center().x() - width // 2
            y = rect.bottom() + theme().px(2) + metrics.ascent()
            if accent:
                painter.setPen(accent_color)
                painter.drawText(x, y, accent)
            painter.setPen(muted)
            painter.drawText(x + metrics.horizontalAdvance(accent), y, text[len(accent) :])

    def _paint_headings(self, painter: QPainter) -> None:
        """Paints a mosaic's labels for each block: rows at the left, columns on top, as many as have room."""
        painter.setPen(theme().color("text_muted"))
        tiles, arrangement, ratio = self.tiles, self.arrangement, self._ratio
        metrics, gap = painter.fontMetrics(), theme().px(4)
        across = arrangement.numbers[0]
        names = [tiles.column_labels[n % tiles.columns] for n in across] if tiles.column_labels else []
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + 2 * gap
        every = _every(widest, arrangement.pitch[1] / ratio)
        for index, name in enumerate(names):
            if index % arrangement.block % every == 0 and across[index] >= 0:
                rect = self._rect_of(int(across[index]))
                x = rect.center().x() - metrics.horizontalAdvance(name) // 2
                painter.drawText(x, rect.top() - gap, name)
        if not tiles.row_labels:
            return
        every = _every(metrics.ascent(), arrangement.pitch[0] / ratio)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        left, height = round(arrangement.gutter / ratio), metrics.height()
        for number in arrangement.numbers[::every, :: arrangement.block].ravel():
            if number >= 0:
                rect = self._rect_of(int(number))
                top = rect.center().y() - height // 2
                where = QRect(rect.left() - left, top, left - theme().px(6), height)
                painter.drawText(where, right, tiles.row_labels[number // tiles.columns])


def elided(text: str, accent: str, room: int, metrics: QFontMetrics) -> tuple[str, str]:
    """(accent, whole text) elided to `room` pixels: the end of the accent, the middle of what follows it."""
    if metrics.horizontalAdvance(text) <= room:
        return accent, text
    middle, rest = Qt.TextElideMode.ElideMiddle, text[len(accent) :]
    if not accent or not rest:
        return accent and metrics.elidedText(text, middle, room), metrics.elidedText(text, middle, room)
    share = max(room // 2, room - metrics.horizontalAdvance(rest))
    first = metrics.elidedText(accent, Qt.TextElideMode.ElideRight, share)
    last = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, room - metrics.horizontalAdvance(first))
    return first, first + last


def _every(needed: float, pitch: float) -> int:
    """n, if of labels at this distance every nth has room."""
    return max(1, math.ceil(needed / max(pitch, 1e-6)))
