"""Media icons in the theme's colors: play, pause, step, stop."""

from typing import Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

from cnnplay.ui.kit.views.theme import theme

TransportIcon: TypeAlias = Literal["play", "pause", "step", "stop"]
SIDE = 14
BOX = 16
"""The side of the box that a button reserves for its icon, in design pixels."""


def transport_icon(name: TransportIcon, color: str = "text") -> QIcon:
    """An icon in a color of the theme; muted when disabled."""
    icon = QIcon()
    icon.addPixmap(_pixmap(name, theme().color(color)), QIcon.Mode.Normal)
    muted = QColor(theme().color("text_muted"))
    muted.setAlpha(120)
    icon.addPixmap(_pixmap(name, muted), QIcon.Mode.Disabled)
    return icon


def _pixmap(name: TransportIcon, color: QColor) -> QPixmap:
    # Twice the size, so that it is sharp on high-resolution screens.
    side, box = theme().px(SIDE), theme().px(BOX)
    pixmap = QPixmap(2 * box, 2 * box)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate((box - side) / 2, (box - side) / 2)
    painter.scale(side / SIDE, side / SIDE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    match name:
        case "play":
            painter.drawPolygon(_triangle(3.0, 12.0))
        case "pause":
            painter.drawRect(QRectF(3, 2, 3, 10))
            painter.drawRect(QRectF(8, 2, 3, 10))
        case "step":
            painter.drawPolygon(_triangle(2.0, 9.0))
            painter.drawRect(QRectF(10, 2, 2, 10))
        case "stop":
            painter.drawRect(QRectF(2.5, 2.5, 9, 9))
    painter.end()
    return pixmap


def _triangle(left: float, right: float) -> QPolygonF:
    return QPolygonF([QPointF(left, 2), QPointF(right, 7), QPointF(left, 12)])
