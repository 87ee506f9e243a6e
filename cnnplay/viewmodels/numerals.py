"""Numbers as people read them: a true minus, three figures, thousands separators."""

import math


def numeral(value: float) -> str:
    """``0.314``, ``−12.3``, ``1,024``, ``3.1e−5``: about three figures."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        text = "0"
    elif size >= 99.95:
        text = f"{size:,.0f}" if size < 1e6 else f"{size:.2e}"
    elif size >= 9.995:
        text = f"{size:.1f}"
    elif size >= 0.9995:
        text = f"{size:.2f}"
    elif size >= 0.0095:
        text = f"{size:.3f}"
    else:
        text = f"{size:.1e}".replace("e-0", "e−").replace("e-", "e−")
    return f"−{text}" if value < 0 and size else text


def short(value: float) -> str:
    """As `numeral`, without the zeros that say nothing: ``1``, ``0.5``."""
    text = numeral(value)
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text


def span(low: float, high: float) -> str:
    """A range: ``±0.37`` where it is centred at zero, else ``−1 to 1``."""
    if low == -high and high > 0 and high != 1:
        return f"±{short(high)}"
    return f"{short(low)} to {short(high)}"


def percent(fraction: float) -> str:
    """``98.7 %``."""
    return f"{fraction * 100:.1f} %"
