"""How long the layers of a network take on this machine, forward and backward: each kind is tried once.

A layer is tried with as few pictures as say something, and what was found is remembered, so that an edit
costs the changed layers alone. What was found while the program itself computed something else is doubtful:
it is tried again the next time.
"""

import threading
import time
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

import msgspec
import torch

from cnnplay.modules.layers import layer
from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Dense, Node
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.report import NodeReport, Report
from cnnplay.training.tries import Tried, Watch

OPERATIONS = 5e9
"""A layer is tried with so many pictures that this many operations are needed, …"""
BYTES = 48 * 2**20
"""… or that its maps take so much, whichever are fewer: one picture at least."""
MOST_WEIGHTS = 8_000_000
"""A dense layer with more is tried with fewer units: all its weights, twice, would take too much memory. So
many are still more than caches hold."""
TRIES = 2
PATIENCE = 2.0
"""Seconds that the tries for one forecast may take in all."""
MOST_REMEMBERED = 512


class Time(NamedTuple):
    """What a batch takes in a layer, in seconds. `sure`: nothing else of this program computed meanwhile."""

    node: Node
    seconds: float
    sure: bool


_lock = threading.Lock()
"""The window's forecast and that of a dialog are made in threads of their own."""
_remembered: dict[tuple[Node, Shape, Shape, int, bool, int], Tried] = {}


def layer_seconds(
    network: Network, report: Report, batch: int, threads: int, enough: Callable[[], bool] = lambda: False
) -> Iterator[Time]:
    """Every leaf that could be tried on the CPU, and what a batch takes in it. The others are left out: those
    too that are left when there is `enough`."""
    end = time.perf_counter() + PATIENCE
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        learns = False  # the gradient goes no farther back than the first weights
        for node in leaves(network):
            found = report.nodes[node.id]
            inner, learns = learns, learns or bool(found.parameters)
            if found.input is None or found.output is None:
                continue
            count = _pictures(found, batch)
            plain, output, share = _narrowed(msgspec.structs.replace(node, id=""), found.input, found.output)
            if time.perf_counter() < end and not enough():
                tried = _tried(plain, found.input, output, count, inner, threads)
                yield Time(node, tried.seconds / share * batch / count, tried.sure)
    finally:
        torch.set_num_threads(before)


def _pictures(found: NodeReport, batch: int) -> int:
    assert found.input is not None
    assert found.output is not None
    maps = 4 * (prod(found.input) + prod(found.output)) * 2
    most = min(OPERATIONS / max(1, 6 * (found.multiply_adds or 0)), BYTES / maps)
    return max(1, min(batch, int(most)))


def _narrowed(node: Node, shape: Shape, output: Shape) -> tuple[Node, Shape, float]:
    """The layer to try for this one, its output, and which share of the weights it has."""
    if not isinstance(node, Dense) or prod(shape) * node.units <= MOST_WEIGHTS:
        return node, output, 1.0
    units = max(1, MOST_WEIGHTS // prod(shape))
    return msgspec.structs.replace(node, units=units), (units,), units / node.units


def _tried(node: Node, shape: Shape, output: Shape, count: int, inner: bool, threads: int) -> Tried:
    """The shortest that was ever found; tried anew until it is sure."""
    key = (node, shape, output, count, inner, threads)
    known = _remembered.get(key)
    if known is not None and known.sure:
        return known
    found = _try(node, shape, output, count, inner)
    if known is not None:
        found = Tried(min(known.seconds, found.seconds), found.sure)
    with _lock:
        _remembered[key] = found
        if len(_remembered) > MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return found


def _try(node: Node, shape: Shape, output: Shape, count: int, inner: bool) -> Tried:
    """One pass forward and backward; `inner` layers give a gradient on to the one before."""
    module = layer(node, shape, "cpu").train()
    pictures = torch.full((count, *shape), 0.5)
    if len(shape) == 3:
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    gradient = torch.ones((count, *output))
    if len(output) == 3:
        gradient = gradient.contiguous(memory_format=torch.channels_last)
    best = Tried(float("inf"), sure=False)
    for _ in range(TRIES + 1):  # the first also sets memory up, and is hardly ever the shortest
        given = pictures.clone().requires_grad_(inner)
        watch = Watch()
        result = module(given)
        if result.requires_grad:
            result.backward(gradient)
        best = min(best, watch.read())
    return best
