"""Frozen. The usual script: TensorDataset, DataLoader(shuffle=True), default Adam and threads.

It imports nothing of cnnplay. It goes on until it is killed: see track.py.
"""

import argparse

import torch
import torch.nn.functional as F
from plain_networks import BATCH, NAMES, network, pictures
from torch.utils.data import DataLoader, TensorDataset
from track import Track


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--track", required=True)
    parser.add_argument("--network", choices=NAMES, default="lenet-5")
    asked = parser.parse_args()
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*pictures(asked.network)), batch_size=BATCH, shuffle=True)
    net = network(asked.network)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    track = Track(asked.track)
    while True:
        for batch, targets in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(batch), targets)
            loss.backward()
            optimizer.step()
            track.step(len(batch))


if __name__ == "__main__":
    main()
