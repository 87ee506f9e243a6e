"""The C library's allocator, told to keep the memory of one step for the next.

A step allocates the same tensors as the step before. glibc by default returns those of some size to the
system at the end of a step and asks for them again at the next: the system hands out each page anew, filled
with zeros, and a run of small pictures spends a third of its time on that (LeNet-5, two cores: 1,100 pages a
step; 8,600 images/s, and 13,100 where they are kept). After a run the memory is given back whole.
"""

import ctypes
import sys
from typing import Any

MIB = 1 << 20
KEPT = {
    -3: 32 * MIB,  # M_MMAP_THRESHOLD: blocks up to this come from the heap, which is kept
    -1: 512 * MIB,  # M_TRIM_THRESHOLD: only so much unused memory at a heap's end is returned at once
    -2: 64 * MIB,  # M_TOP_PAD: a thread's heaps have this size, and an empty one is not given up
}
"""Parameters of mallopt(3), with their values in bytes."""


def keep_memory() -> bool:
    """From now on, what a step frees is kept for the next one. False where the C library is another one."""
    library = _glibc()
    return library is not None and all(library.mallopt(name, value) for name, value in KEPT.items())


def give_memory_back() -> bool:
    """Returns all unused memory to the system; whether there was any."""
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


def _glibc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
