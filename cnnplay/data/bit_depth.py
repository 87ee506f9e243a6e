"""Values of more than 8 bits: what is white, and the values as 8 bits.

Values are scaled by full scale, which is white. The images of a data set have one, given as `white` (see
`common_white`): else those of few counts would be brighter than those of many. Of a file alone, full scale is
the file's, if it says so (16 bits: 65,535; a 12-bit TIFF: 4,095), otherwise the smallest of 1 (floating-point
only), 255 and 65,535 that no value exceeds. Images that would show nothing, or something else, are rejected:
negative values, NaN, larger values, and, if the scale is a guess or the type's (12 bits stored as 16), values
that all lie below a sixteenth of it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from cnnplay.data.images import DataError

WHITES = (1.0, 255.0, 1023.0, 4095.0, 16_383.0, 65_535.0)
"""The usual values of white: 1 for floating-point values, then 8, 10, 12, 14 and 16 bits."""

_LEAST_SCALE = {"f": 1.0, "i": 255.0, "u": 255.0}
"""32-bit integers and floating-point values may use only this usual range."""


class Values(NamedTuple):
    """The values of a file of more than 8 bits: their type (f, i, u), the bits that the file states, and the
    largest value."""

    kind: str
    bits: int | None
    high: float


def summarize(values: np.ndarray, bits: int | None) -> Values:
    """What is needed to find the white of a data set. DataError if values are negative or not finite."""
    return Values(values.dtype.kind, bits, _checked_range(values)[1])


def common_white(found: Iterable[Values]) -> float | None:
    """The one value of white for the files of a data set: what the files state or, if any does not, the
    smallest usual one that no value exceeds. None if no file has more than 8 bits.
    """
    found = list(found)
    stated = max((2.0**values.bits - 1 for values in found if values.bits is not None), default=None)
    others = [values for values in found if values.bits is None]
    if not others:
        return stated
    high = max(values.high for values in others)
    least = 1.0 if all(values.kind == "f" for values in others) else 255.0
    usual = next((white for white in WHITES if white >= max(least, high)), WHITES[-1])
    return max(usual, stated or 0.0)


def eight_bits(values: np.ndarray, bits: int | None, white: float | None) -> np.ndarray:
    """Values of a wider type as 0…255. `bits` are those that the file states."""
    low, high = _checked_range(values)
    full = _full_scale(values.dtype, high, bits) if white is None else white
    if high > full:
        raise DataError(f"expected values in 0…{full:,.6g}; found {low:,.6g}…{high:,.6g}; skipped")
    if white is None and bits is None and full > _LEAST_SCALE[values.dtype.kind] and 0 < high < full / 16:
        raise DataError(
            f"its largest value is {high:,.6g}, but white is {full:,.0f}: it would be nearly black; "
            "scale it to the full range or convert it to 8 bits; skipped"
        )
    return np.rint(values * (255 / full)).astype(np.uint8)


def _checked_range(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value."""
    if not np.isfinite(values).all():
        raise DataError("contains NaN or infinity; skipped")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > WHITES[-1]:
        raise DataError(f"expected values in 0…1, 0…255 or 0…65,535; found {low:,.6g}…{high:,.6g}; skipped")
    return low, high


def _full_scale(kind: np.dtype, high: float, bits: int | None) -> float:
    """The value of white."""
    if bits is not None:
        return float(2**bits - 1)
    if kind.itemsize == 2:
        return 65_535.0
    scales = [scale for scale in (1.0, 255.0, 65_535.0) if scale >= _LEAST_SCALE[kind.kind]]
    return next((scale for scale in scales if high <= scale), scales[-1])
