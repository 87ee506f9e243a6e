"""Frozen. The usual script for LeNet-5: TensorDataset, DataLoader(shuffle=True), default Adam and threads.

It imports nothing of cnnplay. Prints {"images_per_second": …}.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DIGITS = Path(__file__).parents[2] / "resources" / "data" / "mnist-5k.npz"
BATCH, WARM_UP = 64, 1.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    torch.manual_seed(0)
    with np.load(DIGITS) as stored:
        images, labels = stored["images"], stored["labels"]
    train = np.concatenate([np.flatnonzero(labels == c)[:400] for c in range(10)])
    x = F.pad(torch.from_numpy(images[train]).float()[:, None] / 255, (2, 2, 2, 2))
    x = (x - x.mean()) / x.std()
    y = torch.from_numpy(labels[train]).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    seen, start, warm = 0, time.perf_counter(), False
    while True:
        for pictures, targets in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(pictures), targets)
            loss.backward()
            optimizer.step()
            seen += len(pictures)
            now = time.perf_counter()
            if not warm and now - start >= WARM_UP:
                seen, start, warm = 0, now, True
            elif warm and now - start >= asked.seconds:
                rate = seen / (now - start)
                print(json.dumps({"images_per_second": rate, "threads": torch.get_num_threads()}))
                return


if __name__ == "__main__":
    main()
