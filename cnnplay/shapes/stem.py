"""Fits the stem (the first convolution and the pool after it) to other images, so that they suit the rest.

The rule is that maps stay about as large as with the network's own images, and no larger: the first
convolution's stride is reduced to that limit, then its pool is removed if the limit still allows it.
In this way ResNet on 32 × 32 gets the usual 3 × 3 stem without a pool, AlexNet 3 × 3 with its pool, and
LeNet-5 on 28 × 28 two pixels of padding.
"""

import msgspec

from cnnplay.network import edits, nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Input, Network
from cnnplay.shapes.arithmetic import Shape, windows
from cnnplay.shapes.infer import infer


def fit_stem(original: Network, new_input: Input) -> Network:
    """The network with another input, and its stem changed to suit. The rest may have problems then."""
    network = edits.set_input(original, new_input).network
    index = next((i for i, node in enumerate(network.stack) if isinstance(node, nodes.Convolution)), None)
    if index is None:
        return network
    first = network.stack[index]
    target = infer(original).nodes[first.id].output
    given = infer(network).nodes[first.id].input
    if not isinstance(first, nodes.Convolution) or not target or not given or len(given) != 3:
        return network
    fitted = _lower_stride(first, given, target) or _padded(first, given, target)
    if fitted is None:
        return network
    network = edits.replace_node(network, first.id, fitted).network
    return _without_pool(original, network, index) if fitted.stride != first.stride else network


def _lower_stride(conv: nodes.Convolution, given: Shape, target: Shape) -> nodes.Convolution | None:
    """The smallest stride that keeps maps within `target`, with a kernel to match: 3×3 at stride 1, 5×5 at 2;
    None if the convolution's own is no larger."""
    stride = max(-(-size // limit) for size, limit in zip(given[1:], target[1:], strict=True))
    if stride >= max(conv.stride):
        return None
    side = min(2 * stride + 1, max(conv.kernel_size))
    return msgspec.structs.replace(
        conv, kernel_size=(side, side), stride=(stride, stride), padding="same", dilation=(1, 1)
    )


def _padded(conv: nodes.Convolution, given: Shape, target: Shape) -> nodes.Convolution | None:
    """The smallest padding with which a smaller image gives maps of the original size; None if there is
    none."""
    if conv.padding == "same":
        return None
    down, across = (_padding_for(conv, given, target, axis) for axis in (0, 1))
    if down is None or across is None or (down, across) in (conv.padding, (0, 0)):
        return None
    return msgspec.structs.replace(conv, padding=(down, across))


def _padding_for(conv: nodes.Convolution, given: Shape, target: Shape, axis: int) -> int | None:
    for padding in range(conv.kernel_size[axis] // 2 + 1):
        size = windows((given[1], given[2]), conv.kernel_size, conv.stride, (padding, padding), conv.dilation)
        if size[axis] == target[axis + 1]:
            return padding
    return None


def _without_pool(original: Network, network: Network, index: int) -> Network:
    for node in network.stack[index + 1 :]:
        if isinstance(node, (nodes.MaxPooling, nodes.AveragePooling)):
            target = infer(original).nodes[node.id].output
            given = infer(network).nodes[node.id].input
            fits = target and given and given[1] <= target[1] and given[2] <= target[2]
            return edits.remove(network, [node.id]).network if fits else network
        if not kind_of(node).keeps_shape:
            return network  # no pool belongs to the convolution
    return network
