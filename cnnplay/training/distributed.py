"""Distributed training: several processes train one network, each on its share of every batch.

torchrun starts the processes and gives each its rank; torch's DistributedDataParallel averages their
gradients. This module does the rest: which process takes which images, and what all must agree on.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cnnplay.modules.build import NetworkModule
from cnnplay.training.devices import DeviceError, devices, resolve

MIN_IMAGES_PER_PROCESS = 2
"""A process needs at least this many images of a batch: batch norm has no variance of one image."""


@dataclass(frozen=True, slots=True)
class DistributedContext:
    """This process among all: `rank` of `size`, and its rank among those on this machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int

    @property
    def is_main(self) -> bool:
        """Whether this process writes the run and its output."""
        return self.rank == 0

    @property
    def min_batch(self) -> int:
        """The smallest batch size."""
        return MIN_IMAGES_PER_PROCESS * self.size

    def share(self, images: int) -> int:
        """How many of a batch's images this process takes: every `size`-th, starting at `rank`."""
        return len(range(self.rank, images, self.size))

    def weight(self, images: int) -> float:
        """The factor for this share's mean loss, so that the mean over the processes is the batch's mean."""
        return self.share(images) * self.size / images

    def device(self, name: str) -> torch.device:
        """The device of this process for the setting `name`; each process has a GPU of its own. Raises
        DeviceError.
        """
        device = resolve(name)
        if device.type != "cuda":
            return device
        if f"cuda:{self.local_rank}" not in devices():
            raise DeviceError(
                f"device: each of the {self.local_size} processes on this machine needs a GPU of its own; "
                f"it has {', '.join(devices())}"
            )
        return torch.device("cuda", self.local_rank)

    def sum(self, *numbers: Tensor | float) -> Tensor:
        """The sums over all processes, one per number."""
        device = next((n.device for n in numbers if isinstance(n, Tensor)), torch.device("cpu"))
        mine = torch.stack([torch.as_tensor(n, dtype=torch.float64, device=device).detach() for n in numbers])
        dist.all_reduce(mine)
        return mine

    def minimum(self, number: int) -> int:
        """The minimum over all processes."""
        value = torch.tensor([number], device=_message_device(self))
        dist.all_reduce(value, dist.ReduceOp.MIN)
        return int(value.item())

    def broadcast(self, decision: bool) -> bool:
        """The main process's decision."""
        value = torch.tensor([float(decision)], device=_message_device(self))
        dist.broadcast(value, 0)
        return bool(value.item())

    def wrap(self, module: NetworkModule, sync_batch_norm: bool) -> DistributedDataParallel:
        """The module with gradients averaged over processes. With `sync_batch_norm`, batch norm takes its
        statistics over all shares.
        """
        device = next(module.parameters()).device
        if sync_batch_norm and device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(module)
            module.rewire()
        return DistributedDataParallel(module, device_ids=[device.index] if device.type == "cuda" else None)

    def broadcast_buffers(self, module: nn.Module) -> None:
        """Copies the main process's running statistics to all processes, so that they evaluate the same
        network.
        """
        for buffer in module.buffers():
            dist.broadcast(buffer, 0)


def distributed_from_environment() -> DistributedContext | None:
    """This process's place among those started by torchrun; None if it trains alone."""
    try:
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        local_rank = int(os.environ.get("LOCAL_RANK", rank))
        local_size = int(os.environ.get("LOCAL_WORLD_SIZE", size))
    except (KeyError, ValueError):
        return None
    return DistributedContext(rank, size, local_rank, local_size) if size > 1 else None


@contextmanager
def process_group(distributed: DistributedContext | None, device_name: str) -> Iterator[None]:
    """Within the block, the processes can communicate. Raises DeviceError."""
    if distributed is None:
        yield
        return
    device = distributed.device(device_name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _message_device(distributed: DistributedContext) -> torch.device:
    return (
        torch.device("cuda", distributed.local_rank) if dist.get_backend() == "nccl" else torch.device("cpu")
    )
