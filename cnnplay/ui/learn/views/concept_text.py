"""The arithmetic of a step, as on a blackboard: a line for each row of the window, then their sum."""

from collections.abc import Iterable

import msgspec
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.learn.concept_text import StepText

SMALLEST_TYPE = 10
LARGE_PAGE = 500.0
"""Pages at least this high show the text in the title size, for a lecture hall."""
LINE = 1.35

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def text_font(page_height: float) -> QFont:
    """The font of the text on a page of this height."""
    font = theme().font(title=page_height >= theme().px(LARGE_PAGE))
    font.setWeight(theme().font().weight())
    return font


def text_height(text: StepText, font: QFont) -> float:
    """The height of the text: a line for each row, one for their sum and one for the summary."""
    return _line(font) * (len(text.rows) + 2)


def shortened(text: StepText) -> StepText:
    """The same in two lines, for a low page."""
    return msgspec.structs.replace(text, rows=(), row_sums=(), rows_line="")


def rows_font(steps: Iterable[StepText], width: float, font: QFont) -> QFont | None:
    """The largest font up to `font` in which the rows of all these steps fit; None where they do not."""
    found: QFont | None = None
    for text in steps:
        fitting = _fitting(text, width, found or font)
        if fitting is None:
            return None
        found = fitting
    return found


def paint_text(painter: QPainter, area: QRectF, text: StepText, font: QFont, fitting: QFont | None) -> None:
    """Paints the lines; products are aligned in columns and use the font `fitting`."""
    y = area.top()
    if not text.rows:
        fitting = None
    if fitting is not None:
        y = _paint_rows(painter, area.left(), y, fitting, text)
    lines = (text.rows_line,) if fitting is not None else (text.line, text.short_line)
    _text(painter, area, y, lines, font)
    strong = QFont(font)
    strong.setWeight(theme().font(strong=True).weight())
    _text(painter, area, y + _line(font), (text.summary, text.short_summary), strong)


def _paint_rows(painter: QPainter, left: float, y: float, font: QFont, text: StepText) -> float:
    metrics = QFontMetricsF(font)
    widths = _widths(text, metrics)
    plus, equals = metrics.horizontalAdvance(" + "), metrics.horizontalAdvance("  = ")
    last = max(metrics.horizontalAdvance(total) for total in text.row_sums)
    painter.setFont(font)
    height = _line(font)
    for terms, total in zip(text.rows, text.row_sums, strict=True):
        x = left
        for index, (term, width) in enumerate(zip(terms, widths, strict=True)):
            if index:
                painter.setPen(theme().color("text_muted"))
                painter.drawText(QRectF(x, y, plus, height), Qt.AlignmentFlag.AlignCenter, "+")
                x += plus
            painter.setPen(theme().color("text"))
            painter.drawText(QRectF(x, y, width, height), RIGHT, term)
            x += width
        painter.setPen(theme().color("text_muted"))
        painter.drawText(QRectF(x, y, equals, height), Qt.AlignmentFlag.AlignCenter, "=")
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(x + equals, y, last, height), RIGHT, total)
        y += height
    return y


def _fitting(text: StepText, width: float, font: QFont) -> QFont | None:
    """The largest font up to `font` in which the longest row fits; None where none does, or without rows."""
    if not text.rows:
        return None
    font = QFont(font)
    while font.pixelSize() >= theme().px(SMALLEST_TYPE):
        metrics = QFontMetricsF(font)
        used = sum(_widths(text, metrics)) + metrics.horizontalAdvance(" + ") * (len(text.rows[0]) - 1)
        sums = max(metrics.horizontalAdvance(total) for total in text.row_sums)
        if used + metrics.horizontalAdvance("  = ") + sums <= width:
            return font
        font.setPixelSize(font.pixelSize() - 1)
    return None


def _widths(text: StepText, metrics: QFontMetricsF) -> list[float]:
    columns = zip(*text.rows, strict=True)
    return [max(metrics.horizontalAdvance(term) for term in column) for column in columns]


def _text(painter: QPainter, area: QRectF, y: float, texts: tuple[str, ...], font: QFont) -> None:
    """Paints the first of these texts that fits; if none does, the last one elided."""
    metrics = QFontMetricsF(font)
    fitting = [text for text in texts if metrics.horizontalAdvance(text) <= area.width()]
    shown = (
        fitting[0] if fitting else metrics.elidedText(texts[-1], Qt.TextElideMode.ElideMiddle, area.width())
    )
    painter.setFont(font)
    painter.setPen(theme().color("text"))
    painter.drawText(QRectF(area.left(), y, area.width(), _line(font)), LEFT, shown)


def _line(font: QFont) -> float:
    return QFontMetricsF(font).height() * LINE
