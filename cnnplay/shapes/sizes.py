"""The formulas of output sizes; one for both dimensions if they are equal."""

from collections.abc import Callable
from math import prod

from cnnplay.network import nodes
from cnnplay.network.describe import shape_text
from cnnplay.shapes.arithmetic import Shape, sides, transposed_count, window_count
from cnnplay.shapes.formula import Formula


def of_windows(
    node: nodes.Convolution | nodes.MaxPooling | nodes.AveragePooling, shape: Shape
) -> list[Formula]:
    """⌊(n + 2p − f) / s⌋ + 1, or ⌈n / s⌉ if "same" pads unevenly."""
    if len(shape) != 3 or min(*node.stride, *node.kernel_size) < 1:
        return []
    dilation = node.dilation if isinstance(node, nodes.Convolution) else (1, 1)
    padding = sides(node.padding, node.kernel_size, dilation)

    def along(axis: int, name: str) -> Formula:
        n, f, s, d = shape[axis + 1], node.kernel_size[axis], node.stride[axis], dilation[axis]
        before, after = padding[axis]
        result = window_count(n, f, s, padding[axis], d)
        if before != after:
            remark = f"same padding: {before} before, {after} after"
            return Formula(name, "⌈n / s⌉", f"⌈{n:,} / {s}⌉", f"{result:,}", remark)
        pad, pad_numbers = (" + 2p", f" + 2·{before}") if before else ("", "")
        if d > 1:
            reach, reach_numbers = "d·(f − 1) − 1", f"{d}·({f} − 1) − 1"
        else:
            reach, reach_numbers = "f", str(f)
        remark = f"same padding: p = {before}" if node.padding == "same" else ""
        if result < 1:
            remark = "the kernel does not fit"
        return Formula(
            name,
            f"⌊(n{pad} − {reach}) / s⌋ + 1",
            f"⌊({n:,}{pad_numbers} − {reach_numbers}) / {s}⌋ + 1",
            f"{result:,}".replace("-", "−"),
            remark,
        )

    return _both(along)


def of_transposed(node: nodes.TransposedConvolution, shape: Shape) -> list[Formula]:
    """(n − 1)·s − 2p + d·(f − 1) + o + 1."""
    if len(shape) != 3 or min(*node.stride, *node.kernel_size) < 1:
        return []

    def along(axis: int, name: str) -> Formula:
        n, f, s, d = shape[axis + 1], node.kernel_size[axis], node.stride[axis], node.dilation[axis]
        p, o = node.padding[axis], node.output_padding[axis]
        result = transposed_count(n, f, s, p, o, d)
        symbols = "(n − 1)·s" + (" − 2p" if p else "") + (" + d·(f − 1) + 1" if d > 1 else " + f")
        numbers = (
            f"({n:,} − 1)·{s}"
            + (f" − 2·{p}" if p else "")
            + (f" + {d}·({f} − 1) + 1" if d > 1 else f" + {f}")
        )
        if o:
            symbols, numbers = symbols + " + o", numbers + f" + {o}"
        remark = "o is the output padding" if o else ""
        return Formula(name, symbols, numbers, f"{result:,}".replace("-", "−"), remark)

    return _both(along)


def of_upsampling(node: nodes.Upsampling, shape: Shape) -> list[Formula]:
    """n · scale."""
    if len(shape) != 3:
        return []

    def along(axis: int, name: str) -> Formula:
        n, scale = shape[axis + 1], node.scale[axis]
        return Formula(name, "n · k", f"{n:,} · {scale}", f"{n * scale:,}", "k is the scale")

    return _both(along)


def of_global_average(_: nodes.GlobalAveragePooling, shape: Shape) -> list[Formula]:
    """C × 1 × 1."""
    if len(shape) != 3:
        return []
    output = shape_text((shape[0], 1, 1))
    numbers = f"{shape_text(shape)} → {output}"
    return [Formula("output", "C × H × W → C × 1 × 1", numbers, output, "the mean of each map")]


def of_flatten(_: nodes.Flatten, shape: Shape) -> list[Formula]:
    """C · H · W."""
    numbers = " · ".join(f"{size:,}" for size in shape)
    symbols = "C · H · W" if len(shape) == 3 else "n"
    return [Formula("output", symbols, numbers, f"{prod(shape):,}", "channel by channel, row by row")]


def _both(along: Callable[[int, str], Formula]) -> list[Formula]:
    height, width = along(0, "output size"), along(1, "output size")
    return [height] if height == width else [along(0, "output height"), along(1, "output width")]
