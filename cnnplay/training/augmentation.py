"""Training pictures varied anew at every step: what does not change the class, the network need not learn.

A shifted 7 is a 7. Who sees it in many places, a little turned, brighter or half hidden, learns what the
examples share, and cannot learn each of them by heart. Only pictures that are learned from are varied.

What is drawn depends on seed and step alone, never on what was drawn before: a run that goes on from its
checkpoint sees what it would have seen. And no setting's draws depend on another setting, so that one can be
changed during a run while the others stay as they are.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.geometry import Floats, Moves, Sources, Whole, moved, sources

ASPECT = 4 / 3
"""A crop may change the ratio of width to height by up to this factor, either way."""
ERASED = (0.02, 0.2)
"""An erased rectangle takes so much of a picture's area, at least and at most,"""
ERASED_ASPECT = 3.0
"""and its sides' ratio is up to this, either way (Zhong et al. 2017, Random Erasing)."""
LUMA = (0.299, 0.587, 0.114)
"""How much red, green and blue add to what looks bright (ITU-R BT.601)."""

PLANNED, MOST_STEPS = 4096, 64
"""What is drawn is drawn for about so many pictures together, of at most so many steps."""
_DRAWS = 16
"""Numbers drawn for each picture, whether they are used or not."""


def augmented(config: TrainConfig) -> bool:
    """Whether any setting varies the pictures."""
    return _moves(config) or config.colour > 0 or config.erase > 0 or config.mixup > 0


def augment(
    pictures: Tensor,
    labels: Tensor,
    config: TrainConfig,
    classes: int,
    preprocessing: Preprocessing,
    seed: int,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Normalised pictures B × C × H × W and labels B, varied as the settings say.

    With mixup on, the labels become targets B × classes, each row a distribution. Nothing is written into
    what is given: pictures may be views of the data set. They keep their memory format and device.
    """
    count, channels, height, width = pictures.shape
    plan = _plan(config, pictures.shape, seed, step)
    # As channels_last pictures lie in memory: a row of a picture is a row of numbers.
    lines = pictures.permute(0, 2, 3, 1).reshape(count, height, width * channels)
    if plan.moved is not None:
        lines = moved(lines, plan.moved, channels)
    if plan.factors is not None:
        lines = coloured(lines, plan.factors, preprocessing)
    if plan.hidden is not None:
        lines = _erased(lines, *plan.hidden)
    targets = labels
    if config.mixup > 0:
        lines, targets = _mixed(lines, labels, classes, mixture(count, config.mixup, seed, step))
    varied = lines.view(count, height, width, channels).permute(0, 3, 1, 2)
    if varied.stride() != pictures.stride():
        varied = torch.empty_like(pictures).copy_(varied)
    return varied, targets


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to each of some pictures, mixup aside; None for what is off."""

    moved: Sources | None
    factors: Tensor | None
    """B × 3: of brightness, contrast and saturation."""
    hidden: tuple[Tensor, Tensor] | None
    """1 where a row, B × H, and a number of a row, B × W · C, belong to what is erased."""

    def some(self, first: int, count: int) -> "Plan":
        """That of so many pictures."""
        return Plan(
            None if self.moved is None else self.moved.some(first, count),
            None if self.factors is None else self.factors.narrow(0, first, count),
            None if self.hidden is None else _both(self.hidden, first, count),
        )


def _plan(config: TrainConfig, shape: tuple[int, ...], seed: int, step: int) -> Plan:
    """The plan of one step. Those of several small batches are made together: each alone would take longer
    than what it plans.
    """
    count = shape[0]
    together = max(1, min(MOST_STEPS, PLANNED // count))
    make = _planned if together > 1 else _planned.__wrapped__  # what is used once is not kept
    block, place = divmod(step, together)
    return make(config, tuple(shape), seed, block, together).some(place * count, count)


@lru_cache(maxsize=4)
def _planned(config: TrainConfig, shape: tuple[int, ...], seed: int, block: int, steps: int) -> Plan:
    count, channels, height, width = shape
    draws = Draws(*np.random.default_rng((seed, block)).random((_DRAWS, steps * count)))
    found, factors, hidden = None, None, None
    if _moves(config):
        found = sources(moves_of(config, draws, height, width), height, width, channels)
    if config.colour > 0:
        drawn = np.stack((draws.brightness, draws.contrast, draws.saturation), 1)
        factors = torch.from_numpy((1 + config.colour * (2 * drawn - 1)).astype(np.float32))
    if config.erase > 0:
        hidden = _hidden(config.erase, draws, height, width, channels)
    return Plan(found, factors, hidden)


@dataclass(frozen=True, slots=True)
class Draws:
    """Numbers from 0 to 1, B for each thing that is drawn."""

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


def _moves(config: TrainConfig) -> bool:
    return config.shift > 0 or config.rotate > 0 or config.crop > 0 or config.flip


def moves_of(config: TrainConfig, draws: Draws, height: int, width: int) -> Moves:
    """How each picture is moved.

    A crop's area is drawn evenly from 1 − crop to 1, its sides' ratio from 3/4 to 4/3 as far as the window
    stays within the picture: w · h = area, w / h = ratio, w ≤ 1 and h ≤ 1 make area ≤ ratio ≤ 1 / area.
    """
    area = 1 - config.crop * draws.area
    most = np.minimum(ASPECT, 1 / area)
    ratio = most ** (2 * draws.aspect - 1)
    kept_width, kept_height = np.minimum(np.sqrt(area * ratio), 1), np.minimum(np.sqrt(area / ratio), 1)
    return Moves(
        mirrored=(draws.mirror < 0.5) & config.flip,
        degrees=config.rotate * (2 * draws.angle - 1),
        width=kept_width,
        height=kept_height,
        window_x=(1 - kept_width) * width * (draws.window_x - 0.5),
        window_y=(1 - kept_height) * height * (draws.window_y - 0.5),
        right=_whole(draws.right, -config.shift, config.shift),
        down=_whole(draws.down, -config.shift, config.shift),
    )


def coloured(lines: Tensor, factors: Tensor, preprocessing: Preprocessing) -> Tensor:
    """B × H × (W · C) pictures with other brightness, contrast and, of three channels, saturation.

    Each is a mix of the picture with black, with its mean grey, with itself in grey: the factor 1 leaves it,
    0 gives the other, above 1 goes away from it. It happens in 0…1, where black is black; what leaves that
    range is cut off, as a camera does.
    """
    count, channels = len(lines), len(preprocessing.mean)
    # One plane after the other: a pixel's channels are added up as whole planes.
    planes = lines.view(count, -1, channels).transpose(1, 2).contiguous()
    mean, std = (
        torch.tensor(numbers, dtype=lines.dtype, device=lines.device)[:, None]
        for numbers in (preprocessing.mean, preprocessing.std)
    )
    brightness, contrast, saturation = factors.to(lines.device, lines.dtype)[:, :, None, None].unbind(1)
    values = torch.addcmul(mean, planes, std).mul_(brightness).clamp_(0, 1)
    middle = _grey(values).mean((1, 2), keepdim=True)
    values = values.sub_(middle).mul_(contrast).add_(middle).clamp_(0, 1)
    if channels == 3:
        grey = _grey(values)
        values = values.sub_(grey).mul_(saturation).add_(grey).clamp_(0, 1)
    return values.sub_(mean).div_(std).transpose(1, 2).reshape(lines.shape)


def _grey(planes: Tensor) -> Tensor:
    """B × C × pixels as B × 1 × pixels: how bright each is."""
    if planes.shape[1] != 3:
        return planes
    red, green, blue = planes.split(1, 1)
    grey: Tensor = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return grey


def _erased(lines: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Rectangles set to the mean, which is 0 after normalisation: it tells nothing."""
    # 1 where both a pixel's row and its column are hidden: x − x there is 0 exactly, elsewhere x − 0 is x.
    down, along = (part.to(lines.device, lines.dtype) for part in (rows, columns))
    return lines.addcmul(lines, down[:, :, None] * along[:, None, :], value=-1)


def _hidden(share: float, draws: Draws, height: int, width: int, channels: int) -> tuple[Tensor, Tensor]:
    """Rows and columns of the rectangles; of pictures that were not drawn for it, none."""
    left, top, right, bottom = rectangles(draws, height, width)
    bottom = np.where(draws.erase < share, bottom, top)
    row, column = np.arange(height), np.arange(width).repeat(channels)
    down = (row >= top[:, None]) & (row < bottom[:, None])
    along = (column >= left[:, None]) & (column < right[:, None])
    return torch.from_numpy(down.astype(np.float32)), torch.from_numpy(along.astype(np.float32))


def rectangles(draws: Draws, height: int, width: int) -> tuple[Whole, Whole, Whole, Whole]:
    """Left, top, right and bottom of what would be erased of each picture, the last two not included."""
    area = (ERASED[0] + (ERASED[1] - ERASED[0]) * draws.erase_area) * height * width
    ratio = ERASED_ASPECT ** (2 * draws.erase_aspect - 1)
    along = np.clip(np.rint(np.sqrt(area * ratio)), 1, width)
    down = np.clip(np.rint(area / along), 1, height)
    left = _whole(draws.erase_x, 0, width - along)
    top = _whole(draws.erase_y, 0, height - down)
    return left, top, left + along.astype(np.int64), top + down.astype(np.int64)


def mixture(count: int, alpha: float, seed: int, step: int) -> tuple[float, Whole]:
    """Of mixup at a step: λ, the part of itself that each picture keeps, and which other it is mixed with."""
    dice = np.random.default_rng((seed, step, 1))
    return float(dice.beta(alpha, alpha)), dice.permutation(count)


def _mixed(lines: Tensor, labels: Tensor, classes: int, mixing: tuple[float, Whole]) -> tuple[Tensor, Tensor]:
    """λ · x + (1 − λ) · x', and the same of their one-hot labels (Zhang et al. 2017, mixup)."""
    kept, others = mixing
    partner = torch.from_numpy(others).to(lines.device)
    targets = F.one_hot(labels, classes).to(lines.dtype)
    mixed, shared = (kept * own + (1 - kept) * own.index_select(0, partner) for own in (lines, targets))
    return mixed, shared


def _whole(draws: Floats, low: int, high: int | Floats) -> Whole:
    """Whole numbers from low to high, both included, all as likely."""
    return np.floor(low + draws * (high - low + 1)).astype(np.int64)


def _both(pair: tuple[Tensor, Tensor], first: int, count: int) -> tuple[Tensor, Tensor]:
    one, other = pair
    return one.narrow(0, first, count), other.narrow(0, first, count)
