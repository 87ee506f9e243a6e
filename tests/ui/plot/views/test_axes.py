"""The axes of a plot: a pixel is where its data are, and labels stay inside the widget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.ticks import Tick
from cnnplay.ui.plot.views.axes import Axes

AREA = QRectF(40.0, 10.0, 200.0, 100.0)
NUMBERS = st.floats(-1e6, 1e6)


@given(st.tuples(NUMBERS, st.floats(1e-3, 1e6)), st.tuples(NUMBERS, st.floats(1e-3, 1e6)), st.data())
def test_a_pixel_is_where_its_data_are(
    across: tuple[float, float], up: tuple[float, float], data: st.DataObject
) -> None:
    (left, width), (bottom, height) = across, up
    axes = Axes(AREA, left, left + width, bottom, bottom + height)
    x, y = data.draw(st.floats(AREA.left(), AREA.right())), data.draw(st.floats(AREA.top(), AREA.bottom()))
    at = axes.pixel(axes.x_at(x), axes.y_at(y))
    assert (at.x(), at.y()) == (pytest.approx(x, abs=1e-4), pytest.approx(y, abs=1e-4))
    (point,) = axes.points(Curve(np.array([axes.x_at(x)]), np.array([axes.y_at(y)])))
    assert (point.x(), point.y()) == (pytest.approx(at.x(), abs=1e-4), pytest.approx(at.y(), abs=1e-4))


def test_the_corners_of_the_area_show_the_limits() -> None:
    axes = Axes(AREA, -6.0, 1.0, 0.5, 2.5)
    assert axes.pixel(-6.0, 2.5) == AREA.topLeft()
    assert axes.pixel(1.0, 0.5) == AREA.bottomRight()
    assert axes.vertical(1.0).p2() == AREA.bottomRight()


def test_a_point_without_a_value_is_left_out_and_a_huge_one_is_near() -> None:
    curve = Curve(np.arange(5.0), np.array([0.0, np.nan, 1e30, np.inf, 1.0]))
    points = Axes(AREA, 0.0, 4.0, 0.0, 1.0).points(curve)
    assert [point.x() for point in points] == [40.0, 140.0, 240.0]
    assert [point.y() for point in points] == [110.0, -10_000.0, 10.0]


@pytest.mark.parametrize("at", [0.0, 4.0])
def test_labels_at_the_ends_are_not_cut(qtbot: QtBot, at: float) -> None:
    image = QImage(260, 140, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setFont(theme().font(small=True))
    area = QRectF(4.0, 2.0, 252.0, 110.0)
    axes = Axes(area, 0.0, 4.0, 0.0, 1.0)
    axes.paint_x(painter, [Tick(at, "1,000,000")], 120.0, 260.0, " epochs")
    drawn = image.copy()
    width = painter.fontMetrics().horizontalAdvance("1,000,000 epochs")
    painter.end()
    pixels = np.frombuffer(drawn.constBits(), np.uint8).reshape(140, 260, 4)[:, :, :3].any(axis=2)
    columns = np.flatnonzero(pixels.any(axis=0))
    assert columns[-1] - columns[0] > 0.9 * width
    assert not pixels[:110].any()
