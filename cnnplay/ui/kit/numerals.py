"""Numbers as text: a true minus sign, three digits, thousands separators, powers as 10ⁿ."""

import math

from cnnplay.spec.tasks import Metric

MILLION, BILLION, MOST = 1e6, 1e9, 1e12
SMALLEST_WRITTEN = 0.00095
"""Smaller numbers are written as powers of ten, whose zeros need not be counted."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def numeral(value: float) -> str:
    """``0.314``, ``−12.3``, ``1,024``, ``2.28 M``, ``8.35·10²⁵``, ``3.1·10⁻⁵``: about three digits."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        text = "0"
    elif size >= 999_500:
        text = _large(size)
    elif size >= 99.95:
        text = f"{size:,.0f}"
    elif size >= 9.995:
        text = f"{size:.1f}"
    elif size >= 0.9995:
        text = f"{size:.2f}"
    elif size >= 0.0095:
        text = f"{size:.3f}"
    elif size >= SMALLEST_WRITTEN:
        text = f"{size:.4f}"
    else:
        text = power(size)
    return f"−{text}" if value < 0 and size else text


def power(size: float, figures: int = 2) -> str:
    """``3.1·10⁻⁵``. `size` must be above 0."""
    mantissa, exponent = f"{size:.{figures - 1}e}".split("e")
    return f"{mantissa}·{ten_to(int(exponent))}"


def ten_to(exponent: int) -> str:
    """``10²⁵``."""
    return f"10{str(exponent).translate(_RAISED)}"


def _large(size: float) -> str:
    for unit, suffix in ((MILLION, "M"), (BILLION, "G")):
        if size < 999.5 * unit:
            scaled = size / unit
            return f"{scaled:.{0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2}f} {suffix}"
    return power(size, 3)


def short(value: float) -> str:
    """Like `numeral`, without trailing zeros: ``1``, ``0.5``."""
    text = numeral(value)
    for mark in ("·", " "):
        number, found, rest = text.partition(mark)
        if found and number != "not":
            return f"{_bare(number)}{mark}{rest}"
    return _bare(text)


def _bare(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(low: float, high: float) -> str:
    """A range: ``±0.37`` if it is centered at zero, else ``−1 to 1``."""
    if low == -high and high > 0 and high != 1:
        return f"±{short(high)}"
    return f"{short(low)} to {short(high)}"


def metric_text(metric: Metric, value: float) -> str:
    """The value in the metric's format."""
    return percent(value) if metric.format == "percent" else numeral(value)


def percent(fraction: float) -> str:
    """``98.7 %``."""
    return f"{fraction * 100:.1f} %"
