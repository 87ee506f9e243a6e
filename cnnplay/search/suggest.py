"""A suggested range for a field around its current value: what one would try by hand."""

from typing import Any

from cnnplay.network.fields import FieldInfo
from cnnplay.search.space import Choices, Entry, Range

USUAL: dict[str, Range] = {
    "weight_decay": Range(1e-6, 1e-2, log=True),
    "momentum": Range(0.8, 0.99),
    "warmup": Range(0.0, 3.0),
    "step_factor": Range(0.1, 0.9),
    "averaging": Range(0.0, 0.5),
    "early_stopping": Range(0, 5),
    "label_smoothing": Range(0.0, 0.2),
    "gradient_clipping": Range(0.1, 10.0, log=True),
    "shift": Range(0, 4),
    "rotate": Range(0.0, 20.0),
    "crop": Range(0.0, 0.3),
    "colour": Range(0.0, 0.4),
    "erase": Range(0.0, 0.5),
    "mixup": Range(0.0, 0.4),
    "seed": Range(0, 9),
    "p": Range(0.0, 0.6),
    "stride": Range(1, 2),
    "dilation": Range(1, 2),
    "groups": Range(1, 2),
}
"""Usual ranges, whatever the current value."""


def suggested(field: FieldInfo, value: Any) -> Entry:
    """A range or choices that include the current value, within the field's limits."""
    match field.type:
        case "flag":
            return Choices((False, True))
        case "choice" | "padding":
            return Choices(field.choices)
    number = max(value) if isinstance(value, tuple) else value
    number = 0 if number is None else number
    return _within(field, _around(field, number))


def _around(field: FieldInfo, number: float) -> Range:
    usual = USUAL.get(field.name)
    if usual is not None:
        low, high = min(usual.low, number), max(usual.high, number)
        return Range(usual.low if usual.log and low <= 0 else low, high, usual.log)
    if field.name == "kernel_size":
        return Range(max(1, number - 2), number + 2, step=2)
    if field.type == "number":
        # A factor of ten to each side, log-uniform: what matters in a rate is its order of magnitude.
        return Range(number / 10, number * 10, log=True) if number > 0 else Range(0.0, 1.0)
    if number < 2:
        return Range(number, number + 4)
    return Range(max(1, number // 2), number * 2, log=number >= 8)


def _within(field: FieldInfo, found: Range) -> Range:
    low, high = found.low, found.high
    if field.minimum is not None and not field.exclusive:
        low = max(low, field.minimum)
    if field.maximum is not None:
        high = min(high, field.maximum)
    if field.type != "number":
        low, high = int(low), int(high)
    return Range(low, high, found.log, found.step)
