"""Channel statistics against numpy."""

import numpy as np
import pytest

from cnnplay.data.statistics import channel_statistics


def test_mean_and_deviation_are_numpys(noise: np.ndarray) -> None:
    other = noise[::-1, ::2] // 3
    mean, std = channel_statistics([noise, other])
    flat = np.concatenate([noise.reshape(-1, 3), other.reshape(-1, 3)]) / 255
    assert mean == pytest.approx(tuple(flat.mean(axis=0)), abs=1e-12)
    assert std == pytest.approx(tuple(flat.std(axis=0)), abs=1e-12)


def test_a_constant_channel_is_divided_by_one(noise: np.ndarray) -> None:
    noise[:, :, 1] = 77
    mean, std = channel_statistics([noise])
    assert mean[1] == pytest.approx(77 / 255)
    assert std[1] == 1.0
