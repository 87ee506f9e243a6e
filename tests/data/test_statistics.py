"""Channel statistics against numpy."""

import numpy as np
import pytest

from cnnplay.data.split import stratified
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


def test_the_split_keeps_every_picture_once_and_every_class_in_both_parts() -> None:
    labels = np.array([0] * 7 + [1] * 20 + [2] * 2 + [3])
    train, validation = stratified(labels)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(30))
    assert np.bincount(labels[validation], minlength=4).tolist() == [1, 4, 1, 0]
    assert set(labels[train]) == {0, 1, 2, 3}
