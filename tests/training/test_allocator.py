"""What the C library does with the memory that steps free."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cnnplay.training.allocator import give_memory_back, keep_memory

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


def test_what_a_step_frees_serves_the_next_one() -> None:
    keep_memory()
    pages = BLOCKS * SIZE // resource.getpagesize()
    for _ in range(4):  # until the blocks have found their places
        allocate_and_free()
    assert allocate_and_free() < pages / 100


def test_all_is_given_back_when_asked_for() -> None:
    """In a process of its own: what other tests' threads free meanwhile would be taken, and no new page."""
    command = [sys.executable, "-c", f"from {__name__} import give_back; give_back()"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def give_back() -> None:
    """In the process of its own."""
    keep_memory()
    allocate_and_free()
    held = resident()
    assert give_memory_back()
    assert held - resident() > BLOCKS * SIZE / 2
    assert allocate_and_free() > BLOCKS * SIZE // resource.getpagesize() / 2
