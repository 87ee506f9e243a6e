"""The scene of the step-by-step page: a layer's values or the worked example, and how the window slides."""

import zlib
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from cnnplay.lessons import lecture
from cnnplay.lessons.convolution import Step, convolution, convolution_step
from cnnplay.lessons.pooling import Pool, PoolStep, pooling, pooling_step
from cnnplay.lessons.sliding import Array, Number, Sliding, first_varied, pads_of
from cnnplay.network import nodes
from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Node

Operation: TypeAlias = Literal["convolution", "max", "average"]


class LayerData(msgspec.Struct, frozen=True, eq=False):
    """A layer's values: its input C × H × W, kernels (filters × C/groups × f × f) and biases."""

    maps: Array | None
    kernel: Array | None = None
    bias: Array | None = None
    origin: str = ""
    """Where the values come from: "trained weights, image 5"."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A layer to step through. `maps` are the input channels that the selected filter sees."""

    operation: Operation
    title: str
    origin: str
    maps: Array
    first_channel: int = 0
    """The index of the first of these channels in the whole input (a group sees some of them)."""
    sliding: Sliding
    filters: int
    filter: int
    kernel: Array | None = None
    bias: Number | None = None
    remarks: dict[Pair, str] = {}
    """Remarks on single output cells."""
    is_image: bool = False
    """Whether the input is an image (shown in gray) rather than feature maps."""

    @property
    def channels(self) -> int:
        """The number of channels to select from."""
        return int(self.maps.shape[0])

    def output(self, channel: int) -> Array:
        """The complete output, H' × W'."""
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
        """The step at the `index`-th position of the window."""
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

    def start(self, channel: int) -> int:
        """The position to begin at: a window with something to see rather than a uniform corner."""
        return first_varied(self.maps[channel], self.sliding)

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
    """How the window of a convolution or pooling layer slides over maps of (height, width)."""
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
    """The scene of a convolution or pooling layer with this input shape; random values for missing data."""
    operation = operation_of(node)
    assert operation is not None
    maps, origin = data.maps, [data.origin] if data.origin else []
    if maps is None or maps.shape != shape:
        maps = np.random.default_rng(_seed(node.id)).standard_normal(shape, dtype=np.float32)
        origin.append("random input")
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
            is_image=first,
        )
    group_channels = shape[0] // node.groups
    start = filter_index // max(1, node.filters // node.groups) * group_channels
    kernel, bias, is_random = _filter(node, data, group_channels, filter_index)
    if is_random:
        origin.append("random weights")
    return Scene(
        operation=operation,
        title=node.id,
        origin=", ".join(origin),
        maps=maps[start : start + group_channels],
        first_channel=start,
        sliding=sliding,
        filters=node.filters,
        filter=filter_index,
        kernel=kernel,
        bias=bias,
        is_image=first,
    )


def lecture_scene(operation: Operation, stride: int, padding: int) -> Scene:
    """The worked example, 6 × 6: with a vertical-edge filter, or pooled in windows of 2 × 2."""
    convolving = operation == "convolution"
    size = (3, 3) if convolving else (2, 2)
    return Scene(
        operation=operation,
        title="worked example 6×6",
        origin="vertical-edge filter" if convolving else f"{operation} pool 2×2",
        maps=lecture.IMAGE,
        sliding=Sliding(
            size=(6, 6), kernel=size, stride=(stride, stride), pads=pads_of((padding, padding), size)
        ),
        filters=1,
        filter=0,
        kernel=lecture.VERTICAL_EDGE if convolving else None,
        remarks=lecture.REMARKS if convolving and (stride, padding) == (1, 0) else {},
        is_image=True,
    )


def _filter(
    node: nodes.Convolution, data: LayerData, group_channels: int, index: int
) -> tuple[Array, Number | None, bool]:
    """One filter's kernel and bias, and whether they are random: uniform in ±1/√fan-in, as in torch."""
    expected = (node.filters, group_channels, *node.kernel_size)
    if data.kernel is not None and data.kernel.shape == expected:
        bias = data.bias[index].item() if node.bias and data.bias is not None else None
        return data.kernel[index], bias, False
    rng = np.random.default_rng((_seed(node.id), index))
    bound = 1 / np.sqrt(group_channels * node.kernel_size[0] * node.kernel_size[1])
    kernel = rng.uniform(-bound, bound, expected[1:]).astype(np.float32)
    return kernel, float(rng.uniform(-bound, bound)) if node.bias else None, True


def _seed(node_id: str) -> int:
    return zlib.crc32(node_id.encode())
