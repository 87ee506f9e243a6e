"""Several processes that train one network together, each on its share of every batch.

torchrun starts the processes and tells each its rank; torch's DistributedDataParallel averages their
gradients. Here is what is left: who takes which pictures, and what all must agree on.
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

OF_EACH = 2
"""A process has so many pictures of a batch at least: batch norm has no variance of one."""


@dataclass(frozen=True, slots=True)
class Team:
    """This process among all: `rank` of `size`, and of so many on this machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes the run and speaks."""
        return self.rank == 0

    @property
    def fewest(self) -> int:
        """The fewest pictures of a batch."""
        return OF_EACH * self.size

    def share(self, images: int) -> int:
        """How many of a batch's pictures are this process's: every `size`-th, from `rank` on."""
        return len(range(self.rank, images, self.size))

    def weight(self, images: int) -> float:
        """By what this share's mean loss counts, so that the mean over the processes is the batch's."""
        return self.share(images) * self.size / images

    def device(self, name: str) -> torch.device:
        """Where this process computes, when `name` was asked for: each on a GPU of its own. DeviceError."""
        device = resolve(name)
        if device.type != "cuda":
            return device
        if f"cuda:{self.local_rank}" not in devices():
            raise DeviceError(
                f"device: each of the {self.local_size} processes on this machine needs a GPU of its own; "
                f"it has {', '.join(devices())}"
            )
        return torch.device("cuda", self.local_rank)

    def total(self, *numbers: Tensor | float) -> Tensor:
        """The sums over all processes, B numbers."""
        device = next((n.device for n in numbers if isinstance(n, Tensor)), torch.device("cpu"))
        mine = torch.stack([torch.as_tensor(n, dtype=torch.float64, device=device).detach() for n in numbers])
        dist.all_reduce(mine)
        return mine

    def least(self, number: int) -> int:
        """The smallest of all processes' numbers."""
        word = torch.tensor([number], device=_device_of_words(self))
        dist.all_reduce(word, dist.ReduceOp.MIN)
        return int(word.item())

    def told(self, decision: bool) -> bool:
        """What the leading process decided."""
        word = torch.tensor([float(decision)], device=_device_of_words(self))
        dist.broadcast(word, 0)
        return bool(word.item())

    def wrap(self, module: NetworkModule, synchronised: bool) -> DistributedDataParallel:
        """The module as all train it. `synchronised`: batch norm takes its statistics over all shares."""
        device = next(module.parameters()).device
        if synchronised and device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(module)
            module.rewire()
        return DistributedDataParallel(module, device_ids=[device.index] if device.type == "cuda" else None)

    def same_buffers(self, module: nn.Module) -> None:
        """Gives all processes the leading one's running statistics: they judge the same network then."""
        for buffer in module.buffers():
            dist.broadcast(buffer, 0)


def team_of_environment() -> Team | None:
    """The team that torchrun tells this process of; None where it trains alone."""
    try:
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        local_rank = int(os.environ.get("LOCAL_RANK", rank))
        local_size = int(os.environ.get("LOCAL_WORLD_SIZE", size))
    except (KeyError, ValueError):
        return None
    return Team(rank, size, local_rank, local_size) if size > 1 else None


@contextmanager
def joined(team: Team | None, device_name: str) -> Iterator[None]:
    """Within the block the processes can speak with one another. DeviceError."""
    if team is None:
        yield
        return
    device = team.device(device_name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _device_of_words(team: Team) -> torch.device:
    return torch.device("cuda", team.local_rank) if dist.get_backend() == "nccl" else torch.device("cpu")
