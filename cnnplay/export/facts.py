"""What goes beside the weights and never into the graph: network, preprocessing, class names, as text."""

import msgspec

from cnnplay.export.sidecar import MADE_BY
from cnnplay.export.trained import TrainedNetwork


def facts(network: TrainedNetwork) -> dict[str, object]:
    """The facts as JSON values, under stable names."""
    return {
        "made_by": MADE_BY,
        "trained": network.trained and network.weights is not None,
        "classes": list(network.classes),
        "preprocessing": msgspec.to_builtins(network.preprocessing),
        "preprocessing_rule": rule(network),
        "network": msgspec.to_builtins(network.network),
    }


def metadata(network: TrainedNetwork) -> dict[str, str]:
    """The facts as strings, for formats that keep no other: each is JSON, the rule is a sentence."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in facts(network).items()
    }


def rule(network: TrainedNetwork) -> str:
    """The preprocessing in words (see spec.Preprocessing)."""
    if network.preprocessing is None:
        return "none recorded: the network has not been trained on data"
    channels, height, width = network.preprocessing.input
    color = (
        "grey (0.299 R + 0.587 G + 0.114 B)" if channels == 1 else "RGB" if channels == 3 else "its channels"
    )
    enlarge = (
        ", a 28 × 28 one by 2 pixels of black on each side, others by antialiased bilinear resizing"
        if (height, width) == (32, 32)
        else " by antialiased bilinear resizing"
    )
    return (
        f"bring the picture to {color} and to {height} × {width}{enlarge}; "
        "scale it to 0…1; subtract the mean and divide by the standard deviation of each channel"
    )
