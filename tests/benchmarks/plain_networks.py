"""Frozen. The networks and pictures that the hand-written loops train, in plain torch.

Nothing of cnnplay is imported. LeNet-5 learns from 4,000 digits at 32 × 32; ResNet-8 (three stages of one
block, 16, 32 and 64 channels, as in MLPerf Tiny) from 2,048 pictures of noise at 3 × 32 × 32.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

DIGITS = Path(__file__).parents[2] / "resources" / "data" / "mnist-5k.npz"
NAMES = ("lenet-5", "resnet-8")
BATCH = 64


class Block(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside),
        )  # fmt: skip
        self.shortcut = (
            nn.Identity()
            if inside == outside
            else nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


def network(name: str) -> nn.Module:
    if name == "lenet-5":
        return nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
            nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
        )  # fmt: skip
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def pictures(name: str) -> tuple[Tensor, Tensor]:
    """Normalised N × C × H × W, and labels."""
    if name == "lenet-5":
        with np.load(DIGITS) as stored:
            images, labels = stored["images"], stored["labels"]
        train = np.concatenate([np.flatnonzero(labels == c)[:400] for c in range(10)])
        x = F.pad(torch.from_numpy(images[train]).float()[:, None] / 255, (2, 2, 2, 2))
        return (x - x.mean()) / x.std(), torch.from_numpy(labels[train]).long()
    noise = np.random.default_rng(0).integers(0, 256, (2048, 3, 32, 32), dtype=np.uint8)
    x = torch.from_numpy(noise).float() / 255
    return (x - x.mean()) / x.std(), torch.arange(2048) % 10
