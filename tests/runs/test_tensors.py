"""The checksum of a run's tensors: everything that a reader takes from the file is in it."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnplay.modules.tensor_file import write_tensors
from cnnplay.runs.record import RunDamage, RunError
from cnnplay.runs.tensors import read_checked, write_checked

TENSORS = {
    "a": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "b": torch.arange(6, 12, dtype=torch.float32).reshape(2, 3),
    "count": torch.tensor(7),
    "nothing": torch.zeros(0, 4),
    "flags": torch.tensor([True, False]),
    "half": torch.ones(3, dtype=torch.float16),
}
ABOUT = {"epoch": "12", "step": "756"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "last.safetensors"
    write_checked(TENSORS, written, ABOUT)
    return written


def test_what_was_written_is_read(path: Path) -> None:
    about, tensors = read_checked(path, "weights")
    assert ABOUT.items() <= about.items()
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def _epoch(header: dict[str, Any]) -> None:
    header["__metadata__"]["epoch"] = "13"


def _names(header: dict[str, Any]) -> None:
    header["a"], header["b"] = header["b"], header["a"]


def _type(header: dict[str, Any]) -> None:
    header["a"]["dtype"] = "I32"


def _shape(header: dict[str, Any]) -> None:
    header["a"]["shape"] = [3, 2]


def _missing(header: dict[str, Any]) -> None:
    header["__metadata__"].pop("step")


@pytest.mark.parametrize("change", [_epoch, _names, _type, _shape, _missing])
def test_a_header_that_was_changed_and_still_makes_sense_is_noticed(
    path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])
    with pytest.raises(RunDamage, match=r"last\.safetensors: damaged since it was written"):
        read_checked(path, "weights")


def test_a_file_without_a_checksum_is_an_earlier_programs(path: Path) -> None:
    write_tensors(TENSORS, path, ABOUT)
    assert read_checked(path, "weights")[1].keys() == TENSORS.keys()


def test_only_damage_is_called_damage(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(RunDamage, match="cannot be read as weights"):
        read_checked(path, "weights")
    with pytest.raises(RunError, match="expected a regular file") as caught:
        read_checked(tmp_path, "weights")
    assert not isinstance(caught.value, RunDamage)
    with pytest.raises(FileNotFoundError):
        read_checked(tmp_path / "none", "weights")
