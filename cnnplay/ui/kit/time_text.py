"""Milliseconds as text, with the same number of decimals throughout a column."""


def ms_text(seconds: float, largest: float) -> str:
    """``12.35 ms``, with decimals to suit the column's `largest` time; ``< 0.01 ms`` for less than that."""
    decimals = 3 if largest < 1e-3 else 2 if largest < 0.1 else 1 if largest < 1 else 0
    least = 10.0**-decimals
    milliseconds = 1e3 * seconds
    if 0 < milliseconds < least / 2:
        return f"< {least:.{decimals}f} ms"
    return f"{milliseconds:,.{decimals}f} ms"
