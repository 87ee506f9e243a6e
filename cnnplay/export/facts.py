"""What is exported with the weights but never part of the graph: network, preprocessing, class names."""

import msgspec

from cnnplay.export.sidecar import MADE_BY
from cnnplay.export.trained import TrainedNetwork
from cnnplay.shapes.infer import infer


def facts(network: TrainedNetwork) -> dict[str, object]:
    """The facts as JSON values, under stable keys."""
    return {
        "made_by": MADE_BY,
        "trained": network.trained and network.weights is not None,
        "classes": list(network.classes),
        "preprocessing": msgspec.to_builtins(network.preprocessing),
        "preprocessing_rule": rule(network),
        "output_rule": output_rule(network),
        "network": msgspec.to_builtins(network.network),
    }


def output_rule(network: TrainedNetwork) -> str:
    """How the outputs become probabilities, as a sentence."""
    if infer(network.network).output != (1,):
        return "softmax over the outputs: one probability for each class"
    positive = f"class 1 ({network.classes[1]})" if len(network.classes) == 2 else "class 1"
    return f"sigmoid of the one output: the probability of {positive}; the rest is that of class 0"


def metadata(network: TrainedNetwork) -> dict[str, str]:
    """The facts as strings, for formats that store only strings: JSON, except for text values."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in facts(network).items()
    }


def rule(network: TrainedNetwork) -> str:
    """The preprocessing as a sentence (see spec.Preprocessing)."""
    if network.preprocessing is None:
        return "none recorded: the network has not been trained on data"
    channels, height, width = network.preprocessing.input
    color = (
        "grayscale (0.299 R + 0.587 G + 0.114 B)"
        if channels == 1
        else "RGB"
        if channels == 3
        else f"{channels} channels"
    )
    resize = "antialiased bilinear resizing"
    if (height, width) == (32, 32):
        resize += " (28 × 28 images get 2 black pixels on each side instead)"
    white = network.preprocessing.white
    divided = "" if white is None else f" (divide by 255; values of more than 8 bits by {white:,.6g})"
    return (
        f"convert the image to {color}; bring it to {height} × {width} by {resize}; "
        f"scale it to 0…1{divided}; subtract the mean and divide by the standard deviation of each channel"
    )
