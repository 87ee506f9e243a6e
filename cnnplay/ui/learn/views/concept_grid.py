"""Painting a grid of numbers: always as colors, with the numbers where they fit."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen

from cnnplay.lessons.sliding import Array
from cnnplay.lessons.text import compact
from cnnplay.ui.kit.views.images import colorize, to_qimage
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.learn.views.concept_layout import Box

Shade = Literal["gray", "signed", "magnitude"]

SMALLEST_TYPE = 9
"""In design pixels; with large text down to `LEAST_TYPE` real pixels: small is better than none."""
LEAST_TYPE = 11
LINED = 5.0
"""Cells at least this large are separated by lines."""
DASHED = 16.0
"""Padding cells at least this large are drawn one by one; for smaller ones, only the frame."""


class Tinted:
    """A grid of numbers with its colors, computed once and painted often."""

    def __init__(self, values: Array, shade: Shade, limits: tuple[float, float]) -> None:
        self.values = values
        self.shade = shade
        self.limits = limits
        if shade == "gray":
            span = limits[1] - limits[0] or 1.0
            gray = np.clip((values - limits[0]) / span * 255, 0, 255).astype(np.uint8)
            self.colors: Array = np.repeat(gray[..., None], 3, axis=2)
        else:
            self.colors = colorize(values, shade, limits)
        self.image: QImage = to_qimage(self.colors)

    def ink(self, row: int, column: int) -> QColor:
        """Black or white, whichever has more contrast on that cell (relative luminance after WCAG)."""
        red, green, blue = (float(part) / 255 for part in self.colors[row, column])
        luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        return QColor(0, 0, 0) if luminance > 0.18 else QColor(255, 255, 255)


def shade_of(
    values: Array, is_image: bool = False, signed: bool = False
) -> tuple[Shade, tuple[float, float]]:
    """The color scale for some numbers and its limits: signed around zero, else from 0 to the maximum.

    `signed`: the numbers can be negative (weights); use the signed scale even where none is.
    """
    finite = values[np.isfinite(values)]
    low = float(finite.min(initial=0.0))
    high = float(finite.max(initial=0.0))
    if is_image:
        return "gray", (low, high)
    if low < 0 or signed:
        most = max(-low, high) or 1.0
        return "signed", (-most, most)
    return "magnitude", (0.0, high)


def paint_values(painter: QPainter, box: Box, tinted: Tinted, shown: int | None = None) -> None:
    """The first `shown` cells (None: all) in their colors, with numbers where they fit."""
    rows, columns = tinted.values.shape
    rect = box.cells(0, 0, rows, columns)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(rect, tinted.image)
    count = rows * columns if shown is None else shown
    _cover(painter, box, rows, columns, count)
    paint_lines(painter, box, rect, rows, columns)
    # The font fits all cells, also those not reached yet, so that it stays the same while they fill up.
    texts = [compact(value) for value in tinted.values.ravel().tolist()] if _readable(box) else []
    if not texts or not fit_type(painter, box.cell, texts):
        return
    for index, text in enumerate(texts[:count]):
        row, column = divmod(index, columns)
        painter.setPen(tinted.ink(row, column))
        painter.drawText(box.cells(row, column), Qt.AlignmentFlag.AlignCenter, text)


def paint_padding(painter: QPainter, box: Box, pads: tuple[int, int, int, int], text: str) -> None:
    """The padding around the input: dashed cells with `text` (0, or −∞ for a maximum)."""
    top, bottom, left, right = pads
    pen = QPen(theme().color("text_muted"), 1, Qt.PenStyle.DashLine)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if box.cell < DASHED:
        painter.setPen(pen)
        painter.drawRect(box.rect)
        return
    readable = fit_type(painter, box.cell, [text])
    for row in range(box.rows):
        for column in range(box.columns):
            if top <= row < box.rows - bottom and left <= column < box.columns - right:
                continue
            cell = box.cells(row, column)
            painter.setPen(pen)
            painter.drawRect(cell.adjusted(2, 2, -2, -2))
            if readable:
                painter.setPen(theme().color("text_muted"))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)


def paint_lines(painter: QPainter, box: Box, rect: QRectF, rows: int, columns: int) -> None:
    """The lines between cells, and the frame around them."""
    painter.setPen(QPen(theme().color("line"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)
    if box.cell < LINED:
        return
    for row in range(1, rows):
        y = rect.top() + row * box.cell
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
    for column in range(1, columns):
        x = rect.left() + column * box.cell
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))


def paint_mark(painter: QPainter, rect: QRectF, width: float = 2.5) -> None:
    """A frame in the accent color, on one in the surface color so that it is visible on every color."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme().color("surface"), width + 2))
    painter.drawRect(rect)
    painter.setPen(QPen(theme().color("accent"), width))
    painter.drawRect(rect)


def paint_maximum(painter: QPainter, cell: QRectF) -> None:
    """A frame inside the cell that holds the maximum."""
    inset = min(4.0, cell.width() / 5)
    paint_mark(painter, cell.adjusted(inset, inset, -inset, -inset), 1.5)


def fit_type(painter: QPainter, cell: float, texts: list[str]) -> bool:
    """Sets the largest font, up to the body font, in which all texts fit; False where none does."""
    font = theme().font()
    metrics = QFontMetricsF(font)
    longest = max(texts, key=metrics.horizontalAdvance)
    while font.pixelSize() >= min(theme().px(SMALLEST_TYPE), LEAST_TYPE):
        metrics = QFontMetricsF(font)
        if metrics.horizontalAdvance(longest) <= cell - 4 and metrics.height() <= cell:
            painter.setFont(font)
            return True
        font.setPixelSize(font.pixelSize() - 1)
    return False


def _readable(box: Box) -> bool:
    return box.cell >= 16 and box.rows * box.columns <= 1024


def _cover(painter: QPainter, box: Box, rows: int, columns: int, count: int) -> None:
    """Hides the cells not reached yet."""
    if count >= rows * columns:
        return
    brush = QBrush(theme().color("surface_sunken"))
    row, column = divmod(count, columns)
    painter.fillRect(box.cells(row, column, 1, columns - column), brush)
    painter.fillRect(box.cells(row + 1, 0, rows - row - 1, columns), brush)
