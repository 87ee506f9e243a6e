"""Images varied for training, against numpy by hand, torch.rot90, Pillow and the formulas."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from torch import Tensor

from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import GROUPS, TrainConfig, setting_fields
from cnnplay.training.augmentation import (
    RandomDraws,
    augment,
    augments,
    erased_rectangles,
    jitter_colors,
    mixup_pairs,
    random_transforms,
)
from cnnplay.training.geometry import Transforms, source_pixels, transformed

GREY = Preprocessing(input=(1, 12, 10), mean=(0.3,), std=(0.25,))
RGB = Preprocessing(input=(3, 12, 10), mean=(0.3, 0.5, 0.4), std=(0.25, 0.2, 0.3))
ALL = TrainConfig(shift=2, rotate=10.0, crop=0.3, flip=True, colour=0.4, erase=0.5, mixup=0.4)
HALF = 0.5


def batch(count: int = 6, channels: int = 1, height: int = 12, width: int = 10) -> Tensor:
    """Random normalized images, in channels_last's order as batches are."""
    bytes_ = np.random.default_rng(7).integers(0, 256, (count, height, width, channels), np.uint8)
    rules = RGB if channels == 3 else GREY
    pixels = torch.from_numpy(bytes_).float().div(255)
    return ((pixels - torch.tensor(rules.mean)) / torch.tensor(rules.std)).permute(0, 3, 1, 2)


def varied(images: Tensor, step: int = 3, seed: int = 1, **settings: object) -> Tensor:
    config = msgspec.structs.replace(TrainConfig(), **settings)
    rules = RGB if images.shape[1] == 3 else GREY
    labels = torch.zeros(len(images), dtype=torch.int64)
    return augment(images, labels, config, 10, rules, seed, step)[0]


def still(count: int, **changes: NDArray[np.generic]) -> Transforms:
    """Moves that move nothing, but for the changes."""
    zeros, ones, whole = np.zeros(count), np.ones(count), np.zeros(count, np.int64)
    fields = {
        "mirrored": np.zeros(count, bool),
        "degrees": zeros,
        "width": ones,
        "height": ones,
        "window_x": zeros,
        "window_y": zeros,
        "right": whole,
        "down": whole,
    }
    return Transforms(**{**fields, **changes})  # type: ignore[arg-type]


def move(images: Tensor, moves: Transforms) -> Tensor:
    count, channels, height, width = images.shape
    lines = images.permute(0, 2, 3, 1).reshape(count, height, width * channels)
    found = transformed(lines, source_pixels(moves, height, width, channels), channels)
    return found.view(count, height, width, channels).permute(0, 3, 1, 2)


def drawn(count: int = 20_000) -> RandomDraws:
    """Many even draws, the ends among them."""
    dice = np.random.default_rng(5)
    rows = [np.concatenate([[0.0, np.nextafter(1, 0)], dice.random(count)]) for _ in range(16)]
    return RandomDraws(*rows)


def test_each_setting_of_the_group_and_no_other_varies_the_images() -> None:
    assert set(GROUPS) >= {"augmentation"}
    assert not augments(TrainConfig())
    for field in setting_fields():
        value = {"integer": 2, "number": 0.5, "flag": True}.get(field.type)
        if value is None:
            continue
        changed = msgspec.structs.replace(TrainConfig(), **{field.name: value})
        assert augments(changed) == (field.group == "augmentation"), field.name


def test_without_settings_the_images_stay_as_they_are() -> None:
    images, labels = batch(), torch.arange(6)
    same, targets = augment(images, labels, TrainConfig(), 10, GREY, 0, 0)
    assert torch.equal(same, images)
    assert targets is labels


@given(
    right=st.integers(-14, 14),
    down=st.integers(-14, 14),
    mirrored=st.booleans(),
    channels=st.sampled_from([1, 3]),
)
def test_a_shift_copies_whole_pixels_and_repeats_the_edge(
    right: int, down: int, mirrored: bool, channels: int
) -> None:
    images = batch(2, channels)
    turn = np.array([mirrored, False])
    shifts = np.array([right, 0]), np.array([down, 0])
    found = move(images, still(2, mirrored=turn, right=shifts[0], down=shifts[1]))
    source = images[0].numpy()[:, :, ::-1] if mirrored else images[0].numpy()
    padded = np.pad(source, ((0, 0), (14, 14), (14, 14)), mode="edge")
    assert np.array_equal(found[0].numpy(), padded[:, 14 - down : 26 - down, 14 - right : 24 - right])
    assert torch.equal(found[1], images[1])


def test_a_flip_mirrors_about_half_of_the_images_and_leaves_the_others() -> None:
    images = batch(400)
    found = varied(images, flip=True)
    mirrored = (found == images.flip(3)).flatten(1).all(1)
    same = (found == images).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 150 < int(mirrored.sum()) < 250


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_turn_by_quarters_is_rot90(quarters: int, channels: int) -> None:
    images = batch(4, channels, 11, 11)
    found = move(images, still(4, degrees=np.full(4, 90.0 * quarters)))
    torch.testing.assert_close(found, torch.rot90(images, quarters, (2, 3)), atol=2e-5, rtol=0)


def test_half_a_turn_fits_images_that_are_not_square() -> None:
    images = batch(4)
    found = move(images, still(4, degrees=np.full(4, 180.0)))
    torch.testing.assert_close(found, images.flip(2, 3), atol=2e-5, rtol=0)


def test_what_is_sampled_joins_mirror_turn_and_shift_in_their_order() -> None:
    images = batch(1, 3, 11, 11)
    moves = still(
        1, mirrored=np.array([True]), degrees=np.array([90.0]), right=np.array([2]), down=np.array([-1])
    )
    expected = torch.rot90(images.flip(3), 1, (2, 3))
    expected = torch.nn.functional.pad(expected, (2, 0, 0, 1), mode="replicate")[:, :, 1:, :11]
    torch.testing.assert_close(move(images, moves), expected, atol=2e-5, rtol=0)


def test_a_crop_enlarges_its_window_as_bilinear_resizing_does() -> None:
    images = batch(1, 3, 12, 12)
    half = np.array([0.5])
    # The window of 6 × 6 whose middle lies 3 pixels left of and 2 above the image's.
    moves = still(1, width=half, height=half, window_x=np.array([-3.0]), window_y=np.array([-2.0]))
    window = images[:, :, 1:7, 0:6]
    expected = torch.nn.functional.interpolate(window, (12, 12), mode="bilinear", align_corners=False)
    # At its rim resizing repeats the window's edge, where the look-up sees what lies beyond it.
    found = move(images, moves)[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(found, expected[:, :, 1:-1, 1:-1], atol=2e-5, rtol=0)


def test_drawn_moves_keep_their_ranges_and_reach_both_ends() -> None:
    draws = drawn()
    config = TrainConfig(shift=3, rotate=20.0, crop=0.6, flip=True)
    moves = random_transforms(config, draws, 12, 10)
    for shifts in (moves.right, moves.down):
        values, counts = np.unique(shifts, return_counts=True)
        assert values.tolist() == [-3, -2, -1, 0, 1, 2, 3]
        assert counts.min() > 0.9 * len(shifts) / 7
    assert moves.degrees.min() == -20
    assert moves.degrees.max() == pytest.approx(20)
    area = moves.width * moves.height
    assert area.max() == pytest.approx(1)
    assert area.min() == pytest.approx(0.4)
    assert (area > 0.4 - 1e-9).all()
    assert area.mean() == pytest.approx(0.7, abs=0.01)
    ratio = moves.width / moves.height
    assert ratio.min() > 3 / 4 - 1e-9
    assert ratio.max() < 4 / 3 + 1e-9
    # No window leaves its image.
    assert (np.abs(moves.window_x) <= (1 - moves.width) * 5 + 1e-9).all()
    assert (np.abs(moves.window_y) <= (1 - moves.height) * 6 + 1e-9).all()
    assert moves.mirrored.mean() == pytest.approx(0.5, abs=0.02)


def test_settings_that_are_off_move_nothing() -> None:
    assert random_transforms(TrainConfig(shift=2, flip=True), drawn(), 12, 10).exact
    assert not random_transforms(TrainConfig(), drawn(), 12, 10).mirrored.any()


@pytest.mark.parametrize("channels", [1, 3])
def test_color_agrees_with_pillow_within_its_rounding(channels: int) -> None:
    count, rules = 24, RGB if channels == 3 else GREY
    images = batch(count, channels)
    mean, std = (np.array(part)[:, None, None] for part in (rules.mean, rules.std))
    factors = np.random.default_rng(2).uniform(0, 2, (3, count))
    lines = images.permute(0, 2, 3, 1).reshape(count, 12, -1)
    found = (
        jitter_colors(lines, torch.from_numpy(factors.T.copy()), rules)
        .view(count, 12, 10, channels)
        .permute(0, 3, 1, 2)
        .numpy()
    )
    for i in range(count):
        bytes_ = np.rint((images[i].numpy() * std + mean) * 255).astype(np.uint8).transpose(1, 2, 0)
        image = Image.fromarray(bytes_ if channels == 3 else bytes_[:, :, 0])
        image = ImageEnhance.Brightness(image).enhance(factors[0, i])
        image = ImageEnhance.Contrast(image).enhance(factors[1, i])
        if channels == 3:
            image = ImageEnhance.Color(image).enhance(factors[2, i])
        expected = np.asarray(image, np.float64).reshape(12, 10, channels).transpose(2, 0, 1)
        # Pillow rounds to bytes in each of three steps, whose factors enlarge what was rounded.
        assert np.abs((found[i] * std + mean) * 255 - expected).max() < 6


def test_color_stays_within_black_and_white_and_its_factors_reach_both_ends() -> None:
    images = batch(300, 3)
    found = varied(images, colour=1.0)
    values = found * torch.tensor(RGB.std)[:, None, None] + torch.tensor(RGB.mean)[:, None, None]
    assert values.min() > -1e-6
    assert values.max() < 1 + 1e-6
    # Brightness alone: by up to a tenth either way.
    gray = torch.full((4000, 1, 1, 1), (0.5 - 0.3) / 0.25)
    brightness = (varied(gray, colour=0.1).flatten() * 0.25 + 0.3) / 0.5
    assert float(brightness.min()) == pytest.approx(0.9, abs=1e-3)
    assert float(brightness.max()) == pytest.approx(1.1, abs=1e-3)


def test_an_erased_rectangle_is_the_mean_and_all_else_stays() -> None:
    images = batch(500, 3, 20, 16)
    found = varied(images, erase=0.4)
    changed = (found != images).any(1)
    touched = changed.flatten(1).any(1)
    assert 150 < int(touched.sum()) < 250
    for image, hidden in zip(found[touched], changed[touched], strict=True):
        rows, columns = hidden.any(1).nonzero().flatten(), hidden.any(0).nonzero().flatten()
        inside = image[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert not inside.any()
        assert int(hidden.sum()) == len(rows) * len(columns)


def test_erased_rectangles_keep_their_area_and_lie_anywhere_in_the_image() -> None:
    left, top, right, bottom = erased_rectangles(drawn(), 32, 24)
    area = (right - left) * (bottom - top) / (32 * 24)
    assert 0.014 < area.min() < 0.025
    assert 0.195 < area.max() < 0.215
    assert area.mean() == pytest.approx(0.11, abs=0.003)
    assert left.min() == top.min() == 0
    assert right.max() == 24
    assert bottom.max() == 32
    small = erased_rectangles(drawn(), 1, 1)
    assert all(part.min() == part.max() for part in small)


def test_every_image_is_erased_at_one_and_none_at_zero() -> None:
    images = batch(200) + 10
    assert (varied(images, erase=1.0) == 0).flatten(1).any(1).all()
    assert torch.equal(varied(images, erase=0.0), images)


def test_mixup_mixes_images_and_one_hot_labels_in_one_proportion() -> None:
    images, labels = batch(8), torch.tensor([0, 1, 2, 3, 3, 2, 1, 0])
    mixed, targets = augment(images, labels, TrainConfig(mixup=0.7), 5, GREY, 9, 4)
    kept, others = mixup_pairs(8, 0.7, 9, 4)
    assert sorted(others.tolist()) == list(range(8))
    one_hot = np.eye(5, dtype=np.float32)[labels.numpy()]
    np.testing.assert_allclose(targets.numpy(), kept * one_hot + (1 - kept) * one_hot[others], atol=1e-6)
    np.testing.assert_allclose(targets.sum(1).numpy(), 1, atol=1e-6)
    assert targets.dtype == torch.float32
    expected = kept * images.numpy() + (1 - kept) * images.numpy()[others]
    np.testing.assert_allclose(mixed.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_the_proportion_follows_beta(alpha: float) -> None:
    kept = np.array([mixup_pairs(2, alpha, 0, step)[0] for step in range(3000)])
    assert ((kept >= 0) & (kept <= 1)).all()
    assert kept.mean() == pytest.approx(0.5, abs=0.03)
    assert kept.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_a_vanishing_alpha_still_gives_a_proportion() -> None:
    assert all(0 <= mixup_pairs(2, 1e-300, 0, step)[0] <= 1 for step in range(50))


def test_the_same_seed_and_step_give_the_same_bits_and_others_do_not() -> None:
    images, labels = batch(16, 3), torch.arange(16) % 10
    first = augment(images, labels, ALL, 10, RGB, 3, 5)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    again = augment(images, labels, ALL, 10, RGB, 3, 5)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    for seed, step in ((3, 6), (4, 5), (5, 3), (2**31 - 1, 2**40)):
        assert not torch.equal(first[0], augment(images, labels, ALL, 10, RGB, seed, step)[0])


def test_nobody_elses_dice_are_touched() -> None:
    before, state = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    augment(batch(4, 3), torch.arange(4), ALL, 10, RGB, 3, 5)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], state)  # type: ignore[call-overload]  # noqa: NPY002


def test_one_settings_draws_do_not_depend_on_another() -> None:
    images = batch(16)
    shifted = varied(images, shift=2)
    both = varied(images, shift=2, erase=1.0)
    kept = both != 0
    assert torch.equal(both[kept], shifted[kept])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "settings", [ALL, TrainConfig(shift=1), TrainConfig(erase=1.0), TrainConfig(colour=0.2)]
)
@pytest.mark.parametrize("last", [True, False])
def test_what_is_given_stays_untouched_and_the_memory_format_is_kept(
    channels: int, settings: TrainConfig, last: bool
) -> None:
    images = batch(8, channels) if last else batch(8, channels).contiguous()
    labels = torch.arange(8)
    before, numbers = images.clone(), labels.clone()
    found, _ = augment(images, labels, settings, 10, RGB if channels == 3 else GREY, 0, 1)
    assert torch.equal(images, before)
    assert torch.equal(labels, numbers)
    assert found.data_ptr() != images.data_ptr()
    assert found.shape == images.shape
    assert found.dtype == torch.float32
    assert found.stride() == images.stride()


@given(
    count=st.integers(1, 5),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    channels=st.sampled_from([1, 3]),
    step=st.integers(0, 2**40),
)
def test_images_of_any_size_stay_finite(
    count: int, height: int, width: int, channels: int, step: int
) -> None:
    images = batch(count, channels, height, width)
    rules = RGB if channels == 3 else GREY
    wild = msgspec.structs.replace(ALL, shift=64, rotate=180.0, crop=0.95, colour=1.0, mixup=10.0)
    found, targets = augment(images, torch.zeros(count, dtype=torch.int64), wild, 10, rules, 0, step)
    assert found.shape == images.shape
    assert bool(found.isfinite().all())
    assert targets.shape == (count, 10)
