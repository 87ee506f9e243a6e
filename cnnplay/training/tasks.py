"""What each task means for training: its loss, and how a batch's answers are judged.

A new task registers its rules here; the loop knows none of them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from cnnplay.network.network import Classification, Task


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a task. Both functions take the network's outputs B × … and the targets B × …."""

    loss: Callable[[Tensor, Tensor], Tensor]
    """The batch's mean loss, a single number that knows its gradient."""
    score: Callable[[Tensor, Tensor], Tensor]
    """How many of the batch are right."""
    score_name: str


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """−log of the probability that softmax gives the true class, averaged over the batch."""
    return F.cross_entropy(logits, labels)


def _right(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.detach().argmax(1) == labels).sum()


RULES: dict[type[Task], Rules] = {
    Classification: Rules(loss=_cross_entropy, score=_right, score_name="accuracy"),
}


def rules_of(task: Task) -> Rules:
    """The rules of a network's task. KeyError for a task that nothing has registered."""
    return RULES[type(task)]
