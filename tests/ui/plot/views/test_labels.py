"""Labels over curves: legible, and most of the curve stays."""

import pytest
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.views.labels import paint_text

CURVE = QColor(255, 0, 0)


def painted(with_text: bool) -> QImage:
    image = QImage(160, 20, QImage.Format.Format_RGB32)
    image.fill(theme().color("surface"))
    painter = QPainter(image)
    painter.setFont(theme().font(small=True))
    painter.setPen(QPen(CURVE, 2))
    painter.drawLine(QLineF(0, 10, 160, 10))
    if with_text:
        width = painter.fontMetrics().horizontalAdvance("previous run 0.31")
        paint_text(painter, QRectF(10, 0, width, 20), "previous run 0.31", theme().color("text_muted"))
    painter.end()
    return image


def count(image: QImage, color: QColor) -> int:
    return sum(image.pixelColor(x, y) == color for x in range(image.width()) for y in range(image.height()))


@pytest.mark.parametrize("name", ["dark", "light"])
def test_a_label_erases_no_piece_of_the_curve_behind_it(qtbot: QtBot, name: str) -> None:
    theme().install(name)  # type: ignore[arg-type]
    before, after = painted(with_text=False), painted(with_text=True)
    surface = theme().color("surface")
    assert count(after, surface) < count(before, surface), "there is a text"
    curve = [(x, y) for x in range(160) for y in range(20) if before.pixelColor(x, y) == CURVE]
    ground = surface.red() - surface.green()
    reddish = [after.pixelColor(x, y) for x, y in curve]
    visible = sum(color.red() - color.green() > ground + 40 for color in reddish)
    assert visible > 0.6 * len(curve), "only the letters themselves cover it"
    assert surface not in reddish
