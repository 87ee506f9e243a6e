"""One look into a network with one picture: what is wished for, and what was seen.

The same function looks into the module that is being trained, between two batches, and into one that was
built from stored weights. It costs one forward pass of one picture, and copies of what is wished for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cnnplay.network.network import Network
from cnnplay.ui.data.pictures import Picture
from cnnplay.ui.kit.tiling import scale_values, tile_size
from cnnplay.ui.look.layers import (
    Shown,
    bounds,
    filters_node,
    input_size,
    kernel_nodes,
    maps_node,
    shown_output,
)

if TYPE_CHECKING:
    from cnnplay.modules.module import NetworkModule
    from cnnplay.spec.preprocessing import Preprocessing

Floats = npt.NDArray[np.float32]

STRIP_MAPS = 8
"""A card's strip shows the first of a layer's maps …"""
STRIP_PIXELS = 28
"""… each shrunk to at most this many values a side."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What the visible views want to see. Made anew whenever that changes: compared by `is`."""

    picture: Picture | None = None
    selected: str = ""
    """The node that is selected; what is shown for it is decided by the network that is looked into."""
    activated: bool = True
    """Whether maps are shown after the activation behind their node."""
    maps: bool = False
    filters: bool = False
    strips: bool = False
    prediction: bool = False

    @property
    def forward(self) -> bool:
        """Whether a forward pass is needed."""
        return self.picture is not None and (self.maps or self.strips or self.prediction)

    def same(self, other: Wish) -> bool:
        """Whether both ask for the same."""
        return all(getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__)

    @property
    def empty(self) -> bool:
        return not (self.forward or self.filters)


@dataclass(frozen=True, eq=False)
class Maps:
    """A node's output for the picture: C × H × W, or N numbers. `limits` is the range of its colours."""

    node: str
    shown: Shown
    values: Floats
    limits: tuple[float, float]
    bounded: bool
    """Whether `limits` is what the activation allows, not what was found."""


@dataclass(frozen=True, eq=False)
class Filters:
    """A convolution's kernels, out × in × h × w, with the largest magnitude and each filter's norm."""

    node: str
    values: Floats
    limit: float
    norms: Floats
    color: bool
    """Whether they read the picture's red, green and blue, so that they may be shown in colour."""
    dense: bool = False
    """Whether they are a dense layer's weights: filters as large as their input."""


@dataclass(frozen=True, eq=False)
class Glance:
    """What was seen. A part that was not wished for, or that the network does not have, is None or empty."""

    wish: Wish
    network: Network
    step: int = 0
    epoch: int = 0
    input: Floats | None = None
    """What the network saw of the picture: C × H × W, normalised."""
    probabilities: Floats | None = None
    maps: Maps | None = None
    filters: Filters | None = None
    strips: dict[str, Floats] = field(default_factory=dict)
    """By convolution n × h × w fractions of the colour scale."""

    def has(self, part: str) -> bool:
        """Whether something of that part was seen: maps, filters, prediction or strips."""
        value = getattr(self, "probabilities" if part == "prediction" else part)
        return bool(value) if part == "strips" else value is not None


def glance(
    module: NetworkModule, wish: Wish, preprocessing: Preprocessing, step: int = 0, epoch: int = 0
) -> Glance:
    """Looks. The module is left as it was. DataError where the picture cannot become the network's input."""
    from cnnplay.data.fitting import to_input
    from cnnplay.probing.maps import capture_activations

    network = module.network
    kernels = filters_node(network, wish.selected) if wish.filters else ""
    filters = filters_of(module, kernels) if kernels else None
    if not wish.forward or wish.picture is None:
        return Glance(wish, network, step, epoch, filters=filters)
    cards = {node: shown_output(network, node).id for node in kernel_nodes(network)} if wish.strips else {}
    node = maps_node(network, wish.selected) if wish.maps else ""
    shown = shown_output(network, node, wish.activated) if node else None
    wanted = {*cards.values(), *([shown.id] if shown else [])}
    x = to_input(wish.picture.pixels, preprocessing)
    seen = capture_activations(module, x, wanted)
    return Glance(
        wish=wish,
        network=network,
        step=step,
        epoch=epoch,
        input=x[0],
        probabilities=seen.probabilities[0],
        maps=_maps(network, node, shown, seen.maps[shown.id][0]) if shown else None,
        filters=filters,
        strips={
            card: strip(seen.maps[after][0], bounds(network, after))
            for card, after in cards.items()
            if seen.maps[after].ndim == 4 and seen.maps[after][0, 0].size > 1
        },
    )


def filters_of(module: NetworkModule, node_id: str) -> Filters:
    """The kernels of a convolution; a dense layer's weights as kernels as large as its input."""
    from cnnplay.probing.filters import filters

    size = input_size(module.network, node_id)
    if size is None:
        values = filters(module, module.network, node_id)
    else:
        weight = module.get_parameter(f"{node_id}.weight").detach()
        values = weight.to("cpu", copy=True).float().numpy().reshape(-1, *size)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    reads_picture = values.shape[1] == 3 == module.network.input.channels
    return Filters(
        node=node_id,
        values=values,
        limit=float(np.abs(finite).max(initial=0.0)),
        norms=np.sqrt((values.astype(np.float64) ** 2).sum(axis=(1, 2, 3))).astype(np.float32),
        color=reads_picture and kernel_nodes(module.network)[:1] == (node_id,),
        dense=size is not None,
    )


def strip(maps: Floats, limits: tuple[float, float] | None) -> Floats:
    """The first maps of C × H × W, small, as fractions between the limits (found in them where None)."""
    few = maps[:STRIP_MAPS]
    height, width = few.shape[1:]
    side = tile_size((height, width), STRIP_PIXELS) if max(height, width) > STRIP_PIXELS else (height, width)
    small = np.asarray(scale_values(few, side), np.float32)
    low, high = limits or found_limits(small)
    return np.asarray(np.clip((small - low) / (high - low), 0, 1), np.float32)


def found_limits(values: Floats) -> tuple[float, float]:
    """(smallest, largest) finite value; never empty, and from 0 where nothing is below it (after a ReLU)."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    low = min(low, 0.0) if low >= 0 else low
    return (low, high) if high > low else (low, low + 1.0)


def _maps(network: Network, node: str, shown: Shown, values: Floats) -> Maps:
    limits = bounds(network, shown.id)
    return Maps(node, shown, values, limits or found_limits(values), limits is not None)
