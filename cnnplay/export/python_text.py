"""The text around a generated network, and values written so that they can only be values."""

import pprint


def literal(value: object) -> str:
    """A tuple, dict, number or text as Python writes it: quotes in a class name stay inside its quotes."""
    return pprint.pformat(value, width=100, sort_dicts=False, compact=True)


def docstring_safe(text: str) -> str:
    """Text that may stand in a docstring: nothing in it ends the docstring or the line."""
    kept = "".join(
        character if character.isprintable() and character not in '"\\{}' else " " for character in text
    )
    return " ".join(kept.split()) or "network"


FUNCTIONAL = "import torch.nn.functional as F\n"

MODULE = '''\
"""{title}: a convolutional network written by {mark}. It needs torch alone.

Its weights ({state}) lie beside this file, under {beside}:

    model = load_model()
    logits = model(pictures)  # B × {channels} × {height} × {width} → B × {outputs}

{parameters} parameters. Shapes in comments read channels × height × width, for one picture.
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
    """Pictures B × {channels} × {height} × {width} in, logits B × {outputs} out."""

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
    # A state dict that was exported for itself names layers with hyphens: conv-1.weight.
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
def preprocess(picture: Tensor) -> Tensor:
    """A picture (channels × height × width, values 0…1) as input 1 × C × H × W (see PREPROCESSING)."""
    channels, height, width = PREPROCESSING["input"]
    if picture.shape[0] == 3 and channels == 1:
        picture = (picture * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
    elif picture.shape[0] == 1:
        picture = picture.expand(channels, -1, -1)
    x = picture[None].float()
    if tuple(x.shape[2:]) == (28, 28) and (height, width) == (32, 32):
        x = F.pad(x, (2, 2, 2, 2))
    elif tuple(x.shape[2:]) != (height, width):
        x = F.interpolate(x, size=(height, width), mode="bilinear", antialias=True)
    mean = torch.tensor(PREPROCESSING["mean"]).view(1, -1, 1, 1)
    std = torch.tensor(PREPROCESSING["std"]).view(1, -1, 1, 1)
    return (x - mean) / std

'''
