"""From a network's outputs to class scores. A network with two classes may have a single output."""

import torch.nn.functional as F
from torch import Tensor


def class_scores(outputs: Tensor) -> Tensor:
    """One score per class, B × N. A single output z is the second class's score: (0, z), since the softmax
    of the two is 1 − σ(z) and σ(z)."""
    return F.pad(outputs, (1, 0)) if outputs.shape[1] == 1 else outputs


def probabilities(outputs: Tensor) -> Tensor:
    """The class probabilities, B × N in float32, from the network's outputs."""
    return class_scores(outputs).float().softmax(1)
