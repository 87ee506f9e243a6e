"""Frozen. The same with Lightning, its logger, checkpoints, bar and model summary switched off.

    pip install lightning

It imports nothing of cnnplay. It goes on until it is killed: see track.py.
"""

import argparse
import logging
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from plain_networks import BATCH, NAMES, network, pictures
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from track import Track

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
    def __init__(self, track: Track) -> None:
        self.track = track

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        self.track.step(len(batch[0]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--track", required=True)
    parser.add_argument("--network", choices=NAMES, default="lenet-5")
    asked = parser.parse_args()
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*pictures(asked.network)), batch_size=BATCH, shuffle=True)
    counter = Counter(Track(asked.track))
    lightning.Trainer(
        max_epochs=-1, accelerator="cpu", devices=1, callbacks=[counter], logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    ).fit(Net(asked.network), loader)  # fmt: skip


if __name__ == "__main__":
    main()
