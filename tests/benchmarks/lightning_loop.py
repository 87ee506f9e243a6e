"""Frozen. The same with Lightning, its logger, checkpoints, bar and model summary switched off.

    pip install lightning

It imports nothing of cnnplay. Prints {"images_per_second": …}.
"""

import argparse
import json
import logging
import time
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from plain_networks import BATCH, NAMES, WARM_UP, network, pictures
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

import lightning  # noqa: E402 - after its warnings were silenced


class Net(lightning.LightningModule):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.net = network(name)

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return F.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-3)


class Counter(lightning.Callback):
    def __init__(self, seconds: float) -> None:
        self.seconds, self.seen, self.start, self.warm, self.rate = seconds, 0, 0.0, False, 0.0

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        now = time.perf_counter()
        self.start = self.start or now
        self.seen += len(batch[0])
        if not self.warm and now - self.start >= WARM_UP:
            self.seen, self.start, self.warm = 0, now, True
        elif self.warm and now - self.start >= self.seconds:
            self.rate = self.seen / (now - self.start)
            trainer.should_stop = True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--network", choices=NAMES, default="lenet-5")
    asked = parser.parse_args()
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*pictures(asked.network)), batch_size=BATCH, shuffle=True)
    counter = Counter(asked.seconds)
    lightning.Trainer(
        max_epochs=-1, accelerator="cpu", devices=1, callbacks=[counter], logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    ).fit(Net(asked.network), loader)  # fmt: skip
    print(json.dumps({"images_per_second": counter.rate, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
