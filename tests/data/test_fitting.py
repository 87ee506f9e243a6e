"""The rule by which an image becomes the network's input, against Pillow, numpy and torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from cnnplay.data.fitting import fit_image, fit_rows, normalize, to_input
from cnnplay.data.images import DataError
from cnnplay.spec.preprocessing import Preprocessing

RULE = Preprocessing(input=(3, 4, 5), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 1.0))


def test_28_becomes_32_by_two_black_pixels_on_each_side() -> None:
    image = np.random.default_rng(1).integers(1, 256, (28, 28, 1), dtype=np.uint8)
    fitted = fit_image(image, (1, 32, 32))
    assert np.array_equal(fitted[0, 2:30, 2:30], image[:, :, 0])
    assert int((fitted == 0).sum()) == 32 * 32 - 28 * 28


def test_the_same_size_changes_nothing(noise: np.ndarray) -> None:
    assert np.array_equal(fit_image(noise, (3, 12, 10)), noise.transpose(2, 0, 1))


def test_gray_becomes_rgb_by_repetition() -> None:
    image = np.arange(20, dtype=np.uint8).reshape(4, 5, 1)
    fitted = fit_image(image, (3, 4, 5))
    assert all(np.array_equal(channel, image[:, :, 0]) for channel in fitted)


def test_rgb_becomes_gray_by_pillows_luma(noise: np.ndarray) -> None:
    assert np.array_equal(fit_image(noise, (1, 12, 10))[0], np.asarray(Image.fromarray(noise).convert("L")))


def test_the_luma_is_the_stated_one(noise: np.ndarray) -> None:
    stated = noise.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(fit_image(noise, (1, 12, 10))[0] - stated).max() <= 0.51


@pytest.mark.parametrize("size", [(6, 5), (24, 20), (7, 19), (1, 1)])
def test_other_sizes_are_resized_as_torchs_antialiased_bilinear_does(
    size: tuple[int, int], noise: np.ndarray
) -> None:
    fitted = fit_image(noise, (3, *size))
    source = torch.from_numpy(noise).permute(2, 0, 1)[None].float()
    expected = F.interpolate(source, size, mode="bilinear", antialias=True, align_corners=False)[0]
    assert np.abs(fitted - expected.numpy()).max() <= 1.01


def test_many_are_fitted_as_one_is(noise: np.ndarray) -> None:
    rows = fit_rows(np.stack([noise, noise[::-1]]), (1, 9, 9))
    assert rows.shape == (2, 9, 9, 1)
    assert np.array_equal(rows[0].transpose(2, 0, 1), fit_image(noise, (1, 9, 9)))


@pytest.mark.parametrize("channels", [2, 4])
def test_channels_that_no_image_has_give_an_error(channels: int, noise: np.ndarray) -> None:
    with pytest.raises(DataError, match=f"it has {channels}"):
        fit_image(noise, (channels, 8, 8))


def test_normalising_is_the_stated_formula(noise: np.ndarray) -> None:
    values = fit_image(noise, RULE.input)
    found = normalize(values, RULE)
    for channel in range(3):
        expected = (values[channel] / 255 - RULE.mean[channel]) / RULE.std[channel]
        assert np.allclose(found[channel], expected, atol=1e-6)
    assert found.dtype == np.float32


def test_one_image_becomes_a_batch_of_one(noise: np.ndarray) -> None:
    batch = to_input(noise, RULE)
    assert batch.shape == (1, 3, 4, 5)
    assert np.array_equal(batch[0], normalize(fit_image(noise, RULE.input), RULE))
