"""Frozen. The best hand-written loop for LeNet-5: whole data set as one tensor, fused Adam, channels_last.

It imports nothing of cnnplay, judges nothing and tells nobody. `--threads` is tried with 1 and 2; the better
counts. Prints {"images_per_second": …}.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

DIGITS = Path(__file__).parents[2] / "resources" / "data" / "mnist-5k.npz"
BATCH, WARM_UP = 64, 1.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    with np.load(DIGITS) as stored:
        images, labels = stored["images"], stored["labels"]
    train = np.concatenate([np.flatnonzero(labels == c)[:400] for c in range(10)])
    x = F.pad(torch.from_numpy(images[train]).float()[:, None] / 255, (2, 2, 2, 2))
    x = ((x - x.mean()) / x.std()).contiguous(memory_format=torch.channels_last)
    y = torch.from_numpy(labels[train]).long()
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    ).to(memory_format=torch.channels_last)  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    seen, start, warm = 0, time.perf_counter(), False
    while True:
        for chosen in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(net(x.index_select(0, chosen)), y.index_select(0, chosen))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            seen += len(chosen)
            now = time.perf_counter()
            if not warm and now - start >= WARM_UP:
                seen, start, warm = 0, now, True
            elif warm and now - start >= asked.seconds:
                print(json.dumps({"images_per_second": seen / (now - start), "threads": asked.threads}))
                return


if __name__ == "__main__":
    main()
