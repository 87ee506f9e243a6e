"""Images that are bright where those that a network was trained on are dark."""

import numpy as np
import pytest

from cnnplay.data.catalog import load
from cnnplay.data.fitting import to_input
from cnnplay.data.polarity import mean_of, polarity_text
from cnnplay.spec.preprocessing import Preprocessing


def trained_on(*mean: float) -> Preprocessing:
    return Preprocessing(input=(len(mean), 28, 28), mean=mean, std=(0.3,) * len(mean))


@pytest.mark.parametrize(
    ("mean", "trained", "words"),
    [
        (0.87, 0.13, "mostly bright"),
        (0.13, 0.87, "mostly dark"),
        (0.7, 0.286, "mostly bright"),
        (0.13, 0.13, ""),
        (0.4, 0.13, ""),  # a bold digit
        (0.9, 0.45, ""),  # photos: neither dark nor bright
        (0.1, 0.45, ""),
    ],
)
def test_only_clear_cases_are_told(mean: float, trained: float, words: str) -> None:
    text = polarity_text(mean, trained_on(trained))
    assert words in text
    assert bool(text) == bool(words)


def test_every_inverted_digit_is_told_and_no_other() -> None:
    digits, preprocessing = load("mnist-sample"), trained_on(0.1307)
    for index in range(0, 5000, 100):
        image = digits.image(index)
        for pixels, inverted in ((image, False), (255 - image, True)):
            mean = mean_of(to_input(pixels, preprocessing), preprocessing)
            assert bool(polarity_text(mean, preprocessing)) == inverted
            assert mean == pytest.approx(pixels.mean() / 255, abs=1e-5)


def test_the_mean_of_color_is_that_of_its_channels() -> None:
    preprocessing = trained_on(0.1, 0.2, 0.3)
    pixels = np.full((28, 28, 3), (255, 51, 0), np.uint8)
    assert mean_of(to_input(pixels, preprocessing), preprocessing) == pytest.approx(0.4, abs=1e-5)
