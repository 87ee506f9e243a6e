"""Where an axis is labelled: round numbers, as many as there is room for."""

import math

import msgspec


class Tick(msgspec.Struct, frozen=True):
    """A label at a place on the axis; on a logarithmic axis `at` is the logarithm to base 10."""

    at: float
    text: str


def ticks(low: float, high: float, most: int, smallest: float = 0.0) -> list[Tick]:
    """Multiples of 1, 2 or 5 times a power of ten between `low` and `high`, at most `most` (2 or more).

    `smallest` bounds the distance between two: 1 for what is counted.
    """
    step = _step(low, high, most, smallest)
    if not step:
        return []
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [Tick(n * step, f"{n * step:,.{digits}f}".replace("-", "−")) for n in range(first, last + 1)]


def percent_ticks(low: float, high: float, most: int) -> list[Tick]:
    """The same for fractions, as ``95 %``."""
    return [Tick(tick.at / 100, f"{tick.text} %") for tick in ticks(100 * low, 100 * high, most)]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Labels between 10^`low` and 10^`high`: decades, with room 2 and 5 too; inside one, round numbers."""
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


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
