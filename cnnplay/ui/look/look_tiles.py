"""Probe results made ready for the views: tiles with their labels, and the texts beside a title."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnplay.network.describe import shape_text
from cnnplay.network.layer_details import by
from cnnplay.ui.kit.numerals import numeral, percent, short, span
from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.look.probe import Filters, Maps


@dataclass(frozen=True, eq=False)
class Prediction:
    """The probabilities of all classes, and the true class if it is known."""

    probabilities: np.ndarray
    classes: tuple[str, ...]
    truth: int | None = None

    def name(self, number: int) -> str:
        return self.classes[number] if number < len(self.classes) else f"class {number + 1}"

    def top(self, count: int) -> tuple[int, ...]:
        """The classes with the highest probabilities, best first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return tuple(int(number) for number in order[:count])

    @property
    def best(self) -> int:
        return int(np.argmax(self.probabilities))

    @property
    def right(self) -> bool | None:
        """Whether the top-1 prediction is right; None if the true class is not known."""
        return None if self.truth is None else self.best == self.truth

    @property
    def text(self) -> str:
        """``5 with 98.7 %, correct``."""
        sure = f"{self.name(self.best)} with {percent(float(self.probabilities[self.best]))}"
        if self.truth is None:
            return sure
        return f"{sure}, correct" if self.right else f"{sure}; true class {self.name(self.truth)}"


def filter_tiles(filters: Filters, color: bool = False) -> Tiles:
    """A tile per filter if each has one channel (or with `color`); else a mosaic with a row per filter."""
    out, channels, height, width = filters.values.shape
    names = tuple(f"{n + 1:,} · norm {_norm(norm)}" for n, norm in enumerate(filters.norms))
    limit = filters.limit or 1.0
    if color and filters.color:
        shown = np.clip(filters.values.transpose(0, 2, 3, 1) / limit * 127.5 + 127.5, 0, 255)
        return Tiles(
            np.rint(shown).astype(np.uint8), "image", _limits(out, 0, 255), labels=names, noun="filter"
        )
    tiles = filters.values.reshape(out * channels, height, width)
    limits = _limits(len(tiles), -limit, limit)
    if channels == 1:
        return Tiles(tiles, "signed", limits, labels=names, noun="filter")
    heads = tuple("rgb") if filters.color else tuple(f"{n + 1:,}" for n in range(channels))
    return Tiles(
        tiles, "signed", limits, columns=channels, row_labels=names, column_labels=heads, noun="filter"
    )


def _norm(norm: float) -> str:
    """Two decimals, so that the labels keep their width while they change; fewer for large numbers."""
    return f"{norm:.2f}" if norm < 100 else numeral(norm)


def filter_text(filters: Filters) -> str:
    """``6 @ 5×5 · ±0.37``; for deeper filters ``16 @ 5×5, 6 channels each · ±0.37``."""
    out, channels, height, width = filters.values.shape
    each = f", {channels:,} channels each" if channels > 1 else ""
    return f"{out:,} @ {by((height, width))}{each}{_whole(filters)} · ±{short(filters.limit)}"


def _whole(filters: Filters) -> str:
    return ", as large as its input" if filters.dense else ""


def is_row(maps: Maps) -> bool:
    """Whether each map is one number, shown as a bar."""
    return maps.values.ndim == 1 or maps.values[0].size == 1


def map_tiles(maps: Maps, common: bool = True) -> Tiles:
    """A tile per map, on a shared color scale or each on its own."""
    count = len(maps.values)
    if common:
        limits = _limits(count, *maps.limits)
    else:
        flat = np.nan_to_num(maps.values.reshape(count, -1).astype(np.float64))
        limits = np.stack([flat.min(axis=1), flat.max(axis=1)], axis=1)
    return Tiles(maps.values, "magnitude", limits, labels=tuple(f"{n + 1:,}" for n in range(count)))


def map_text(maps: Maps, common: bool = True) -> str:
    """``6 × 28 × 28 · −1 to 1 after tanh``."""
    after = f" after {maps.shown.after}" if maps.shown.after else ""
    scale = span(*maps.limits) if common else "each map on its own scale"
    return f"{shape_text(maps.values.shape)} · {scale}{after}"


def _limits(count: int, low: float, high: float) -> np.ndarray:
    return np.tile(np.array([[low, high]], np.float64), (count, 1))


def as_bytes(values: np.ndarray) -> np.ndarray:
    """C × H × W numbers as an image H × W × 1 or 3, their whole range from black to white."""
    channels = values[:3] if values.shape[0] >= 3 else values[:1]
    finite = np.nan_to_num(channels)
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) / ((high - low) or 1.0) * 255
    return np.asarray(np.rint(scaled).transpose(1, 2, 0), np.uint8)
