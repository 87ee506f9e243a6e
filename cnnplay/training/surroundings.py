"""What a run changes in its thread and process, and puts back: threads, the random state, memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Dropout
from cnnplay.training.allocator import give_memory_back, keep_memory


@contextmanager
def surroundings() -> Iterator[None]:
    """After the block, the thread computes with as many threads as before, and torch's dice lie as before.

    The memory that the block freed is given back after it, not within.
    """
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    keep_memory()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
        give_memory_back()


def uses_chance(network: Network) -> bool:
    """Whether steps draw random numbers (dropout)."""
    return any(isinstance(node, Dropout) and node.p > 0 for node in leaves(network))


def seed_step(device: torch.device, seed: int, step: int) -> None:
    """Sets torch's own generator, which dropout draws from: what a step drops depends on seed and step alone.

    So it does not matter who else drew in between, and a run that goes on drops what it would have dropped.
    """
    number = (seed * 1_000_003 + step * 7_919 + 1) % 2**63
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)
