"""The devices of this machine."""

import os
from pathlib import Path

import torch


class DeviceError(ValueError):
    """A device that this machine does not have; the message is for the user."""


def devices() -> tuple[str, ...]:
    """The available devices: "cpu" first, then "cuda:0" …, then "mps"."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def resolve(name: str) -> torch.device:
    """The device of that name; "auto" is the first GPU, or the CPU if there is none. Raises DeviceError if it
    is absent.
    """
    present = devices()
    if name == "auto":
        return torch.device(present[1] if len(present) > 1 else "cpu")
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in present:
        raise DeviceError(f"device must be auto or one of {', '.join(present)}; got {name}")
    return torch.device(wanted)


def synchronize(device: torch.device) -> None:
    """Waits until the device has computed everything that it was given; the CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def core_count() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def max_threads(processes: int = 1) -> int:
    """How many threads can compute at once: the number of cores, or less under a CPU quota. With several
    `processes`, the number for each of them; at least one.
    """
    limits = [core_count()]
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        limits.append(int(asked))
    quota = _quota()
    if quota is not None:
        limits.append(max(1, round(quota)))
    return max(1, min(limits) // processes)


class IdleCores:
    """Returns how many cores of the machine were idle since the last call.

    Returns None at the first call, and on systems that do not report it (Linux does).
    """

    def __init__(self) -> None:
        self._before = _idle_and_all()

    def __call__(self) -> float | None:
        before, self._before = self._before, _idle_and_all()
        if before is None or self._before is None or self._before[1] <= before[1]:
            return None
        share = (self._before[0] - before[0]) / (self._before[1] - before[1])
        return share * (os.cpu_count() or 1)


def _idle_and_all() -> tuple[float, float] | None:
    """The idle time and the total time of all cores since the machine started."""
    try:
        counts = [float(number) for number in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
    except (OSError, ValueError):
        return None
    return counts[3] + counts[4], sum(counts)


def _quota() -> float | None:
    """The number of cores that the container may use, from its control group (version 2)."""
    try:
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if allowed == "max" else int(allowed) / int(period)
    except (OSError, ValueError):
        return None
