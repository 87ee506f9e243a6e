"""One probe of a network with one image: the request, and the result.

The same function probes the module in training, between two batches, and a module built from stored
weights. It costs one forward pass of one image, and copies of what was requested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cnnplay.network.network import Network
from cnnplay.probing.probes import PROBES
from cnnplay.ui.data.input_image import InputImage
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
"""The number of a layer's maps that the strip on its card shows."""
STRIP_PIXELS = 28
"""The largest side of a map in a strip, in values: larger maps are shrunk."""


@dataclass(frozen=True, eq=False)
class ProbeRequest:
    """What the visible views need. There is a new object whenever that changes: compared by `is`."""

    image: InputImage | None = None
    selected: str = ""
    """The selected node; the probed network decides what is shown for it."""
    activated: bool = True
    """Whether maps are shown after the activation that follows their node."""
    parts: frozenset[str] = frozenset()
    """maps, filters, strips, prediction, and keys of probes."""

    @property
    def forward(self) -> bool:
        """Whether a forward pass is needed."""
        return self.image is not None and bool(self.parts - {"filters"})

    def same(self, other: ProbeRequest) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__)

    @property
    def empty(self) -> bool:
        return not (self.forward or "filters" in self.parts)


@dataclass(frozen=True, eq=False)
class Maps:
    """A node's output for the image: C × H × W, or N numbers. `limits` is the range of the color scale."""

    node: str
    shown: Shown
    values: Floats
    limits: tuple[float, float]
    bounded: bool
    """Whether `limits` is the activation's range, not that of the values."""


@dataclass(frozen=True, eq=False)
class Filters:
    """A convolution's kernels, out × in × h × w, with the largest magnitude and each filter's norm (L2)."""

    node: str
    values: Floats
    limit: float
    norms: Floats
    color: bool
    """Whether they read the image's red, green and blue, so that they can be shown in color."""
    dense: bool = False
    """Whether they are a dense layer's weights: filters as large as their input."""


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """A part that was not requested, or that the network does not have, is None or empty."""

    request: ProbeRequest
    network: Network
    step: int = 0
    epoch: int = 0
    input: Floats | None = None
    """The network's input after preprocessing: C × H × W, normalized."""
    polarity: str = ""
    """How the image differs in brightness from the preprocessing's; "" if it does not."""
    probabilities: Floats | None = None
    maps: Maps | None = None
    filters: Filters | None = None
    strips: dict[str, Floats] = field(default_factory=dict)
    """By convolution: n × h × w fractions of the color scale."""
    others: dict[str, Any] = field(default_factory=dict)
    """What the requested probes returned, by key."""

    def has(self, part: str) -> bool:
        """Whether there is something of that part: maps, filters, prediction, strips or others."""
        value = getattr(self, "probabilities" if part == "prediction" else part)
        return bool(value) if isinstance(value, dict) else value is not None


def probe(
    module: NetworkModule, request: ProbeRequest, preprocessing: Preprocessing, step: int = 0, epoch: int = 0
) -> ProbeResult:
    """Probes a module, and leaves it unchanged. DataError if the image cannot become the network's input."""
    from cnnplay.data.fitting import to_input
    from cnnplay.data.polarity import mean_of, polarity_text
    from cnnplay.probing.maps import capture_activations

    network = module.network
    kernels = filters_node(network, request.selected) if "filters" in request.parts else ""
    filters = filters_of(module, kernels) if kernels else None
    if not request.forward or request.image is None:
        return ProbeResult(request, network, step, epoch, filters=filters)
    stripped = kernel_nodes(network) if "strips" in request.parts else ()
    cards = {node: shown_output(network, node).id for node in stripped}
    node = maps_node(network, request.selected) if "maps" in request.parts else ""
    shown = shown_output(network, node, request.activated) if node else None
    wanted = {*cards.values(), *([shown.id] if shown else [])}
    x = to_input(request.image.pixels, preprocessing)
    seen = capture_activations(module, x, wanted)
    return ProbeResult(
        request=request,
        network=network,
        step=step,
        epoch=epoch,
        input=x[0],
        polarity=polarity_text(mean_of(x, preprocessing), preprocessing),
        probabilities=seen.probabilities[0],
        maps=_maps(network, node, shown, seen.maps[shown.id][0]) if shown else None,
        filters=filters,
        strips={
            card: strip(seen.maps[after][0], bounds(network, after))
            for card, after in cards.items()
            if seen.maps[after].ndim == 4 and seen.maps[after][0, 0].size > 1
        },
        others={
            key: PROBES[key].load()(module, x, request.selected)
            for key in request.parts & PROBES.keys()
            if PROBES[key].scope == "image"
        },
    )


def filters_of(module: NetworkModule, node_id: str) -> Filters:
    """The kernels of a convolution; for a dense layer, its weights as kernels as large as its input."""
    from cnnplay.probing.filters import filters

    size = input_size(module.network, node_id)
    if size is None:
        values = filters(module, module.network, node_id)
    else:
        weight = module.get_parameter(f"{node_id}.weight").detach()
        values = weight.to("cpu", copy=True).float().numpy().reshape(-1, *size)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    reads_image = values.shape[1] == 3 == module.network.input.channels
    return Filters(
        node=node_id,
        values=values,
        limit=float(np.abs(finite).max(initial=0.0)),
        norms=np.sqrt((values.astype(np.float64) ** 2).sum(axis=(1, 2, 3))).astype(np.float32),
        color=reads_image and kernel_nodes(module.network)[:1] == (node_id,),
        dense=size is not None,
    )


def strip(maps: Floats, limits: tuple[float, float] | None) -> Floats:
    """The first maps of C × H × W, shrunk, as fractions between the limits (None: those of the values)."""
    few = maps[:STRIP_MAPS]
    height, width = few.shape[1:]
    side = tile_size((height, width), STRIP_PIXELS) if max(height, width) > STRIP_PIXELS else (height, width)
    small = np.asarray(scale_values(few, side), np.float32)
    low, high = limits or found_limits(small)
    return np.asarray(np.clip((small - low) / (high - low), 0, 1), np.float32)


def found_limits(values: Floats) -> tuple[float, float]:
    """(smallest, largest) finite value; never equal, and from 0 if no value is negative (after a ReLU)."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    low = min(low, 0.0) if low >= 0 else low
    return (low, high) if high > low else (low, low + 1.0)


def _maps(network: Network, node: str, shown: Shown, values: Floats) -> Maps:
    limits = bounds(network, shown.id)
    return Maps(node, shown, values, limits or found_limits(values), limits is not None)
