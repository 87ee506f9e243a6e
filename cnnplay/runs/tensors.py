"""A run's tensor files, with a checksum in the header: damaged weights must not be trained further.

Imports torch, so the window must not import it at startup.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError

from cnnplay.modules.tensor_file import read_tensors, write_tensors
from cnnplay.modules.weights import Weights
from cnnplay.runs.record import RunDamage, RunError
from cnnplay.runs.regular_file import check_memory, open_regular_file

CHECKSUM = "cnnplay-crc32"
"""The key in the header; files of earlier versions lack it."""


def write_checked(tensors: Weights, path: Path, about: Mapping[str, str]) -> None:
    """`write_tensors` with a checksum of tensors and metadata."""
    write_tensors(tensors, path, {**about, CHECKSUM: _checksum(tensors, about)})


def read_checked(path: Path, kind: str) -> tuple[dict[str, str], Weights]:
    """A safetensors file's metadata and tensors.

    RunDamage, which names the expected `kind`, if it is damaged or not such a file; RunError if it is not a
    regular file, cannot be read, or is larger than the free memory; FileNotFoundError.
    """
    try:
        with open_regular_file(path) as file:
            check_memory(path, os.fstat(file.fileno()).st_size)
        about, tensors = read_tensors(path)
    except (RunError, FileNotFoundError):
        raise
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise RunDamage(f"{path}: cannot be read as {kind} ({error})") from None
    expected = about.get(CHECKSUM)
    if expected is not None and expected != (found := _checksum(tensors, about)):
        raise RunDamage(
            f"{path}: damaged since it was written: expected the checksum {expected[:20]}; found {found}"
        )
    return about, tensors


def _checksum(tensors: Weights, about: Mapping[str, str]) -> str:
    """CRC-32 of the metadata and of each tensor's name, type, shape and bytes, sorted by name."""
    entries = sorted((key, text) for key, text in about.items() if key not in (CHECKSUM, "format"))
    sum_ = zlib.crc32(json.dumps(entries).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach()
        sum_ = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), sum_)
        sum_ = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, sum_)
    return f"{sum_:08x}"
