"""Augments training images at every step: the network need not learn what does not change the class.

A shifted 7 is a 7. A network that sees it in many places, slightly rotated, brighter or partly hidden, learns
what the examples share and cannot memorize each of them. Only training images are augmented.

Random numbers depend only on seed and step, never on earlier draws: a run resumed from its checkpoint sees
the images it would have seen. Each setting's random numbers are independent of the other settings, so one can
change during a run while the others stay the same.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.geometry import Floats, Integers, SourcePixels, Transforms, source_pixels, transformed

ASPECT = 4 / 3
"""A crop may change the aspect ratio by up to this factor, either way."""
ERASED_AREA = (0.02, 0.2)
"""The minimum and maximum share of an image's area that an erased rectangle covers,"""
ERASED_ASPECT = 3.0
"""and its maximum aspect ratio, either way (Zhong et al. 2017, Random Erasing)."""
LUMA = (0.299, 0.587, 0.114)
"""The contributions of red, green and blue to brightness (ITU-R BT.601)."""

PLANNED_IMAGES, MAX_PLANNED_STEPS = 4096, 64
"""Random numbers are drawn for about this many images at once, from at most this many steps."""
_DRAWS = 16
"""Random numbers per image, whether they are used or not."""


def augments(config: TrainConfig) -> bool:
    """Whether any setting augments the images."""
    return _has_transforms(config) or config.colour > 0 or config.erase > 0 or config.mixup > 0


def augment(
    images: Tensor,
    labels: Tensor,
    config: TrainConfig,
    classes: int,
    preprocessing: Preprocessing,
    seed: int,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Augments normalized images B × C × H × W with labels B as the settings say.

    With mixup, the labels become targets B × classes; each row is a distribution. The inputs are not
    modified: images may be views of the data set. Memory format and device are kept.
    """
    count, channels, height, width = images.shape
    plan = _plan(config, images.shape, seed, step)
    # The memory layout of channels_last: a row of an image is a row of numbers.
    lines = images.permute(0, 2, 3, 1).reshape(count, height, width * channels)
    if plan.pixels is not None:
        lines = transformed(lines, plan.pixels, channels)
    if plan.factors is not None:
        lines = jitter_colors(lines, plan.factors, preprocessing)
    if plan.erased is not None:
        lines = _erase(lines, *plan.erased)
    targets = labels
    if config.mixup > 0:
        lines, targets = _mixup(lines, labels, classes, mixup_pairs(count, config.mixup, seed, step))
    result = lines.view(count, height, width, channels).permute(0, 3, 1, 2)
    if result.stride() != images.stride():
        result = torch.empty_like(images).copy_(result)
    return result, targets


@dataclass(frozen=True, slots=True)
class AugmentationPlan:
    """What happens to each of several images, except mixup; None for what is off."""

    pixels: SourcePixels | None
    factors: Tensor | None
    """B × 3: brightness, contrast and saturation."""
    erased: tuple[Tensor, Tensor] | None
    """Masks of rows, B × H, and of values in a row, B × W · C: 1 inside the erased rectangle."""

    def part(self, first: int, count: int) -> "AugmentationPlan":
        """The plan of `count` images from `first` on."""
        return AugmentationPlan(
            None if self.pixels is None else self.pixels.part(first, count),
            None if self.factors is None else self.factors.narrow(0, first, count),
            None if self.erased is None else _narrow_both(self.erased, first, count),
        )


def _plan(config: TrainConfig, shape: tuple[int, ...], seed: int, step: int) -> AugmentationPlan:
    """The plan of one step. Steps with small batches are planned several at a time: each alone would take
    longer than the augmentation itself.
    """
    count = shape[0]
    together = max(1, min(MAX_PLANNED_STEPS, PLANNED_IMAGES // count))
    make = _cached_plan if together > 1 else _cached_plan.__wrapped__  # do not cache what is used only once
    group, place = divmod(step, together)
    return make(config, tuple(shape), seed, group, together).part(place * count, count)


@lru_cache(maxsize=4)
def _cached_plan(
    config: TrainConfig, shape: tuple[int, ...], seed: int, group: int, steps: int
) -> AugmentationPlan:
    count, channels, height, width = shape
    draws = RandomDraws(*np.random.default_rng((seed, group)).random((_DRAWS, steps * count)))
    found, factors, hidden = None, None, None
    if _has_transforms(config):
        found = source_pixels(random_transforms(config, draws, height, width), height, width, channels)
    if config.colour > 0:
        drawn = np.stack((draws.brightness, draws.contrast, draws.saturation), 1)
        factors = torch.from_numpy((1 + config.colour * (2 * drawn - 1)).astype(np.float32))
    if config.erase > 0:
        hidden = _erasure_masks(config.erase, draws, height, width, channels)
    return AugmentationPlan(found, factors, hidden)


@dataclass(frozen=True, slots=True)
class RandomDraws:
    """Uniform random numbers from 0 to 1, B for each purpose."""

    mirror: Floats
    angle: Floats
    right: Floats
    down: Floats
    area: Floats
    aspect: Floats
    window_x: Floats
    window_y: Floats
    erase: Floats
    erase_area: Floats
    erase_aspect: Floats
    erase_x: Floats
    erase_y: Floats
    brightness: Floats
    contrast: Floats
    saturation: Floats


def _has_transforms(config: TrainConfig) -> bool:
    return config.shift > 0 or config.rotate > 0 or config.crop > 0 or config.flip


def random_transforms(config: TrainConfig, draws: RandomDraws, height: int, width: int) -> Transforms:
    """The geometric transform of each image.

    A crop's area is uniform from 1 − crop to 1, its aspect ratio from 3/4 to 4/3 as far as the window stays
    inside the image: from w · h = area, w / h = ratio, w ≤ 1 and h ≤ 1 follows area ≤ ratio ≤ 1 / area.
    """
    area = 1 - config.crop * draws.area
    most = np.minimum(ASPECT, 1 / area)
    ratio = most ** (2 * draws.aspect - 1)
    kept_width, kept_height = np.minimum(np.sqrt(area * ratio), 1), np.minimum(np.sqrt(area / ratio), 1)
    return Transforms(
        mirrored=(draws.mirror < 0.5) & config.flip,
        degrees=config.rotate * (2 * draws.angle - 1),
        width=kept_width,
        height=kept_height,
        window_x=(1 - kept_width) * width * (draws.window_x - 0.5),
        window_y=(1 - kept_height) * height * (draws.window_y - 0.5),
        right=_integers(draws.right, -config.shift, config.shift),
        down=_integers(draws.down, -config.shift, config.shift),
    )


def jitter_colors(lines: Tensor, factors: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Changes brightness, contrast and, for three channels, saturation of images B × H × (W · C).

    Each mixes the image with black, with its mean gray, or with its grayscale version: factor 1 keeps the
    image, 0 gives the other, above 1 moves away from it. This happens in 0…1, where black is black; values
    outside that range are clipped, as in a camera.
    """
    count, channels = len(lines), len(preprocessing.mean)
    # Planar layout, so that channels can be summed as whole planes.
    planes = lines.view(count, -1, channels).transpose(1, 2).contiguous()
    mean, std = (
        torch.tensor(numbers, dtype=lines.dtype, device=lines.device)[:, None]
        for numbers in (preprocessing.mean, preprocessing.std)
    )
    brightness, contrast, saturation = factors.to(lines.device, lines.dtype)[:, :, None, None].unbind(1)
    values = torch.addcmul(mean, planes, std).mul_(brightness).clamp_(0, 1)
    middle = _gray(values).mean((1, 2), keepdim=True)
    values = values.sub_(middle).mul_(contrast).add_(middle).clamp_(0, 1)
    if channels == 3:
        gray = _gray(values)
        values = values.sub_(gray).mul_(saturation).add_(gray).clamp_(0, 1)
    return values.sub_(mean).div_(std).transpose(1, 2).reshape(lines.shape)


def _gray(planes: Tensor) -> Tensor:
    """B × C × pixels to B × 1 × pixels: the brightness of each pixel."""
    if planes.shape[1] != 3:
        return planes
    red, green, blue = planes.split(1, 1)
    gray: Tensor = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return gray


def _erase(lines: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sets rectangles to the mean, which is 0 after normalization and carries no information."""
    # The mask is 1 where both row and column are erased: x − x is exactly 0 there, and x − 0 is x elsewhere.
    down, along = (part.to(lines.device, lines.dtype) for part in (rows, columns))
    return lines.addcmul(lines, down[:, :, None] * along[:, None, :], value=-1)


def _erasure_masks(
    share: float, draws: RandomDraws, height: int, width: int, channels: int
) -> tuple[Tensor, Tensor]:
    """Row and column masks of the rectangles; empty for images that are not erased."""
    left, top, right, bottom = erased_rectangles(draws, height, width)
    bottom = np.where(draws.erase < share, bottom, top)
    row, column = np.arange(height), np.arange(width).repeat(channels)
    down = (row >= top[:, None]) & (row < bottom[:, None])
    along = (column >= left[:, None]) & (column < right[:, None])
    return torch.from_numpy(down.astype(np.float32)), torch.from_numpy(along.astype(np.float32))


def erased_rectangles(
    draws: RandomDraws, height: int, width: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Left, top, right and bottom of each image's rectangle; the last two are exclusive."""
    area = (ERASED_AREA[0] + (ERASED_AREA[1] - ERASED_AREA[0]) * draws.erase_area) * height * width
    ratio = ERASED_ASPECT ** (2 * draws.erase_aspect - 1)
    along = np.clip(np.rint(np.sqrt(area * ratio)), 1, width)
    down = np.clip(np.rint(area / along), 1, height)
    left = _integers(draws.erase_x, 0, width - along)
    top = _integers(draws.erase_y, 0, height - down)
    return left, top, left + along.astype(np.int64), top + down.astype(np.int64)


def mixup_pairs(count: int, alpha: float, seed: int, step: int) -> tuple[float, Integers]:
    """Mixup's λ, the weight of each image itself, and the index of the image that it is mixed with."""
    dice = np.random.default_rng((seed, step, 1))
    return float(dice.beta(alpha, alpha)), dice.permutation(count)


def _mixup(
    lines: Tensor, labels: Tensor, classes: int, mixing: tuple[float, Integers]
) -> tuple[Tensor, Tensor]:
    """λ · x + (1 − λ) · x′, and the same for the one-hot labels (Zhang et al. 2017, mixup)."""
    kept, others = mixing
    partner = torch.from_numpy(others).to(lines.device)
    targets = F.one_hot(labels, classes).to(lines.dtype)
    mixed, shared = (kept * own + (1 - kept) * own.index_select(0, partner) for own in (lines, targets))
    return mixed, shared


def _integers(draws: Floats, low: int, high: int | Floats) -> Integers:
    """Uniform integers from low to high, both inclusive."""
    return np.floor(low + draws * (high - low + 1)).astype(np.int64)


def _narrow_both(pair: tuple[Tensor, Tensor], first: int, count: int) -> tuple[Tensor, Tensor]:
    one, other = pair
    return one.narrow(0, first, count), other.narrow(0, first, count)
