"""Pooling, one window position at a time: each map is pooled separately, and nothing is learned."""

from typing import Literal, TypeAlias

import msgspec
import numpy as np

from cnnplay.lessons.sliding import Array, Number, Sliding, inside, pad_maps, patch, shifted

Pool: TypeAlias = Literal["max", "average"]


class PoolStep(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The window at one position of one map."""

    row: int
    column: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    inside: Array
    """Which cells of the window are on the map, rows × columns."""
    patch: Array
    """The values under the window, rows × columns: padding is −∞ for a maximum and 0 for an average."""
    chosen: tuple[int, int] | None
    """The window's cell with the maximum (the first of several equal ones); None for an average."""
    total: Number


def pooling_step(
    maps: Array, sliding: Sliding, pool: Pool, channel: int = 0, row: int = 0, column: int = 0
) -> PoolStep:
    """The window on one channel of C × H × W at one output cell. IndexError outside the output."""
    fill: Number = -np.inf if pool == "max" else 0
    on_map = inside(sliding, row, column)
    seen = patch(maps[channel : channel + 1], sliding, row, column, fill if not on_map.all() else 0)[0]
    chosen = None
    if pool == "max":
        first = int(seen.argmax())
        chosen = (first // sliding.kernel[1], first % sliding.kernel[1])
        total = seen[chosen].item()
        if seen.dtype != maps.dtype and np.isfinite(total):
            total = maps.dtype.type(total).item()
    else:
        total = seen.mean().item()
    return PoolStep(
        row=row,
        column=column,
        rows=sliding.rows(row),
        columns=sliding.columns(column),
        inside=on_map,
        patch=seen,
        chosen=chosen,
        total=total,
    )


def pooling(maps: Array, sliding: Sliding, pool: Pool, channel: int = 0) -> Array:
    """The whole output of one channel, H' × W'. An average counts padding as zeros, as torch does."""
    one = maps[channel : channel + 1]
    kind = maps.dtype if pool == "max" and not any(sliding.pads) else np.result_type(maps, float)
    padded = pad_maps(one.astype(kind), sliding, -np.inf if pool == "max" and any(sliding.pads) else 0)
    cells = [
        shifted(padded, sliding, i, j)[0] for i in range(sliding.kernel[0]) for j in range(sliding.kernel[1])
    ]
    if not sliding.steps:
        return np.zeros(sliding.output, dtype=kind)
    total: Array = np.maximum.reduce(cells) if pool == "max" else np.add.reduce(cells) / len(cells)
    return total
