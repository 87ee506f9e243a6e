"""The free memory: the machine's, or less if a container allows less."""

import ctypes
import os
import sys
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_CGROUP_V1 = _CGROUP / "memory"


def available_bytes() -> int:
    """Bytes that this process may still allocate before the system has to kill a process."""
    found = [value for value in (_machine(), _control_group()) if value is not None]
    return max(0, min(found)) if found else 2 * 2**30


def _machine() -> int | None:
    if sys.platform == "win32":
        return _windows()
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        # macOS reports the total, not the free memory; half of it is a cautious guess.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError):
        return None


def _windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in (
                "total",
                "free",
                "total_page",
                "free_page",
                "total_virtual",
                "free_virtual",
                "extended",
            )
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the attribute exists on Windows alone
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _control_group() -> int | None:
    """The memory left under the tightest limit of this process's control groups (versions 2 and 1), or
    None.
    """
    left = []
    for folder in _group_folders():
        limit, used = _read(folder, "memory.max", "memory.current")
        if limit is None:
            limit, used = _read(folder, "memory.limit_in_bytes", "memory.usage_in_bytes")
        # Version 1 says "no limit" with a number near 2**63.
        if limit is not None and used is not None and limit < 2**60:
            left.append(limit - used + _reclaimable(folder))
    return min(left) if left else None


def _group_folders() -> list[Path]:
    folders = [_CGROUP, _CGROUP_V1]
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return folders
    for line in lines:
        controllers, path = line.split(":", 2)[1:]
        root = _CGROUP if not controllers else _CGROUP_V1
        if controllers in ("", "memory"):
            folder = root / path.lstrip("/")
            folders += [
                inner for inner in (folder, *folder.parents) if inner != root and root in inner.parents
            ]
    return folders


def _read(folder: Path, *names: str) -> tuple[int | None, int | None]:
    try:
        limit, used = (int((folder / name).read_text()) for name in names)
    except (OSError, ValueError):  # "max" means no limit
        return None, None
    return limit, used


def _reclaimable(folder: Path) -> int:
    """File pages count as used but are freed when memory is needed."""
    try:
        for line in (folder / "memory.stat").read_text().splitlines():
            if line.startswith(("inactive_file ", "total_inactive_file ")):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
