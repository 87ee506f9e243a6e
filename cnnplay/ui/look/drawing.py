"""A pad to draw a digit on: soft strokes, and the conversion of a drawing to the form of MNIST's digits."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SIDE = 168
"""The pad's own pixels: 6 for each of MNIST's 28."""
BOX = 20
"""MNIST's digits fill a box of 20 × 20 …"""
DIGIT = 28
"""… centered in 28 × 28 by center of mass (LeCun, Cortes and Burges)."""


def _blank() -> npt.NDArray[np.float32]:
    return np.zeros((SIDE, SIDE), np.float32)


@dataclass(eq=False)
class Drawing:
    """White strokes on black; `ink` is SIDE × SIDE between 0 and 1. Positions are fractions of the pad."""

    ink: npt.NDArray[np.float32] = field(default_factory=_blank)
    radius: float = 0.045
    """The brush's half width, as a fraction of the pad."""

    @property
    def blank(self) -> bool:
        return not bool(self.ink.any())

    def clear(self) -> None:
        self.ink[:] = 0

    def stroke(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A straight soft-edged stroke between two positions (x, y)."""
        ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + np.float32(0.5)
        (x0, y0), (x1, y1) = ((x * SIDE, y * SIDE) for x, y in (start, end))
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        along = np.clip(((xs - x0) * dx + (ys - y0) * dy) / length, 0, 1) if length else np.zeros_like(xs)
        distance = np.hypot(xs - x0 - along * dx, ys - y0 - along * dy)
        radius = self.radius * SIDE
        # Full in the middle, falling to nothing over the outer half of the brush.
        np.maximum(self.ink, np.clip((radius * 1.5 - distance) / radius, 0, 1), out=self.ink)

    def image(self, centered: bool = True) -> npt.NDArray[np.uint8]:
        """28 × 28 × 1 bytes: in MNIST's form, or the whole pad as it was drawn."""
        small = center_digit(self.ink) if centered else shrink(self.ink, (DIGIT, DIGIT))
        return np.clip(np.rint(small * 255), 0, 255).astype(np.uint8)[:, :, None]


def center_digit(ink: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A drawing in MNIST's form: its longer side is 20, its center of mass the middle of 28 × 28."""
    result = np.zeros((DIGIT, DIGIT), np.float32)
    rows, columns = np.nonzero(ink.max(axis=1) > 0)[0], np.nonzero(ink.max(axis=0) > 0)[0]
    if not len(rows):
        return result
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(cut.shape)
    digit = shrink(cut, (max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale))))
    mass = digit.sum()
    center_y = float((digit.sum(axis=1) * np.arange(digit.shape[0])).sum() / mass)
    center_x = float((digit.sum(axis=0) * np.arange(digit.shape[1])).sum() / mass)
    top = _placed(center_y, digit.shape[0])
    left = _placed(center_x, digit.shape[1])
    result[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return result


def _placed(center: float, length: int) -> int:
    """Where a digit of that length starts so that its center of mass is in the middle and it stays inside.

    MNIST's middle is pixel 14 of 0 … 27: its digits' centers of mass are between 13.5 and 14.5.
    """
    return min(max(0, round(DIGIT / 2 - center)), DIGIT - length)


def shrink(values: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Resizes by area: each new pixel is the mean of what it covers, so that no stroke is lost."""
    down, across = _weights(values.shape[0], size[0]), _weights(values.shape[1], size[1])
    return np.asarray(down @ values @ across.T, np.float32)


def _weights(old: int, new: int) -> npt.NDArray[np.float32]:
    """new × old: the part of each old pixel in each new one, as fractions of the new one."""
    edges = np.arange(new + 1, dtype=np.float64) * old / new
    starts = np.arange(old, dtype=np.float64)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return np.asarray(np.clip(overlap, 0, None) * new / old, np.float32)
