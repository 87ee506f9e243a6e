"""The table of layer kinds: the palette, ids and the manual read its rows."""

from typing import Literal, TypeAlias

import msgspec

from cnnplay.network import nodes
from cnnplay.network.nodes import Node

Family: TypeAlias = Literal["convolution", "pooling", "normalisation", "activation", "dense", "structure"]


class Kind(msgspec.Struct, frozen=True):
    """A layer kind: its tag in files, class, title in the palette, name on a card, id prefix and family."""

    tag: str
    type: type[nodes.Base]
    title: str
    name: str
    prefix: str
    family: Family
    aliases: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        return (self.type.__doc__ or "").strip()


KINDS: tuple[Kind, ...] = (
    Kind("conv", nodes.Convolution, "Convolution", "convolution", "conv", "convolution", ("conv2d",)),
    Kind(
        "transposed-conv",
        nodes.TransposedConvolution,
        "Transposed conv",
        "transposed convolution",
        "transposed-conv",
        "convolution",
        ("deconvolution",),
    ),
    Kind("upsample", nodes.Upsampling, "Upsampling", "upsampling", "upsample", "convolution", ("resize",)),
    Kind("max-pool", nodes.MaxPooling, "Max pool", "max pool", "max-pool", "pooling"),
    Kind("avg-pool", nodes.AveragePooling, "Average pool", "average pool", "avg-pool", "pooling", ("mean",)),
    Kind(
        "global-avg-pool",
        nodes.GlobalAveragePooling,
        "Global average pooling",
        "global average pool",
        "global-avg-pool",
        "pooling",
        ("gap",),
    ),
    Kind(
        "batch-norm",
        nodes.BatchNormalisation,
        "Batch norm",
        "batch norm",
        "batch-norm",
        "normalisation",
        ("bn",),
    ),
    Kind(
        "local-response-norm",
        nodes.LocalResponseNormalisation,
        "Local response norm",
        "local response norm",
        "lrn",
        "normalisation",
        ("lrn",),
    ),
    Kind("dropout", nodes.Dropout, "Dropout", "dropout", "dropout", "normalisation"),
    Kind("relu", nodes.ReLU, "ReLU", "ReLU", "relu", "activation"),
    Kind("leaky-relu", nodes.LeakyReLU, "Leaky ReLU", "leaky ReLU", "leaky-relu", "activation"),
    Kind("tanh", nodes.Tanh, "tanh", "tanh", "tanh", "activation"),
    Kind("sigmoid", nodes.Sigmoid, "Sigmoid", "sigmoid", "sigmoid", "activation", ("logistic",)),
    Kind("gelu", nodes.GELU, "GELU", "GELU", "gelu", "activation"),
    Kind("silu", nodes.SiLU, "SiLU", "SiLU", "silu", "activation", ("swish",)),
    Kind("flatten", nodes.Flatten, "Flatten", "flatten", "flatten", "dense"),
    Kind("dense", nodes.Dense, "Dense", "dense", "dense", "dense", ("linear", "fully connected")),
    Kind("skip", nodes.Skip, "Skip", "skip", "skip", "structure", ("residual",)),
    Kind("branches", nodes.Branches, "Branches", "branches", "branches", "structure", ("inception",)),
)

ACTIVATIONS = tuple(kind.type for kind in KINDS if kind.family == "activation")
"""The node classes of all activations."""

_BY_TAG = {kind.tag: kind for kind in KINDS}
_BY_TYPE = {kind.type: kind for kind in KINDS}


def kind_of(node: Node) -> Kind:
    """The table's row for a node."""
    return _BY_TYPE[type(node)]


def kind_named(tag: str) -> Kind:
    """The table's row for a tag. KeyError if there is none."""
    return _BY_TAG[tag]
