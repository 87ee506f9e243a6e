"""What the C library does with the memory that steps free."""

import os
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
    keep_memory()
    allocate_and_free()
    held = resident()
    assert give_memory_back()
    assert held - resident() > BLOCKS * SIZE / 2
    assert allocate_and_free() > BLOCKS * SIZE // resource.getpagesize() / 2


HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
ASK = """
import cnnplay, torch
def huge():
    with open("/proc/self/smaps_rollup") as rolled:
        return next(int(line.split()[1]) for line in rolled if line.startswith("AnonHugePages"))
before = huge()
kept = torch.ones(1 << 24)
print(huge() - before)
"""


@pytest.mark.skipif(
    not HUGE.exists() or "[never]" in HUGE.read_text(), reason="this system has no huge pages"
)
@pytest.mark.parametrize(
    ("asked", "wanted"), [(None, True), ("0", HUGE.exists() and "[always]" in HUGE.read_text())]
)
def test_large_tensors_lie_in_huge_pages_unless_the_user_says_no(asked: str | None, wanted: bool) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "THP_MEM_ALLOC_ENABLE"}
    if asked is not None:
        environment["THP_MEM_ALLOC_ENABLE"] = asked
    told = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    assert (int(told.stdout) > 32 * 1024) == wanted  # of 64 MiB
