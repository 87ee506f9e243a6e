"""Probes: what can be read from a network, a row for each. This module imports neither torch nor numpy.

Look inside computes a row of the scope "image" while a view wants it: the function gets (module, x, node id),
with the image as x, 1 × C × H × W. Feature maps and the prediction share one forward pass and have no row.
"""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any, Literal, TypeAlias

import msgspec

Scope: TypeAlias = Literal["image", "network"]
"""What a probe reads: a module and an image, also during a run; or a network, on a machine that is free."""


class Probe(msgspec.Struct, frozen=True):
    """A probe leaves the module, the random state and a run unchanged. `compute` is "module:function"."""

    key: str
    scope: Scope
    help: str
    compute: str

    def load(self) -> Callable[..., Any]:
        """The function that computes it; imports torch."""
        found: Callable[..., Any] = resolve_name(self.compute)
        return found


_ROWS = (
    Probe(
        key="layer-time",
        scope="network",
        help="Time one batch in each layer on this machine, forward and backward.\n"
        "Pooling and activations have no multiply-adds, but move every feature map through memory.",
        compute="cnnplay.probing.layer_profile:profile_layers",
    ),
)

PROBES: dict[str, Probe] = {row.key: row for row in _ROWS}
