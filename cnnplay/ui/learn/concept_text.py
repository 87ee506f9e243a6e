"""One step of the window as lines of text."""

import msgspec

from cnnplay.lessons.convolution import Step
from cnnplay.lessons.pooling import PoolStep
from cnnplay.lessons.sliding import Number
from cnnplay.lessons.text import (
    average_text,
    convolution_text,
    factor,
    join_terms,
    maximum_text,
    number,
    products_by_row,
    sum_over_channels,
)
from cnnplay.ui.learn.concept_scene import Scene

WRITTEN_OUT = 6
"""Kernels up to this many rows and columns are written out completely."""


class StepText(msgspec.Struct, frozen=True, kw_only=True):
    """The arithmetic of one step. `rows` is empty where the window is too large to write out."""

    rows: tuple[tuple[str, ...], ...] = ()
    """The products, by rows of the window."""
    row_sums: tuple[str, ...] = ()
    rows_line: str = ""
    """The sum of the rows: 2 + (−7) + 0 = −5."""
    line: str
    """The same on one line, shortened: 3·1 + 0·0 + … = −5."""
    short_line: str
    """An even shorter one, for a narrow page."""
    summary: str
    """How the output is computed: the sum over channels and the bias; or the pooling operation."""
    short_summary: str
    """The same for a narrow page."""
    result: str


def step_text(scene: Scene, step: Step | PoolStep, channel: int) -> StepText:
    """The arithmetic of a step in one channel, and its result."""
    if isinstance(step, PoolStep):
        return _pool(scene, step)
    assert scene.kernel is not None
    products, kernel = step.products[channel], scene.kernel[channel]
    small = max(kernel.shape) <= WRITTEN_OUT
    totals = products.sum(axis=1).tolist() if small else []
    remark = scene.remarks.get((step.row, step.column), "")
    summary = sum_over_channels(step.sums.tolist(), scene.bias, step.total)
    return StepText(
        rows=products_by_row(step.patch[channel], kernel) if small else (),
        row_sums=tuple(number(total) for total in totals),
        rows_line=_rows_line(totals, step, channel),
        line=convolution_text(step.patch[channel], kernel, step.sums[channel].item()),
        short_line=convolution_text(step.patch[channel], kernel, step.sums[channel].item(), most=3),
        summary=f"{summary} ({remark})" if remark else summary,
        short_summary=sum_over_channels(step.sums.tolist(), scene.bias, step.total, most=2),
        result=number(step.total),
    )


def _rows_line(totals: list[Number], step: Step, channel: int) -> str:
    """2 + (−7) + 0 = −5, with the channel's number where there are several."""
    if not totals:
        return ""
    terms = join_terms([number(totals[0]), *(factor(total) for total in totals[1:])])
    name = f"channel {channel + 1}: " if len(step.sums) > 1 else ""
    return f"{name}{terms} = {number(step.sums[channel].item())}"


def _pool(scene: Scene, step: PoolStep) -> StepText:
    describe = maximum_text if step.chosen is not None else average_text
    if step.chosen is not None:
        row, column = step.rows[step.chosen[0]] + 1, step.columns[step.chosen[1]] + 1
        summary = f"the largest of {step.patch.size} numbers: row {row}, column {column} of the input"
        if not step.inside[step.chosen]:
            summary = "the window covers only padding"
    else:
        summary = f"the mean of {step.patch.size} numbers"
        if not step.inside.all():
            summary += ", including the zeros of the padding"
    return StepText(
        line=describe(step.patch, step.total, most=16),
        short_line=describe(step.patch, step.total, most=4),
        summary=summary,
        short_summary=summary,
        result=number(step.total),
    )
