"""Ids as Python attribute names: ``conv-2`` becomes ``conv_2``."""

import keyword

from torch import nn

from cnnplay.network.network import Network, leaves


def attribute_names(network: Network) -> dict[str, str]:
    """A Python name for each leaf's id, in order: unique, and not an attribute of torch.nn.Module."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for node in leaves(network):
        name = node.id.replace("-", "_")
        while name in taken or keyword.iskeyword(name) or hasattr(_EMPTY, name):
            name += "_"
        taken.add(name)
        names[node.id] = name
    return names


_EMPTY = nn.Module()
