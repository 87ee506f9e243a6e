"""The learned kernels of a convolution as an array."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cnnplay.network import nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, find


class ProbeError(ValueError):
    """Something that cannot be probed; the message, for people, says why."""


def filters(
    source: nn.Module | Mapping[str, torch.Tensor], network: Network, node_id: str
) -> npt.NDArray[np.float32]:
    """A copy of a convolution's kernels: (filters, input channels per group, height, width).

    Those of a transposed convolution are transposed to the same order. KeyError for an unknown id, ProbeError
    for a node without kernels or without weights in `source`.
    """
    node = find(network, node_id)
    if not kind_of(node).has_kernels:
        raise ProbeError(f"{node_id} has no filters: it is not a convolution")
    weight = _weight(source, node_id)
    if weight is None:
        raise ProbeError(f"{node_id} has no weights yet")
    array = weight.detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
    if isinstance(node, nodes.TransposedConvolution):
        # torch stores (in, out / groups, …): transpose each group to (out / groups, in / groups, …).
        inputs, outputs, height, width = array.shape
        grouped = array.reshape(node.groups, inputs // node.groups, outputs, height, width)
        array = grouped.swapaxes(1, 2).reshape(-1, inputs // node.groups, height, width)
    return np.ascontiguousarray(array, dtype=np.float32)


def _weight(source: nn.Module | Mapping[str, torch.Tensor], node_id: str) -> torch.Tensor | None:
    if isinstance(source, Mapping):
        return source.get(f"{node_id}.weight")
    layer = source._modules.get(node_id)
    weight = getattr(layer, "weight", None)
    return weight if isinstance(weight, torch.Tensor) else None
