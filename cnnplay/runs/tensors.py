"""Tensors of a run's files, with a checksum in the header: a disk's damage must not train on as weights.

With torch: what the window shows at first does without.
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
from cnnplay.runs.plain import check_room, open_plain
from cnnplay.runs.record import RunDamage, RunError

CHECKSUM = "cnnplay-crc32"
"""The header's key; a file of an earlier program lacks it."""


def write_checked(tensors: Weights, path: Path, about: Mapping[str, str]) -> None:
    """As `write_tensors`, with a checksum of the tensors and of what is said of them."""
    write_tensors(tensors, path, {**about, CHECKSUM: _checksum(tensors, about)})


def read_checked(path: Path, kind: str) -> tuple[dict[str, str], Weights]:
    """What a safetensors file says of itself, and its tensors. RunDamage, which calls it a `kind`, where it
    is none or was changed since; RunError where it is no plain file, cannot be read, or is larger than the
    free memory; FileNotFoundError.
    """
    try:
        with open_plain(path) as plain:
            check_room(path, os.fstat(plain.fileno()).st_size)
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
    """CRC-32 of what the file says of itself, and of each tensor's name, type, shape and bytes, by name."""
    words = sorted((key, text) for key, text in about.items() if key not in (CHECKSUM, "format"))
    sum_ = zlib.crc32(json.dumps(words).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach()
        sum_ = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), sum_)
        sum_ = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, sum_)
    return f"{sum_:08x}"
