"""The table of layer kinds. A row holds all that the program asks about a kind and that needs no numbers:
names, family, card text and traits.

The palette, ids, cards and the manual read it. What a kind computes is in one table a side, by node class:
`shapes.leaves`, `shapes.layer_formulas`, `modules.layers`, `export.onnx_layers` and `export.python_layers`.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from cnnplay.network import layer_details, nodes
from cnnplay.network.layer_details import Details
from cnnplay.network.nodes import Node

Family: TypeAlias = Literal["convolution", "pooling", "normalisation", "activation", "dense", "structure"]


class Kind(msgspec.Struct, frozen=True):
    """A layer kind: its tag in files, class, title in the palette, name on a card, id prefix, family, other
    names that the palette's search finds, and its traits."""

    tag: str
    type: type[nodes.Base]
    title: str
    name: str
    prefix: str
    family: Family
    aliases: tuple[str, ...] = ()
    details: Callable[[Any], Details] = layer_details.none
    """A node's distinguishing fields as text, from the longest alternative to the shortest."""
    named_by_id: bool = False
    """People refer to its nodes by id (``conv-2``), not by the kind's name (``ReLU``)."""
    outputs: Literal["", "filters", "units"] = ""
    """The field with the number of outputs."""
    spatial: bool = False
    """It needs feature maps, not a vector."""
    keeps_shape: bool = False
    """The output has the shape of the input."""
    keeps_length: bool = False
    """The shape changes, but a vector of C values after it still comes from C channels or C units."""
    has_kernels: bool = False
    """Its weights are kernels, which are shown as images."""
    normalizes: bool = False
    """It rescales the activations, so that they neither explode nor vanish."""
    running_statistics: bool = False
    """It measures means and variances in training, and evaluates with them."""
    before_activation: bool = False
    """An activation usually follows; its maps are shown after that."""
    bounds: tuple[float, float] | None = None
    """The range of its outputs, if both ends are finite."""
    is_random: Callable[[Any], bool] = lambda node: False
    """Whether a node draws random numbers during training."""

    @property
    def help(self) -> str:
        return (self.type.__doc__ or "").strip()


KINDS: tuple[Kind, ...] = (
    Kind(
        "conv",
        nodes.Convolution,
        "Convolution",
        "convolution",
        "conv",
        "convolution",
        ("conv2d",),
        layer_details.of_convolution,
        named_by_id=True,
        outputs="filters",
        spatial=True,
        has_kernels=True,
        before_activation=True,
    ),
    Kind(
        "transposed-conv",
        nodes.TransposedConvolution,
        "Transposed conv",
        "transposed convolution",
        "transposed-conv",
        "convolution",
        ("deconvolution",),
        layer_details.of_transposed,
        named_by_id=True,
        outputs="filters",
        spatial=True,
        has_kernels=True,
        before_activation=True,
    ),
    Kind(
        "upsample",
        nodes.Upsampling,
        "Upsampling",
        "upsampling",
        "upsample",
        "convolution",
        ("resize",),
        layer_details.of_upsampling,
        spatial=True,
    ),
    Kind(
        "max-pool",
        nodes.MaxPooling,
        "Max pool",
        "max pool",
        "max-pool",
        "pooling",
        details=layer_details.of_pooling,
        spatial=True,
    ),
    Kind(
        "avg-pool",
        nodes.AveragePooling,
        "Average pool",
        "average pool",
        "avg-pool",
        "pooling",
        ("mean",),
        layer_details.of_pooling,
        spatial=True,
    ),
    Kind(
        "global-avg-pool",
        nodes.GlobalAveragePooling,
        "Global average pooling",
        "global average pool",
        "global-avg-pool",
        "pooling",
        ("gap",),
        spatial=True,
        keeps_length=True,
    ),
    Kind(
        "batch-norm",
        nodes.BatchNormalisation,
        "Batch norm",
        "batch norm",
        "batch-norm",
        "normalisation",
        ("bn",),
        keeps_shape=True,
        normalizes=True,
        running_statistics=True,
        before_activation=True,
    ),
    Kind(
        "group-norm",
        nodes.GroupNormalisation,
        "Group norm",
        "group norm",
        "group-norm",
        "normalisation",
        ("gn", "layer norm", "instance norm"),
        lambda node: ("1 group" if node.groups == 1 else f"{node.groups} groups",),
        keeps_shape=True,
        normalizes=True,
        before_activation=True,
    ),
    Kind(
        "local-response-norm",
        nodes.LocalResponseNormalisation,
        "Local response norm",
        "local response norm",
        "lrn",
        "normalisation",
        ("lrn",),
        lambda node: (f"{node.size} channels",),
        spatial=True,
        keeps_shape=True,
        normalizes=True,
    ),
    Kind(
        "dropout",
        nodes.Dropout,
        "Dropout",
        "dropout",
        "dropout",
        "normalisation",
        details=lambda node: (f"{node.p:g}",),
        keeps_shape=True,
        is_random=lambda node: node.p > 0,
    ),
    Kind("relu", nodes.ReLU, "ReLU", "ReLU", "relu", "activation", keeps_shape=True),
    Kind(
        "leaky-relu",
        nodes.LeakyReLU,
        "Leaky ReLU",
        "leaky ReLU",
        "leaky-relu",
        "activation",
        details=lambda node: (f"{node.negative_slope:g}",),
        keeps_shape=True,
    ),
    Kind("tanh", nodes.Tanh, "tanh", "tanh", "tanh", "activation", keeps_shape=True, bounds=(-1.0, 1.0)),
    Kind(
        "sigmoid",
        nodes.Sigmoid,
        "Sigmoid",
        "sigmoid",
        "sigmoid",
        "activation",
        ("logistic",),
        keeps_shape=True,
        bounds=(0.0, 1.0),
    ),
    Kind("gelu", nodes.GELU, "GELU", "GELU", "gelu", "activation", keeps_shape=True),
    Kind("silu", nodes.SiLU, "SiLU", "SiLU", "silu", "activation", ("swish",), keeps_shape=True),
    Kind(
        "elu",
        nodes.ELU,
        "ELU",
        "ELU",
        "elu",
        "activation",
        details=lambda node: (f"{node.alpha:g}",),
        keeps_shape=True,
    ),
    Kind("flatten", nodes.Flatten, "Flatten", "flatten", "flatten", "dense", keeps_length=True),
    Kind(
        "dense",
        nodes.Dense,
        "Dense",
        "dense",
        "dense",
        "dense",
        ("linear", "fully connected"),
        lambda node: (f"{node.units:,}",),
        named_by_id=True,
        outputs="units",
        before_activation=True,
    ),
    Kind(
        "skip",
        nodes.Skip,
        "Skip",
        "skip",
        "skip",
        "structure",
        ("residual",),
        layer_details.of_container,
        named_by_id=True,
    ),
    Kind(
        "branches",
        nodes.Branches,
        "Branches",
        "branches",
        "branches",
        "structure",
        ("inception",),
        layer_details.of_container,
        named_by_id=True,
    ),
)

LEAF_KINDS = tuple(kind for kind in KINDS if kind.family != "structure")
"""The kinds that compute: all but skips and branches."""

_BY_TAG = {kind.tag: kind for kind in KINDS}
_BY_TYPE = {kind.type: kind for kind in KINDS}


def kind_of(node: Node) -> Kind:
    """The table's row for a node."""
    return _BY_TYPE[type(node)]


def kind_named(tag: str) -> Kind:
    """The table's row for a tag. KeyError if there is none."""
    return _BY_TAG[tag]
