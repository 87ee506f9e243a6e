"""Frozen. The usual script: TensorDataset, DataLoader(shuffle=True), default Adam and threads.

It imports nothing of cnnplay. Prints {"images_per_second": …}.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from plain_networks import BATCH, NAMES, WARM_UP, network, pictures
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--network", choices=NAMES, default="lenet-5")
    asked = parser.parse_args()
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*pictures(asked.network)), batch_size=BATCH, shuffle=True)
    net = network(asked.network)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    seen, start, warm = 0, time.perf_counter(), False
    while True:
        for batch, targets in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(batch), targets)
            loss.backward()
            optimizer.step()
            seen += len(batch)
            now = time.perf_counter()
            if not warm and now - start >= WARM_UP:
                seen, start, warm = 0, now, True
            elif warm and now - start >= asked.seconds:
                rate = seen / (now - start)
                print(json.dumps({"images_per_second": rate, "threads": torch.get_num_threads()}))
                return


if __name__ == "__main__":
    main()
