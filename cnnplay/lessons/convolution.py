"""A convolution, one window position at a time, with every product and sum.

As in torch and in the lecture the kernel is not flipped:
z(r, c) = b + Σ kernel(k, i, j) · input(k, r·s + d·i − p, c·s + d·j − p).
"""

import msgspec
import numpy as np

from cnnplay.lessons.sliding import Array, Number, Sliding, inside, pad_maps, patch, shifted


class Step(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The window at one position. Arrays are channels × rows × columns of the window."""

    row: int
    column: int
    rows: tuple[int, ...]
    """The input rows under the window; outside the map for padding."""
    columns: tuple[int, ...]
    inside: Array
    """Which cells of the window are on the map, rows × columns."""
    patch: Array
    products: Array
    sums: Array
    """The sum of the products per channel."""
    bias: Number
    total: Number
    """The sums plus the bias: the output at this position."""


def sliding_of(
    maps: Array, kernel: Array, stride: tuple[int, int], padding: tuple[int, ...], dilation: tuple[int, int]
) -> Sliding:
    """How a kernel C × f × f slides over maps C × H × W; `padding` is (rows, columns) or all four sides."""
    if maps.ndim != 3 or kernel.ndim != 3 or maps.shape[0] != kernel.shape[0]:
        raise ValueError(
            f"input and kernel must be C × H × W with equal channels; got {maps.shape} and {kernel.shape}"
        )
    pads = padding if len(padding) == 4 else (padding[0], padding[0], padding[1], padding[1])
    return Sliding(
        size=(maps.shape[1], maps.shape[2]),
        kernel=(kernel.shape[1], kernel.shape[2]),
        stride=stride,
        pads=(pads[0], pads[1], pads[2], pads[3]),
        dilation=dilation,
    )


def convolution_step(
    maps: Array,
    kernel: Array,
    bias: Number = 0,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, ...] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    row: int = 0,
    column: int = 0,
) -> Step:
    """The window of a kernel C × f × f on maps C × H × W at an output cell. IndexError if there is none."""
    sliding = sliding_of(maps, kernel, stride, padding, dilation)
    seen = patch(maps, sliding, row, column)
    products = seen * kernel
    sums = products.sum(axis=(1, 2))
    return Step(
        row=row,
        column=column,
        rows=sliding.rows(row),
        columns=sliding.columns(column),
        inside=inside(sliding, row, column),
        patch=seen,
        products=products,
        sums=sums,
        bias=bias,
        total=sums.sum().item() + bias,
    )


def convolution(
    maps: Array,
    kernel: Array,
    bias: Number = 0,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, ...] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """The whole output of one filter, H' × W'.

    Instead of visiting every position it visits every kernel cell and adds its products to all positions at
    once: the same sum in another order.
    """
    sliding = sliding_of(maps, kernel, stride, padding, dilation)
    padded = pad_maps(maps, sliding)
    total = np.full(sliding.output, bias, dtype=np.result_type(maps, kernel, type(bias)))
    if total.size == 0:
        return total
    flat = padded.reshape(len(padded), -1)
    for i in range(sliding.kernel[0]):
        # One kernel row: each of its cells times every pixel, summed over the channels.
        met = (kernel[:, i, :].T @ flat).reshape(-1, *padded.shape[1:])
        for j in range(sliding.kernel[1]):
            total += shifted(met[j : j + 1], sliding, i, j)[0]
    return total
