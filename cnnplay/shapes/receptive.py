"""Receptive fields: which pixels of the image an output sees (Araujo, Norris & Sim, "Computing receptive
fields", 2019).

Along each dimension a `Span` holds the first and the last pixel that the first output sees, counted from 0
(negative in the padding), and the jump: by how many pixels that window moves from one output to the next.
Until maps are enlarged, the numbers are integers and the windows exact.

After that the numbers are exact fractions. The windows move in equal steps, but what the outputs see does
not: it may be off the window's center to either side, and these offsets add up over several enlarging layers.
Rounding to whole pixels covers half a pixel of the offset; anything more makes the windows larger. They
contain everything that an output sees, and for most outputs more than that.
"""

from fractions import Fraction
from math import ceil
from typing import NamedTuple, TypeAlias

from cnnplay.network.fields import Pair
from cnnplay.shapes.arithmetic import effective_kernel
from cnnplay.shapes.report import ReceptiveField

Rational: TypeAlias = int | Fraction


class Span(NamedTuple):
    """The first and last pixel that the first output sees along one dimension, and the step to the next
    output's. After enlarged maps some outputs see up to `slack` pixels more at either end."""

    first: Rational
    last: Rational
    jump: Rational
    slack: Rational = 0


Spans: TypeAlias = tuple[Span, Span]
"""Down and across."""


def pixels() -> Spans:
    """The spans of the image itself: each pixel sees itself."""
    return Span(0, 0, 1), Span(0, 0, 1)


def full_image(image: Pair) -> Spans:
    """The whole image, seen by every output (jump 0), as after global pooling and dense layers."""
    return Span(0, image[0] - 1, 0), Span(0, image[1] - 1, 0)


def through_window(span: Span, kernel: int, stride: int, before: int, dilation: int = 1) -> Span:
    """After a sliding window: the first one starts `before` values outside and covers d·(f − 1) + 1."""
    first = span.first - before * span.jump
    last = span.last + (effective_kernel(kernel, dilation) - 1 - before) * span.jump
    return Span(first, last, span.jump * stride, span.slack)


def through_transposed(span: Span, kernel: int, stride: int, padding: int, dilation: int = 1) -> Span:
    """After a transposed convolution: ⌊d·(f − 1) / s⌋ + 1 inputs reach an output, and adjacent inputs are s
    outputs apart."""
    jump = Fraction(span.jump) / stride
    center = (padding - Fraction(dilation * (kernel - 1), 2)) * jump
    whole, rest = divmod(dilation * (kernel - 1), stride)
    half = Fraction(whole, 2) * span.jump
    slack = (
        span.slack + Fraction(rest, 2) * jump
    )  # outputs between two inputs see sometimes more, sometimes less
    return _covering(span.first + center - half, span.last + center + half, jump, slack)


def through_upsampling(span: Span, scale: int, bilinear: bool) -> Span:
    """After upsampling: the nearest pixel is repeated, or two along each dimension are interpolated.

    A repeated pixel is up to (jump before − jump) / 2 off its window's center, and so are the two that are
    interpolated.
    """
    if scale == 1:
        return span
    jump = Fraction(span.jump) / scale
    shift = (jump - span.jump) / 2
    half = Fraction(span.jump, 2) if bilinear else Fraction(0)
    return _covering(span.first + shift - half, span.last + shift + half, jump, span.slack - shift)


def _covering(first: Rational, last: Rational, jump: Rational, slack: Rational) -> Span:
    """A window large enough that no output sees more than half a pixel outside it."""
    over = max(Fraction(0), slack - Fraction(1, 2))
    return Span(first - over, last + over, jump, slack - over)


def union(fields: list[Spans], outputs: Pair) -> Spans:
    """What a merge with `outputs` (down, across) sees: everything that any of its inputs sees.

    If the inputs' windows move in different steps, the windows are large enough for every output.
    """
    down, across = (
        _union(spans, count) for spans, count in zip(zip(*fields, strict=True), outputs, strict=True)
    )
    return down, across


def _union(spans: tuple[Span, ...], outputs: int) -> Span:
    jump = max(span.jump for span in spans)
    last_output = max(outputs - 1, 0)
    first = min(span.first - last_output * (jump - span.jump) for span in spans)
    return Span(first, max(span.last for span in spans), jump, max(span.slack for span in spans))


def summary(spans: Spans) -> ReceptiveField:
    """The same as size, jump and center."""
    down, across = spans
    return ReceptiveField(
        size=(_size(down), _size(across)),
        jump=(float(down.jump), float(across.jump)),
        start=(float(down.first + down.last) / 2, float(across.first + across.last) / 2),
        exact=not (down.slack or across.slack),
    )


def _size(span: Span) -> int:
    return ceil(span.last - span.first) + 1
