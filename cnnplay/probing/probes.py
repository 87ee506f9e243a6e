"""What can be read from a network: one row for each probe. This module imports neither torch nor numpy."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any, Literal, TypeAlias

import msgspec

Scope: TypeAlias = Literal["image", "layer", "network"]
"""What one result describes."""
When: TypeAlias = Literal["live", "never during a run"]
"""Whether a run may be probed between two batches, or must have the machine to itself."""


class Probe(msgspec.Struct, frozen=True):
    """A probe leaves the module, the random state and a run unchanged. `compute` is "module:function"."""

    key: str
    title: str
    help: str
    scope: Scope
    when: When
    compute: str

    def load(self) -> Callable[..., Any]:
        """The function that computes it; imports torch."""
        found: Callable[..., Any] = resolve_name(self.compute)
        return found


_ROWS = (
    Probe(
        key="feature-maps",
        title="Feature maps",
        help="What a layer computes for an image.",
        scope="layer",
        when="live",
        compute="cnnplay.probing.maps:capture_activations",
    ),
    Probe(
        key="filters",
        title="Filters",
        help="The learned kernels of a convolution.",
        scope="layer",
        when="live",
        compute="cnnplay.probing.filters:filters",
    ),
    Probe(
        key="prediction",
        title="Prediction",
        help="The class probabilities of an image.",
        scope="image",
        when="live",
        compute="cnnplay.probing.maps:predict",
    ),
    Probe(
        key="layer-time",
        title="Time per layer",
        help="Time one batch in each layer on this machine, forward and backward.\n"
        "Pooling and activations have no multiply-adds, but move every feature map through memory.",
        scope="network",
        when="never during a run",
        compute="cnnplay.probing.layer_profile:profile_layers",
    ),
)

PROBES: dict[str, Probe] = {row.key: row for row in _ROWS}
