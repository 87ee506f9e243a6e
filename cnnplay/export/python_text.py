"""The text around a generated network, and values written so that they cannot become code."""

import pprint


def literal(value: object) -> str:
    """A tuple, dict, number or string as a Python literal: quotes in a class name are escaped."""
    return pprint.pformat(value, width=100, sort_dicts=False, compact=True)


def docstring_safe(text: str) -> str:
    """Text that is safe in a docstring: it cannot end the docstring or the line."""
    kept = "".join(
        character if character.isprintable() and character not in '"\\{}' else " " for character in text
    )
    return " ".join(kept.split()) or "network"


FUNCTIONAL = "import torch.nn.functional as F\n"

MODULE = '''\
"""{title}: a convolutional network {written_by}. It needs only torch.

Its weights ({state}) are in a file next to this one, {sidecar}:

    model = load_model()
    logits = model(images)  # B × {channels} × {height} × {width} → B × {outputs}

{parameters} parameters. Shapes in comments are channels × height × width, for one image.
"""

from pathlib import Path

import torch
{functional}from torch import Tensor, nn

# The classes, in the order of the logits.
CLASSES = {classes}

# {rule}
PREPROCESSING = {preprocessing}

{weights}


class Net(nn.Module):
    """Input: images B × {channels} × {height} × {width}; output: logits B × {outputs}."""

    def __init__(self) -> None:
        super().__init__()
{layers}

    def forward(self, x: Tensor) -> Tensor:
{forward}
        return x


def load_model(weights: Path | str = WEIGHTS, device: str = "cpu") -> Net:
    """The network with its weights, ready to predict (in evaluation mode)."""
    model = Net()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    # State dicts exported on their own name layers with hyphens: conv-1.weight.
    model.load_state_dict({{name.replace("-", "_"): tensor for name, tensor in state.items()}})
    return model.to(device).eval()

{preprocess}
if __name__ == "__main__":
    net = load_model()
    with torch.no_grad():
        logits = net(torch.zeros(1, {channels}, {height}, {width}))
    print(f"{{sum(p.numel() for p in net.parameters()):,}} parameters, {{logits.shape[1]}} outputs")
'''

PREPROCESS = '''
def preprocess(image: Tensor) -> Tensor:
    """An image (channels × height × width, values 0…1) as input 1 × C × H × W (see PREPROCESSING)."""
    channels, height, width = PREPROCESSING["input"]
    if image.shape[0] == 3 and channels == 1:
        image = (image * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
    elif image.shape[0] == 1:
        image = image.expand(channels, -1, -1)
    x = image[None].float()
    if tuple(x.shape[2:]) == (28, 28) and (height, width) == (32, 32):
        x = F.pad(x, (2, 2, 2, 2))
    elif tuple(x.shape[2:]) != (height, width):
        x = F.interpolate(x, size=(height, width), mode="bilinear", antialias=True)
    mean = torch.tensor(PREPROCESSING["mean"]).view(1, -1, 1, 1)
    std = torch.tensor(PREPROCESSING["std"]).view(1, -1, 1, 1)
    return (x - mean) / std

'''
