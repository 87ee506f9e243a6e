"""The pad: a drawing becomes an image like MNIST's digits."""

import numpy as np
import pytest

from cnnplay.ui.look.drawing import BOX, DIGIT, SIDE, Drawing, center_digit, shrink
from tests.look_bench import digits


def center_of_mass(picture: np.ndarray) -> tuple[float, float]:
    mass = picture.sum()
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    return float((rows * picture).sum() / mass), float((columns * picture).sum() / mass)


@pytest.mark.parametrize(
    "stroke", [((0.1, 0.1), (0.1, 0.6)), ((0.7, 0.9), (0.95, 0.9)), ((0.2, 0.2), (0.8, 0.7))]
)
def test_a_digit_fills_twenty_pixels_and_its_mass_is_in_the_middle(
    stroke: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    drawing = Drawing()
    drawing.stroke(*stroke)
    picture = drawing.image().astype(np.float64)[:, :, 0]
    rows, columns = np.nonzero(picture.max(axis=1))[0], np.nonzero(picture.max(axis=0))[0]
    assert picture.shape == (DIGIT, DIGIT)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (BOX - 1, BOX)
    assert center_of_mass(picture) == pytest.approx((14, 14), abs=0.6)


def test_mnists_own_digits_are_left_where_they_are() -> None:
    for index in (0, 700, 2100, 4400):
        digit = digits().image(index)[:, :, 0].astype(np.float32) / 255
        large = np.kron(digit, np.ones((SIDE // DIGIT, SIDE // DIGIT), np.float32))
        assert np.abs(center_digit(large) - digit).max() < 1e-6


def test_shrinking_keeps_the_ink() -> None:
    values = np.random.default_rng(0).random((90, 70)).astype(np.float32)
    assert shrink(values, (20, 16)).mean() == pytest.approx(values.mean(), abs=1e-3)


def test_a_drawing_that_is_not_centered_stays_where_it_was_drawn() -> None:
    drawing = Drawing()
    drawing.stroke((0.1, 0.1), (0.1, 0.1))
    picture = drawing.image(centered=False)[:, :, 0].astype(np.float64)
    assert center_of_mass(picture) == pytest.approx((2.3, 2.3), abs=0.3)


def test_strokes_are_soft_and_clearing_leaves_black() -> None:
    drawing = Drawing()
    drawing.stroke((0.2, 0.5), (0.8, 0.5))
    assert drawing.ink.max() == 1
    assert ((drawing.ink > 0.1) & (drawing.ink < 0.9)).any()
    drawing.clear()
    assert drawing.blank
    assert not drawing.image().any()
