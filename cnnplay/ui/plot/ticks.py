"""The ticks of an axis: round numbers, as many as there is room for."""

import math

import msgspec

from cnnplay.ui.kit.numerals import BILLION, MILLION, MOST, ten_to

SMALLEST_STEP = 1e-5
"""An axis with smaller steps shows a power of ten with each number."""


class Tick(msgspec.Struct, frozen=True):
    """A label at a position of the axis; on a log scale `at` is the logarithm to base 10."""

    at: float
    text: str


def ticks(low: float, high: float, most: int, smallest: float = 0.0) -> list[Tick]:
    """Multiples of 1, 2 or 5 times a power of ten between `low` and `high`, at most `most` (2 or more).

    `smallest` is the smallest distance of two ticks: 1 for counts.
    """
    step = _step(low, high, most, smallest)
    if not step:
        return []
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    unit, suffix = _unit(max(abs(first), abs(last)) * step, step)
    digits = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    return [Tick(n * step, _in_units(n * step / unit, digits, suffix)) for n in range(first, last + 1)]


def percent_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Like `ticks`, for fractions: ``95 %``."""
    return [Tick(tick.at / 100, f"{tick.text} %") for tick in ticks(100 * low, 100 * high, most)]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Ticks between 10^`low` and 10^`high`: decades, with room also 2 and 5; inside one, round numbers."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [
            Tick(decade + math.log10(factor), _plain(factor * 10.0**decade))
            for decade in range(math.floor(low), math.ceil(high) + 1)
            for factor in factors
            if low - 1e-9 <= decade + math.log10(factor) <= high + 1e-9
        ]
        if 2 <= len(found) <= most:
            return found
    if high - low < 1:
        values = ticks(10**low, 10**high, most)
        return [Tick(math.log10(tick.at), tick.text) for tick in values if tick.at > 0]
    every = math.ceil((high - low) / max(most - 1, 1))
    decades = range(math.ceil(low / every) * every, math.floor(high) + 1, every)
    return [Tick(float(decade), _plain(10.0**decade)) for decade in decades]


def _step(low: float, high: float, most: int, smallest: float) -> float:
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return 0.0
    rough = max((high - low) / max(most, 2), smallest, 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5, 10, 20, 50):
        step = factor * power
        inside = math.floor(high / step + 1e-6) - math.ceil(low / step - 1e-6) + 1
        if step >= smallest * (1 - 1e-9) and inside <= max(most, 2):
            return step
    return 100 * power


def _unit(largest: float, step: float) -> tuple[float, str]:
    """The unit of all numbers of an axis, and the suffix of each: millions, a power of ten."""
    if largest >= MOST or (step < SMALLEST_STEP and largest < 1):
        exponent = math.floor(math.log10(largest) + 1e-9) if largest else 0
        # Not 10.0**exponent: beyond 10^22 that is no longer the nearest float.
        return float(f"1e{exponent}"), f"·{ten_to(exponent)}"
    if largest >= BILLION:
        return BILLION, " G"
    return (MILLION, " M") if largest >= MILLION else (1.0, "")


def _in_units(count: float, digits: int, suffix: str) -> str:
    if suffix and abs(count) < 1e-9:
        return "0"
    return f"{count:,.{digits}f}{suffix}".replace("-", "−")


def _plain(value: float) -> str:
    """A round number of a log scale: ``0.01``, ``200``, ``5 M``, ``10⁻⁶``, ``2·10²⁵``."""
    for unit, suffix in ((BILLION, " G"), (MILLION, " M"), (1.0, "")):
        if unit <= value < 0.99 * MOST:
            return f"{value / unit:,.0f}{suffix}"
    if 0.99e-4 <= value < 1:
        return f"{value:g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{'' if mantissa == '1' else mantissa + '·'}{ten_to(int(exponent))}"
