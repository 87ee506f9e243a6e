"""The kinds of nodes that a network is made of, as frozen values in one tagged union.

Sizes are (height, width). What each field means stands in its declaration: it is the source of the
file format, the limits, the property editor and the manual.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from cnnplay.network.fields import Pair, declare

Padding: TypeAlias = Literal["same", "valid"] | Pair
Merge: TypeAlias = Literal["add", "concatenate"]

KERNEL = declare("The height and width of the sliding window.", minimum=1, maximum=512, unit="pixels")
STRIDE = declare(
    "How many pixels the window moves from one output to the next; 2 halves the size.",
    minimum=1,
    maximum=512,
    unit="pixels",
)
PADDING = declare(
    "Zeros added around the input, on each side. 'valid' adds none; 'same' adds d·(f − 1) in all, half on "
    "each side with an odd pixel at the bottom right, so that the size stays at stride 1.",
    minimum=0,
    maximum=512,
    unit="pixels",
)
DILATION = declare(
    "The distance between neighbouring weights of the kernel; 2 leaves one pixel out between them.",
    minimum=1,
    maximum=512,
    unit="pixels",
)
GROUPS = declare(
    "Channels are split into this many groups that do not see each other; must divide the input's channels "
    "and the filters.",
    minimum=1,
    maximum=65536,
)
BIAS = declare("Whether each output adds a learned constant. Batch norm behind it makes it superfluous.")
FILTERS = declare(
    "How many filters are learned; each gives one channel of the output.",
    minimum=1,
    maximum=65536,
    unit="channels",
)


class Base(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all nodes have: an id that reads (``conv-2``), given once and never renumbered."""

    id: str = ""


class Convolution(Base, frozen=True, kw_only=True, tag="conv"):
    """Slides `filters` kernels over all input channels; cross-correlation, as in torch.nn.Conv2d."""

    filters: Annotated[int, FILTERS] = 16
    kernel_size: Annotated[Pair, KERNEL] = (3, 3)
    stride: Annotated[Pair, STRIDE] = (1, 1)
    padding: Annotated[Padding, PADDING] = "same"
    dilation: Annotated[Pair, DILATION] = (1, 1)
    groups: Annotated[int, GROUPS] = 1
    bias: Annotated[bool, BIAS] = True


class TransposedConvolution(Base, frozen=True, kw_only=True, tag="transposed-conv"):
    """The convolution's transpose: each input pixel stamps a kernel on the output, as
    torch.nn.ConvTranspose2d."""

    filters: Annotated[int, FILTERS] = 16
    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[Pair, declare("By how much the size grows: 2 doubles it.", minimum=1, maximum=512)] = (
        2,
        2,
    )
    padding: Annotated[
        Pair, declare("Pixels cut off the output on each side.", minimum=0, maximum=512, unit="pixels")
    ] = (0, 0)
    output_padding: Annotated[
        Pair,
        declare(
            "Pixels added to the output at the bottom and the right; less than the stride or the dilation.",
            minimum=0,
            maximum=511,
            unit="pixels",
        ),
    ] = (0, 0)
    dilation: Annotated[Pair, DILATION] = (1, 1)
    groups: Annotated[int, GROUPS] = 1
    bias: Annotated[bool, BIAS] = True


class Upsampling(Base, frozen=True, kw_only=True, tag="upsample"):
    """Enlarges each map by whole factors, with no weights."""

    scale: Annotated[Pair, declare("The factors of height and width.", minimum=1, maximum=64)] = (2, 2)
    mode: Annotated[
        Literal["nearest", "bilinear"], declare("Repeat the nearest pixel, or interpolate between four.")
    ] = "nearest"


class MaxPooling(Base, frozen=True, kw_only=True, tag="max-pool"):
    """Keeps the largest value of each window; padding counts as minus infinity."""

    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[Pair, STRIDE] = (2, 2)
    padding: Annotated[Padding, PADDING] = "valid"


class AveragePooling(Base, frozen=True, kw_only=True, tag="avg-pool"):
    """Averages each window; padding counts as zeros that are averaged too."""

    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[Pair, STRIDE] = (2, 2)
    padding: Annotated[Padding, PADDING] = "valid"


class GlobalAveragePooling(Base, frozen=True, kw_only=True, tag="global-avg-pool"):
    """Averages each map to one number: C × H × W becomes C × 1 × 1, whatever the picture's size."""


class BatchNormalisation(Base, frozen=True, kw_only=True, tag="batch-norm"):
    """Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it."""

    momentum: Annotated[
        float,
        declare("The weight of the newest batch in the running mean and variance.", minimum=0, maximum=1),
    ] = 0.1
    eps: Annotated[
        float, declare("Added to the variance so that nothing is divided by zero.", minimum=0, exclusive=True)
    ] = 1e-5
    affine: Annotated[bool, declare("Whether a scale and a shift are learned for each channel.")] = True


class LocalResponseNormalisation(Base, frozen=True, kw_only=True, tag="local-response-norm"):
    """Divides each value by the energy of its neighbours across channels (Krizhevsky et al. 2012)."""

    size: Annotated[
        int, declare("How many neighbouring channels are summed.", minimum=1, maximum=4096, unit="channels")
    ] = 5
    alpha: Annotated[float, declare("The weight of the neighbours' energy.", minimum=0)] = 1e-4
    beta: Annotated[float, declare("The exponent.", minimum=0)] = 0.75
    k: Annotated[float, declare("The constant in the denominator.", minimum=0, exclusive=True)] = 2.0


class Dropout(Base, frozen=True, kw_only=True, tag="dropout"):
    """Zeroes each value with probability p while training and scales the rest by 1/(1 − p)."""

    p: Annotated[float, declare("The probability that a value is dropped.", minimum=0, maximum=1)] = 0.5


class ReLU(Base, frozen=True, kw_only=True, tag="relu"):
    """max(0, x)."""


class LeakyReLU(Base, frozen=True, kw_only=True, tag="leaky-relu"):
    """x where positive, else a small multiple of x."""

    negative_slope: Annotated[float, declare("The slope below zero.", minimum=0, maximum=1)] = 0.01


class Tanh(Base, frozen=True, kw_only=True, tag="tanh"):
    """The hyperbolic tangent: between −1 and 1."""


class Sigmoid(Base, frozen=True, kw_only=True, tag="sigmoid"):
    """1 / (1 + exp(−x)): between 0 and 1."""


class GELU(Base, frozen=True, kw_only=True, tag="gelu"):
    """x · Φ(x), with the normal distribution's Φ."""


class SiLU(Base, frozen=True, kw_only=True, tag="silu"):
    """x · sigmoid(x), also called swish."""


class Flatten(Base, frozen=True, kw_only=True, tag="flatten"):
    """Lays out C × H × W as one row of C·H·W numbers."""


class Dense(Base, frozen=True, kw_only=True, tag="dense"):
    """Fully connected: each of `units` outputs weighs every input, as torch.nn.Linear."""

    units: Annotated[int, declare("How many outputs are learned.", minimum=1, maximum=1_000_000)] = 10
    bias: Annotated[bool, declare("Whether each output adds a learned constant.")] = True


MERGE = declare("Add needs equal shapes; concatenate stacks the channels and needs equal height and width.")


class Skip(Base, frozen=True, kw_only=True, tag="skip"):
    """merge(body(x), shortcut(x)); an empty shortcut is the identity (He et al. 2015)."""

    body: tuple["Node", ...] = ()
    shortcut: tuple["Node", ...] = ()
    merge: Annotated[Merge, MERGE] = "add"


class Branches(Base, frozen=True, kw_only=True, tag="branches"):
    """Several stacks read the same input; their outputs are merged (Szegedy et al. 2014)."""

    branches: tuple[tuple["Node", ...], ...] = ()
    merge: Annotated[Merge, MERGE] = "concatenate"


Node: TypeAlias = (
    Convolution
    | TransposedConvolution
    | Upsampling
    | MaxPooling
    | AveragePooling
    | GlobalAveragePooling
    | BatchNormalisation
    | LocalResponseNormalisation
    | Dropout
    | ReLU
    | LeakyReLU
    | Tanh
    | Sigmoid
    | GELU
    | SiLU
    | Flatten
    | Dense
    | Skip
    | Branches
)

Stack: TypeAlias = tuple[Node, ...]


def stacks_of(node: Node) -> tuple[Stack, ...]:
    """The stacks inside a node: (body, shortcut) of a skip, the branches of branches, else none."""
    match node:
        case Skip():
            return (node.body, node.shortcut)
        case Branches():
            return node.branches
        case _:
            return ()


def with_stacks(node: Node, stacks: tuple[Stack, ...]) -> Node:
    """The same node with other stacks inside; the inverse of `stacks_of`."""
    match node:
        case Skip():
            body, shortcut = stacks
            return msgspec.structs.replace(node, body=body, shortcut=shortcut)
        case Branches():
            return msgspec.structs.replace(node, branches=stacks)
        case _:
            return node
