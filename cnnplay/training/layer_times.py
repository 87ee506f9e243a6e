"""Measures how long a network's layers take on this machine, forward and backward. Each distinct layer is
timed once.

A layer is timed with as few images as give a meaningful time, and the result is remembered, so that an edit
only costs the changed layers. Times measured while this program was computing something else are unreliable
and measured again next time.
"""

import threading
import time
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

import msgspec
import torch
from torch import Tensor

from cnnplay.modules.layers import layer
from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Dense, Node
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.report import NodeReport, Report
from cnnplay.training.devices import synchronize
from cnnplay.training.timing import ComputeTimer, Timing

OPERATIONS = 5e9
"""A layer is timed with enough images for this many operations, …"""
BYTES = 48 * 2**20
"""… or for feature maps of this size, whichever is fewer; at least one image."""
MAX_WEIGHTS = 8_000_000
"""A dense layer with more weights is timed with fewer units: all its weights, twice, would take too much
memory. This many still exceed the caches.
"""
REPEATS = 2
TIME_LIMIT_S = 2.0
"""The most time in seconds that one estimate may spend timing layers."""
MAX_REMEMBERED = 512


class LayerTime(NamedTuple):
    """A batch's time in a layer in seconds. `reliable`: nothing else in this program was computing."""

    node: Node
    seconds: float
    reliable: bool


_lock = threading.Lock()
"""Estimates are made in threads of their own: the window's and a dialog's."""
_remembered: dict[tuple[Node, Shape, Shape, int, bool, int], Timing] = {}


def layer_seconds(
    network: Network,
    report: Report,
    batch: int,
    threads: int,
    stop_timing: Callable[[], bool] = lambda: False,
) -> Iterator[LayerTime]:
    """The time of one batch in every layer that can be timed on the CPU. Other layers are omitted, as are
    those left when `stop_timing()` returns True.
    """
    end = time.perf_counter() + TIME_LIMIT_S
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        learns = False  # the backward pass ends at the first layer with weights
        for node in leaves(network):
            found = report.nodes[node.id]
            inner, learns = learns, learns or bool(found.parameters)
            if found.input is None or found.output is None:
                continue
            count = _image_count(found, batch)
            plain, output, share = _with_fewer_units(
                msgspec.structs.replace(node, id=""), found.input, found.output
            )
            if time.perf_counter() < end and not stop_timing():
                timing = _remembered_timing(plain, found.input, output, count, inner, threads)
                yield LayerTime(node, timing.seconds / share * batch / count, timing.reliable)
    finally:
        torch.set_num_threads(before)


def _image_count(found: NodeReport, batch: int) -> int:
    assert found.input is not None
    assert found.output is not None
    maps = 4 * (prod(found.input) + prod(found.output)) * 2
    most = min(OPERATIONS / max(1, 6 * (found.multiply_adds or 0)), BYTES / maps)
    return max(1, min(batch, int(most)))


def _with_fewer_units(node: Node, shape: Shape, output: Shape) -> tuple[Node, Shape, float]:
    """The layer to time instead of this one, its output shape, and its share of the weights."""
    if not isinstance(node, Dense) or prod(shape) * node.units <= MAX_WEIGHTS:
        return node, output, 1.0
    units = max(1, MAX_WEIGHTS // prod(shape))
    return msgspec.structs.replace(node, units=units), (units,), units / node.units


def _remembered_timing(
    node: Node, shape: Shape, output: Shape, count: int, inner: bool, threads: int
) -> Timing:
    """The shortest time ever measured; measured again until it is reliable."""
    key = (node, shape, output, count, inner, threads)
    known = _remembered.get(key)
    if known is not None and known.reliable:
        return known
    found = _time_layer(node, shape, output, count, inner)
    if known is not None:
        found = Timing(min(known.seconds, found.seconds), found.reliable)
    with _lock:
        _remembered[key] = found
        if len(_remembered) > MAX_REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return found


def _time_layer(node: Node, shape: Shape, output: Shape, count: int, inner: bool) -> Timing:
    """One pass forward and backward; `inner` layers pass a gradient on to the previous layer."""
    module = layer(node, shape, "cpu").train()
    images = torch.full((count, *shape), 0.5)
    if len(shape) == 3:
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        images = images.contiguous(memory_format=torch.channels_last)
    gradient = torch.ones((count, *output))
    if len(output) == 3:
        gradient = gradient.contiguous(memory_format=torch.channels_last)
    best = Timing(float("inf"), reliable=False)
    for _ in range(REPEATS + 1):  # the first also allocates memory and is hardly ever the shortest
        given = images.clone().requires_grad_(inner)
        best = min(best, timed_pass(module, (given,), gradient).both)
    return best


class Pass(NamedTuple):
    """One pass forward and backward: the output, and the time forward and of both."""

    output: Tensor
    forward: Timing
    both: Timing


def timed_pass(step: Callable[..., Tensor], inputs: tuple[Tensor, ...], gradient: Tensor | None) -> Pass:
    """Times a step forward and, if its output requires a gradient, backward from that output gradient (None
    for a scalar).
    """
    device = inputs[0].device
    synchronize(device)
    watch = ComputeTimer()
    result = step(*inputs)
    synchronize(device)
    forward = watch.read()
    if result.requires_grad:
        result.backward(gradient)
        synchronize(device)
    return Pass(result.detach().requires_grad_(result.requires_grad), forward, watch.read())
