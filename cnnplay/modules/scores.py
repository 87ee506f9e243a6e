"""From a network's outputs to its classes. A network of two classes may end in one unit."""

import torch.nn.functional as F
from torch import Tensor


def class_scores(outputs: Tensor) -> Tensor:
    """One score a class, B × N. A single output z speaks for the second class: (0, z), as softmax of these
    two is 1 − σ(z) and σ(z)."""
    return F.pad(outputs, (1, 0)) if outputs.shape[1] == 1 else outputs


def probabilities(outputs: Tensor) -> Tensor:
    """The classes' probabilities, B × N in float32, of the network's outputs."""
    return class_scores(outputs).float().softmax(1)
