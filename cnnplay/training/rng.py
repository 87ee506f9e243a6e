"""The process and thread state that a run changes and restores (threads, random state, memory), and each
step's random seed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, leaves
from cnnplay.training.allocator import keep_memory, release_memory


@contextmanager
def preserved_torch_state() -> Iterator[None]:
    """Restores torch's number of threads and random state after the block.

    Memory that the block freed is returned to the system after it, not within.
    """
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    keep_memory()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
        release_memory()


def uses_randomness(network: Network) -> bool:
    """Whether steps draw random numbers, as dropout does."""
    return any(kind_of(node).is_random(node) for node in leaves(network))


def seed_step(device: torch.device, seed: int, step: int) -> None:
    """Seeds torch's own generator, which dropout uses: what a step drops depends only on seed and step.

    It does not matter who else drew random numbers in between, and a resumed run drops what it would have
    dropped.
    """
    number = (seed * 1_000_003 + step * 7_919 + 1) % 2**63
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)
