"""Durations and memory sizes as text, short enough for a header."""

import math


def duration_text(seconds: float) -> str:
    """``3 s``, ``1 min 20 s``, ``12 min``, ``3 h 5 min``; ``under 1 s`` for less than a second."""
    if not math.isfinite(seconds):
        return "very long"
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{hours // 24:,} days"


def bytes_text(count: float) -> str:
    """``240 MB``, ``1.4 GB``: powers of ten, as disks and PyTorch's documentation count."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 and unit == "GB" else f"{value:,.0f} {unit}"
    return f"{count:.0f} B"
