"""Painted texts that do not overlap: labels at the ends of curves, the read-out under the cursor."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cnnplay.ui.kit.views.theme import theme

VEIL = 150
"""The opacity (of 255) of the ground of texts over curves."""


class Label(msgspec.Struct, frozen=True):
    """A text beside a point, in pixels."""

    text: str
    at: QPointF
    color: QColor


def spread(wanted: Sequence[float], height: float, top: float, bottom: float) -> list[float]:
    """Centers as near as possible to the wanted ones, `height` apart, between `top` and `bottom`."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    low, high = top + height / 2, bottom - height / 2
    places = [0.0] * len(wanted)
    after = low
    for index in order:
        places[index] = max(wanted[index], after)
        after = places[index] + height
    # Centers pushed out at the bottom move back, and push those above them.
    before = high
    for index in reversed(order):
        places[index] = min(places[index], before)
        before = places[index] - height
    return places


def paint_dot(painter: QPainter, at: QPointF, color: QColor) -> None:
    """A point that is read out, set off from the curves."""
    painter.setPen(QPen(theme().color("surface"), 1))
    painter.setBrush(color)
    painter.drawEllipse(at, 4.0, 4.0)


def paint_text(painter: QPainter, place: QRectF, text: str, color: QColor) -> None:
    """A text that is legible over curves: they stay visible behind it, fainter."""
    veil = theme().color("surface")
    veil.setAlpha(VEIL)
    painter.fillRect(place, veil)
    painter.setPen(color)
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def paint_labels(painter: QPainter, labels: Sequence[Label], area: QRectF) -> None:
    """Draws each label right of its point, or at the right edge if there is no room, without overlap."""
    metrics = painter.fontMetrics()
    height = float(metrics.height())
    centers = spread([label.at.y() for label in labels], height, area.top(), area.bottom())
    for label, center in zip(labels, centers, strict=True):
        width = metrics.horizontalAdvance(label.text) + 2
        left = label.at.x() + theme().px(8)
        if left + width > area.right():
            left = area.right() - width
        paint_text(painter, QRectF(left, center - height / 2, width, height), label.text, label.color)


def paint_box(
    painter: QPainter, title: str, lines: Sequence[tuple[str, QColor]], at: QPointF, area: QRectF
) -> None:
    """Paints a small box beside a point, with a muted title and colored lines; it stays inside the area."""
    px, metrics = theme().px, painter.fontMetrics()
    pad, height = px(8), metrics.height()
    width = max(metrics.horizontalAdvance(text) for text in (title, *(text for text, _ in lines))) + 2 * pad
    box = QRectF(0, 0, width, height * (len(lines) + 1) + 2 * px(4))
    left = at.x() + px(12)
    if left + box.width() > area.right():
        left = max(at.x() - px(12) - box.width(), area.left())
    box.moveTo(left, min(max(at.y() - box.height() / 2, area.top()), area.bottom() - box.height()))
    painter.setPen(QPen(theme().color("line"), 1))
    painter.setBrush(theme().color("surface_sunken"))
    painter.drawRoundedRect(box, px(6), px(6))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    for number, (text, color) in enumerate(((title, theme().color("text_muted")), *lines)):
        painter.setPen(color)
        top = box.top() + px(4) + number * height
        painter.drawText(QRectF(box.left() + pad, top, width, height), flags, text)
