"""The kinds of nodes in a network, as frozen values in one tagged union.

Sizes are (height, width). The declaration of a field is the source of the file format, the limits, the
property editor and the manual; a node's docstring is shown in the window.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from cnnplay.network.fields import Pair, declare

Padding: TypeAlias = Literal["same", "valid"] | Pair
Merge: TypeAlias = Literal["add", "concatenate"]

KERNEL = declare("Height and width of the sliding window.", minimum=1, maximum=512, unit="pixels")
STRIDE = declare(
    "How many pixels the window moves from one output to the next; 2 halves the size.",
    minimum=1,
    maximum=512,
    unit="pixels",
)
PADDING = declare(
    "Zeros added on each side of the input. 'valid' adds none; 'same' adds d·(f − 1) in total, half on each "
    "side with the odd pixel at the bottom right, so that stride 1 keeps the size.",
    minimum=0,
    maximum=512,
    unit="pixels",
)
DILATION = declare(
    "Distance between adjacent kernel weights; 2 leaves a gap of one pixel.",
    minimum=1,
    maximum=512,
    unit="pixels",
)
GROUPS = declare(
    "Splits the channels into this many independent groups; must divide both the input channels and the "
    "filters.",
    minimum=1,
    maximum=65536,
)
BIAS = declare("Whether each output adds a learned constant. Redundant if batch norm follows.")
FILTERS = declare(
    "Number of learned filters; each produces one output channel.",
    minimum=1,
    maximum=65536,
    unit="channels",
)


class Base(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Shared by all nodes: a readable id (``conv-2``), assigned once and never renumbered."""

    id: str = ""


class Convolution(Base, frozen=True, kw_only=True, tag="conv"):
    """Slides `filters` kernels over all input channels; cross-correlation, like torch.nn.Conv2d."""

    filters: Annotated[int, FILTERS] = 16
    kernel_size: Annotated[Pair, KERNEL] = (3, 3)
    stride: Annotated[Pair, STRIDE] = (1, 1)
    padding: Annotated[Padding, PADDING] = "same"
    dilation: Annotated[Pair, DILATION] = (1, 1)
    groups: Annotated[int, GROUPS] = 1
    bias: Annotated[bool, BIAS] = True


class TransposedConvolution(Base, frozen=True, kw_only=True, tag="transposed-conv"):
    """The transpose of a convolution: each input pixel adds a weighted kernel to the output, like
    torch.nn.ConvTranspose2d."""

    filters: Annotated[int, FILTERS] = 16
    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[
        Pair, declare("Factor by which the size grows: 2 doubles it.", minimum=1, maximum=512)
    ] = (
        2,
        2,
    )
    padding: Annotated[
        Pair, declare("Pixels cropped from each side of the output.", minimum=0, maximum=512, unit="pixels")
    ] = (0, 0)
    output_padding: Annotated[
        Pair,
        declare(
            "Pixels added at the bottom and right of the output; less than the stride or the dilation.",
            minimum=0,
            maximum=511,
            unit="pixels",
        ),
    ] = (0, 0)
    dilation: Annotated[Pair, DILATION] = (1, 1)
    groups: Annotated[int, GROUPS] = 1
    bias: Annotated[bool, BIAS] = True


class Upsampling(Base, frozen=True, kw_only=True, tag="upsample"):
    """Enlarges each map by integer factors; has no weights."""

    scale: Annotated[Pair, declare("Factors for height and width.", minimum=1, maximum=64)] = (2, 2)
    mode: Annotated[
        Literal["nearest", "bilinear"], declare("Repeat the nearest pixel, or interpolate between four.")
    ] = "nearest"


class MaxPooling(Base, frozen=True, kw_only=True, tag="max-pool"):
    """Keeps the largest value of each window; padding counts as minus infinity."""

    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[Pair, STRIDE] = (2, 2)
    padding: Annotated[Padding, PADDING] = "valid"


class AveragePooling(Base, frozen=True, kw_only=True, tag="avg-pool"):
    """Averages each window; padding counts as zeros and is included in the mean."""

    kernel_size: Annotated[Pair, KERNEL] = (2, 2)
    stride: Annotated[Pair, STRIDE] = (2, 2)
    padding: Annotated[Padding, PADDING] = "valid"


class GlobalAveragePooling(Base, frozen=True, kw_only=True, tag="global-avg-pool"):
    """Averages each map to one value: C × H × W becomes C × 1 × 1, whatever the image size."""


class BatchNormalisation(Base, frozen=True, kw_only=True, tag="batch-norm"):
    """Normalizes each channel to mean 0 and variance 1 over the batch, then scales and shifts it."""

    momentum: Annotated[
        float,
        declare("Weight of the newest batch in the running mean and variance.", minimum=0, maximum=1),
    ] = 0.1
    eps: Annotated[
        float, declare("Added to the variance to avoid division by zero.", minimum=0, exclusive=True)
    ] = 1e-5
    affine: Annotated[bool, declare("Whether to learn a scale and a shift per channel.")] = True


class GroupNormalisation(Base, frozen=True, kw_only=True, tag="group-norm"):
    """Normalizes each group of channels to mean 0 and variance 1 per image, whatever the batch size, then
    scales and shifts each channel (Wu & He 2018)."""

    groups: Annotated[
        int,
        declare(
            "Number of groups that share a mean and a variance; must divide the channels. 1 normalizes all "
            "channels together.",
            minimum=1,
            maximum=65536,
        ),
    ] = 1


class LocalResponseNormalisation(Base, frozen=True, kw_only=True, tag="local-response-norm"):
    """Divides each value by the energy of neighboring channels (Krizhevsky et al. 2012)."""

    size: Annotated[
        int, declare("Number of neighboring channels in the sum.", minimum=1, maximum=4096, unit="channels")
    ] = 5
    alpha: Annotated[float, declare("Weight of the neighbors' energy.", minimum=0)] = 1e-4
    beta: Annotated[float, declare("Exponent of the denominator.", minimum=0)] = 0.75
    k: Annotated[float, declare("Constant in the denominator.", minimum=0, exclusive=True)] = 2.0


class Dropout(Base, frozen=True, kw_only=True, tag="dropout"):
    """During training, zeroes each value with probability p and scales the rest by 1/(1 − p)."""

    p: Annotated[float, declare("Probability that a value is dropped.", minimum=0, maximum=1)] = 0.5


class ReLU(Base, frozen=True, kw_only=True, tag="relu"):
    """max(0, x)."""


class LeakyReLU(Base, frozen=True, kw_only=True, tag="leaky-relu"):
    """x if positive, else a small multiple of x."""

    negative_slope: Annotated[float, declare("Slope for negative values.", minimum=0, maximum=1)] = 0.01


class Tanh(Base, frozen=True, kw_only=True, tag="tanh"):
    """The hyperbolic tangent: values between −1 and 1."""


class Sigmoid(Base, frozen=True, kw_only=True, tag="sigmoid"):
    """1 / (1 + exp(−x)): values between 0 and 1."""


class GELU(Base, frozen=True, kw_only=True, tag="gelu"):
    """x · Φ(x), where Φ is the standard normal distribution function."""


class SiLU(Base, frozen=True, kw_only=True, tag="silu"):
    """x · sigmoid(x), also called Swish."""


class ELU(Base, frozen=True, kw_only=True, tag="elu"):
    """x if positive, else α · (exp(x) − 1): values above −α (Clevert et al. 2015)."""

    alpha: Annotated[
        float,
        declare("How far negative values reach: down to −α.", minimum=0, maximum=1000, exclusive=True),
    ] = 1.0


class Flatten(Base, frozen=True, kw_only=True, tag="flatten"):
    """Turns C × H × W into a vector of C·H·W values."""


class Dense(Base, frozen=True, kw_only=True, tag="dense"):
    """Fully connected: each of `units` outputs is a weighted sum of all inputs, like torch.nn.Linear."""

    units: Annotated[int, declare("Number of outputs.", minimum=1, maximum=1_000_000)] = 10
    bias: Annotated[bool, declare("Whether each output adds a learned constant.")] = True


MERGE = declare("add needs equal shapes; concatenate joins the channels and needs equal height and width.")


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
    | GroupNormalisation
    | LocalResponseNormalisation
    | Dropout
    | ReLU
    | LeakyReLU
    | Tanh
    | Sigmoid
    | GELU
    | SiLU
    | ELU
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
