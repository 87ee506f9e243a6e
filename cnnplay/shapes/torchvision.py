"""Which of torchvision's models has exactly the layers of a network."""

from cnnplay.network.network import Network
from cnnplay.network.presets import Torchvision, presets
from cnnplay.shapes.infer import infer
from cnnplay.shapes.suggest import replace_head


def counterpart(network: Network) -> Torchvision | None:
    """The model of a preset that the network equals but for its number of classes (and, where that changes no
    weight, the size of its input); None if there is none."""
    for preset in presets():
        if preset.torchvision is None:
            continue
        same = replace_head(preset.network, network.task.classes).network
        if network.stack == same.stack and infer(network).parameters == infer(same).parameters:
            return preset.torchvision
    return None


def no_counterpart_reason(network: Network) -> str:
    """Why no model of torchvision takes the network's weights; "" if one does."""
    if counterpart(network) is not None:
        return ""
    known = ", ".join(preset.key for preset in presets() if preset.torchvision is not None)
    return (
        f"torchvision has no model with these layers: expected {known}; only the number of classes may differ"
    )
