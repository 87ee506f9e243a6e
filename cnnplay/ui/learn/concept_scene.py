"""What the concept page steps through: one layer's numbers, or the lecture's, and how the window slides."""

import zlib
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from cnnplay.lessons import lecture
from cnnplay.lessons.convolution import Step, convolution, convolution_step
from cnnplay.lessons.pooling import Pool, PoolStep, pooling, pooling_step
from cnnplay.lessons.sliding import Array, Number, Sliding, pads_of
from cnnplay.network import nodes
from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Node

Operation: TypeAlias = Literal["convolution", "max", "average"]


class LayerData(msgspec.Struct, frozen=True, eq=False):
    """A layer's own numbers: its input C × H × W, its kernels (filters × C/groups × f × f) and biases."""

    maps: Array | None
    kernel: Array | None = None
    bias: Array | None = None
    words: str = ""
    """Where the numbers come from: "trained weights, picture 5"."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A layer to step through. `maps` are the input's channels that the chosen filter sees."""

    operation: Operation
    title: str
    origin: str
    maps: Array
    first_channel: int = 0
    """The number of the first of these channels in the whole input (groups see a part of it)."""
    sliding: Sliding
    filters: int
    filter: int
    kernel: Array | None = None
    bias: Number | None = None
    remarks: dict[Pair, str] = {}
    """What there is to say of single output cells."""
    picture: bool = False
    """Whether the input is a picture (shown in grey) rather than feature maps."""

    @property
    def channels(self) -> int:
        """How many channels can be chosen."""
        return int(self.maps.shape[0])

    def output(self, channel: int) -> Array:
        """All results: H' × W'."""
        if self.kernel is None:
            return pooling(self.maps, self.sliding, self._pool, channel)
        return convolution(
            self.maps,
            self.kernel,
            self.bias or 0,
            stride=self.sliding.stride,
            padding=self.sliding.pads,
            dilation=self.sliding.dilation,
        )

    def step(self, channel: int, index: int) -> Step | PoolStep:
        """The window at its `index`-th position."""
        row, column = self.sliding.place(index)
        if self.kernel is None:
            return pooling_step(self.maps, self.sliding, self._pool, channel, row, column)
        return convolution_step(
            self.maps,
            self.kernel,
            self.bias or 0,
            stride=self.sliding.stride,
            padding=self.sliding.pads,
            dilation=self.sliding.dilation,
            row=row,
            column=column,
        )

    @property
    def _pool(self) -> Pool:
        return "average" if self.operation == "average" else "max"


def operation_of(node: Node | None) -> Operation | None:
    """What a layer does at each position of its window; None for layers that have no sliding window."""
    match node:
        case nodes.Convolution():
            return "convolution"
        case nodes.MaxPooling():
            return "max"
        case nodes.AveragePooling() | nodes.GlobalAveragePooling():
            return "average"
        case _:
            return None


def sliding_of(node: Node, size: Pair) -> Sliding:
    """How a convolution's or a pool's window slides over maps of (height, width)."""
    match node:
        case nodes.Convolution():
            pads, dilation = pads_of(node.padding, node.kernel_size, node.dilation), node.dilation
        case nodes.MaxPooling() | nodes.AveragePooling():
            pads, dilation = pads_of(node.padding, node.kernel_size), (1, 1)
        case _:
            return Sliding(size=size, kernel=size)
    return Sliding(size=size, kernel=node.kernel_size, stride=node.stride, pads=pads, dilation=dilation)


def layer_scene(
    node: Node, shape: tuple[int, int, int], data: LayerData, filter_index: int, first: bool
) -> Scene:
    """The scene of a convolution or a pool whose input is `shape`; made-up numbers where `data` has none."""
    operation = operation_of(node)
    assert operation is not None
    maps, origin = data.maps, [data.words] if data.words else []
    if maps is None or maps.shape != shape:
        maps = np.random.default_rng(_seed(node.id)).standard_normal(shape, dtype=np.float32)
        origin.append("made-up input")
    sliding = sliding_of(node, shape[1:])
    if not isinstance(node, nodes.Convolution):
        return Scene(
            operation=operation,
            title=node.id,
            origin=", ".join(origin),
            maps=maps,
            sliding=sliding,
            filters=1,
            filter=0,
            picture=first,
        )
    seen = shape[0] // node.groups
    start = filter_index // max(1, node.filters // node.groups) * seen
    kernel, bias, fresh = _filter(node, data, seen, filter_index)
    if fresh:
        origin.append("made-up weights")
    return Scene(
        operation=operation,
        title=node.id,
        origin=", ".join(origin),
        maps=maps[start : start + seen],
        first_channel=start,
        sliding=sliding,
        filters=node.filters,
        filter=filter_index,
        kernel=kernel,
        bias=bias,
        picture=first,
    )


def lecture_scene(operation: Operation, stride: int, padding: int) -> Scene:
    """The lecture's 6 × 6: with its vertical-edge filter, or pooled in windows of 2 × 2."""
    convolving = operation == "convolution"
    size = (3, 3) if convolving else (2, 2)
    return Scene(
        operation=operation,
        title="the lecture's 6×6",
        origin="vertical-edge filter" if convolving else f"{operation} pool 2×2",
        maps=lecture.PICTURE,
        sliding=Sliding(
            size=(6, 6), kernel=size, stride=(stride, stride), pads=pads_of((padding, padding), size)
        ),
        filters=1,
        filter=0,
        kernel=lecture.VERTICAL_EDGE if convolving else None,
        remarks=lecture.REMARKS if convolving and (stride, padding) == (1, 0) else {},
        picture=True,
    )


def _filter(
    node: nodes.Convolution, data: LayerData, seen: int, index: int
) -> tuple[Array, Number | None, bool]:
    """One filter's kernel and bias, and whether they were made up: uniform in ±1/√fan-in, as torch does."""
    expected = (node.filters, seen, *node.kernel_size)
    if data.kernel is not None and data.kernel.shape == expected:
        bias = data.bias[index].item() if node.bias and data.bias is not None else None
        return data.kernel[index], bias, False
    rng = np.random.default_rng((_seed(node.id), index))
    bound = 1 / np.sqrt(seen * node.kernel_size[0] * node.kernel_size[1])
    kernel = rng.uniform(-bound, bound, expected[1:]).astype(np.float32)
    return kernel, float(rng.uniform(-bound, bound)) if node.bias else None, True


def _seed(node_id: str) -> int:
    return zlib.crc32(node_id.encode())
