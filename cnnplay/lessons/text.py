"""Arithmetic written out as on a blackboard: 3·1 + 0·0 + 1·(−1) = 2."""

import math
from collections.abc import Sequence

from cnnplay.lessons.sliding import Array, Number


def number(value: Number) -> str:
    """Short and exact enough to follow: integers as such, others with two or three decimals; a true minus."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e6):
        return f"{int(value)}".replace("-", "−")
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    size = abs(value)
    if size >= 1e6:
        return f"{value:.1e}".replace("e+0", "e").replace("e+", "e").replace("-", "−")
    return _rounded(value, 1 if size >= 100 else 2 if size >= 0.1 else 3)


def compact(value: Number) -> str:
    """Like `number`, for a small cell: at most two decimals and no zero before the point (−.25)."""
    if isinstance(value, int) or not math.isfinite(value) or abs(value) >= 100 or value == int(value):
        return number(value)
    text = _rounded(value, 2 if abs(value) < 10 else 1)
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def _rounded(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "−")


def factor(value: Number) -> str:
    """A number after a · or a +: in parentheses if it is negative."""
    text = number(value)
    return f"({text})" if text.startswith("−") else text


def product(left: Number, right: Number) -> str:
    """3·(−1)."""
    return f"{factor(left)}·{factor(right)}"


def products_by_row(patch: Array, kernel: Array) -> tuple[tuple[str, ...], ...]:
    """The products of one channel, a tuple of terms for each row of the window (rows × columns)."""
    return tuple(
        tuple(product(x, w) for x, w in zip(xs, ws, strict=True))
        for xs, ws in zip(patch.tolist(), kernel.tolist(), strict=True)
    )


def join_terms(terms: Sequence[str], most: int = 0) -> str:
    """Terms joined by +; if there are more than `most` (0: no limit), the middle is left out."""
    if most and len(terms) > most:
        terms = (*terms[: most - 1], "…", terms[-1]) if most > 1 else (terms[0], "…")
    return " + ".join(terms)


def convolution_text(patch: Array, kernel: Array, total: Number, most: int = 6) -> str:
    """3·1 + 0·0 + 1·(−1) + … = −5, for one channel (rows × columns)."""
    terms = [term for row in products_by_row(patch, kernel) for term in row]
    return f"{join_terms(terms, most)} = {number(total)}"


def sum_over_channels(sums: Sequence[Number], bias: Number | None, total: Number, most: int = 6) -> str:
    """sum over 6 channels + bias: 0.12 + (−0.41) + … + 0.05 + 0.02 = −0.31; a bias of None is left out."""
    terms = [number(sums[0]), *(factor(each) for each in sums[1:])]
    name = f"sum over {len(terms)} channels" if len(terms) > 1 else "sum"
    if bias is None:
        return (
            f"{name}: {join_terms(terms, most)} = {number(total)}"
            if len(terms) > 1
            else f"sum = {number(total)}"
        )
    return f"{name} + bias: {join_terms(terms, most)} + {factor(bias)} = {number(total)}"


def maximum_text(patch: Array, total: Number, most: int = 9) -> str:
    """max(3, 0, 1, 5) = 5; padding is −∞ and never wins."""
    return f"max({_listed(patch, most)}) = {number(total)}"


def average_text(patch: Array, total: Number, most: int = 9) -> str:
    """(3 + 0 + 1 + 5) / 4 = 2.25."""
    first, *others = patch.ravel().tolist()
    terms = [number(first), *(factor(value) for value in others)]
    return f"({join_terms(terms, most)}) / {patch.size} = {number(total)}"


def _listed(patch: Array, most: int) -> str:
    terms = [number(value) for value in patch.ravel().tolist()]
    if len(terms) > most:
        terms = [*terms[: most - 1], "…", terms[-1]]
    return ", ".join(terms)
