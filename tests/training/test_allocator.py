"""What the C library does with the memory that steps free."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cnnplay.training.allocator import keep_memory, release_memory

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not keep_memory(), reason="glibc's allocator only"
)
BLOCKS, SIZE = 16, 4 << 20


def allocate_and_free() -> int:
    """The pages that the system had to hand out for 16 blocks of 4 MiB, all written to."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [torch.ones(SIZE // 4) for _ in range(BLOCKS)]
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def keep() -> None:
    """In a process of its own."""
    keep_memory()
    pages = BLOCKS * SIZE // resource.getpagesize()
    for _ in range(4):  # until the blocks have found their places
        allocate_and_free()
    assert allocate_and_free() < pages / 100


def give_back() -> None:
    """In a process of its own."""
    keep_memory()
    allocate_and_free()
    held = resident()
    assert release_memory()
    assert held - resident() > BLOCKS * SIZE / 2
    assert allocate_and_free() > BLOCKS * SIZE // resource.getpagesize() / 2


@pytest.mark.parametrize("check", [keep, give_back])
def test_what_a_step_frees_serves_the_next_one_until_it_is_to_be_given_back(
    check: Callable[[], None],
) -> None:
    """Apart from other tests: their threads allocate and free too, and pages are counted of the process."""
    command = [sys.executable, "-c", f"from {__name__} import {check.__name__} as check; check()"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
