"""Untrusted weights files: plain tensors are read, anything else is refused in one line."""

import io
import os
import random
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as to_safetensors
from torch import nn

from cnnplay.modules.weights import Weights
from cnnplay.project import weights_file
from cnnplay.project.errors import WeightsError
from cnnplay.project.project import Project
from cnnplay.project.store import save
from cnnplay.project.weights_file import Facts, facts_of, not_finite, read, read_file
from cnnplay.spec.preprocessing import Preprocessing


def _weights() -> Weights:
    generator = torch.Generator().manual_seed(0)
    return {
        "conv-1.weight": torch.randn(6, 1, 5, 5, generator=generator),
        "conv-1.bias": torch.randn(6, generator=generator),
        "batch-norm-1.num_batches_tracked": torch.tensor(7),
        "half": torch.randn(3, generator=generator).half(),
    }


def _same(found: Weights, expected: Weights) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[k], expected[k]) for k in expected)


def _saved(content: Any, path: Path, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def _refused(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert len(message) < 400
    return message


def test_safetensors_are_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("a.safetensors", "a.pt", "a"):
        (tmp_path / name).write_bytes(to_safetensors(_weights()))
        assert _same(read(tmp_path / name), _weights())


@pytest.mark.parametrize("start", [b"", (2**40).to_bytes(8, "little") + b"{", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_a_file_larger_than_the_memory_is_refused_and_takes_none(
    tmp_path: Path, start: bytes, name: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(start)
        file.truncate(2**42)  # a hole: it takes no room on the disk
    assert "bytes of memory; " in _refused(tmp_path / name)


def test_a_safetensors_file_is_not_read_beyond_a_header_that_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_file, "available_bytes", lambda: 2**60)
    with (tmp_path / "a.safetensors").open("wb") as file:
        file.write((2**39).to_bytes(8, "little") + b"{")
        file.truncate(2**42)
    assert "expected a safetensors header" in _refused(tmp_path / "a.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pt")
    assert "expected a regular file" in _refused(tmp_path / "a.pt")


def test_weights_that_were_read_outlive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(to_safetensors(_weights()))
    found = read(path)
    path.write_bytes(b"")
    assert _same(found, _weights())


@pytest.mark.parametrize("legacy", [False, True])
def test_state_dicts_are_read_in_torchs_new_and_old_form(tmp_path: Path, legacy: bool) -> None:
    path = _saved(_weights(), tmp_path / "a.pth", _use_new_zipfile_serialization=not legacy)
    assert _same(read(path), _weights())


@pytest.mark.parametrize("name", ["state_dict", "model", "model_state_dict"])
def test_a_state_dict_beside_other_things_is_found(tmp_path: Path, name: str) -> None:
    checkpoint = {
        "epoch": 3,
        name: OrderedDict(_weights()),
        "optimizer": {"state": {}, "lr": 0.1},
        "tags": ["a"],
    }
    assert _same(read(_saved(checkpoint, tmp_path / "a.pt")), _weights())


def test_of_several_state_dicts_the_plain_one_is_taken_and_it_is_said(tmp_path: Path) -> None:
    checkpoint = {
        "best_acc1": torch.tensor(0.7),
        "loss": torch.ones(3),
        "epoch": 3,
        "state_dict_ema": {"a": torch.zeros(2)},
        "state_dict": {"a": torch.ones(2)},
    }
    found = read_file(_saved(checkpoint, tmp_path / "a.pth.tar"))
    assert _same(found.weights, {"a": torch.ones(2)})
    assert len(found.notes) == 1
    assert "'state_dict'" in found.notes[0]
    assert "the file also has 'state_dict_ema'" in found.notes[0]


@pytest.mark.parametrize("name", ["network", "model_ema", "state_dict_ema"])
def test_other_usual_entries_are_found(tmp_path: Path, name: str) -> None:
    checkpoint = {"acc": torch.tensor(0.5), name: {"module": _weights()}}
    found = read_file(_saved(checkpoint, tmp_path / "a.ckpt"))
    assert _same(found.weights, _weights())
    assert [name in found.notes[0], "module" in found.notes[1]] == [True, True]


@pytest.mark.parametrize(
    "prefix", ["module.", "model.", "_orig_mod.module.", "module._orig_mod.", "model.net."]
)
@pytest.mark.parametrize("safe", [True, False])
def test_wrappers_prefixes_are_taken_off_in_any_order_and_format(
    tmp_path: Path, prefix: str, safe: bool
) -> None:
    wrapped = {prefix + name: tensor for name, tensor in _weights().items()}
    path = tmp_path / "a"
    path.write_bytes(to_safetensors(wrapped)) if safe else torch.save(wrapped, path)
    found = read_file(path)
    assert _same(found.weights, _weights())
    assert any(prefix in note for note in found.notes)


def test_the_file_of_averaged_weights_is_read(tmp_path: Path) -> None:
    module = nn.Linear(2, 3)
    averaged = torch.optim.swa_utils.AveragedModel(module)
    found = read_file(_saved(averaged.state_dict(), tmp_path / "a.pt"))
    assert _same(found.weights, dict(module.state_dict()))


def test_conversions_are_said(tmp_path: Path) -> None:
    given = {"a": torch.ones(2).half(), "b": torch.ones(2).bfloat16(), "c": torch.ones(2).double()}
    (note,) = read_file(_saved(given, tmp_path / "a.pt")).notes
    assert all(f"1 {dtype}" in note for dtype in ("float16", "bfloat16", "float64"))
    assert read_file(_saved({"a": torch.ones(2)}, tmp_path / "b.pt")).notes == ()


def test_parameters_of_a_module_and_wrappers_prefixes_are_taken(tmp_path: Path) -> None:
    wrapped = {f"module.{key}": nn.Parameter(value.float()) for key, value in _weights().items()}
    found = read(_saved(wrapped, tmp_path / "a.pt"))
    assert set(found) == set(_weights())
    assert not any(tensor.requires_grad for tensor in found.values())


def test_shared_and_channels_last_weights_come_out_contiguous(tmp_path: Path) -> None:
    kernel = torch.arange(24.0).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last)
    found = read(_saved({"a": kernel, "b": kernel}, tmp_path / "a.pt"))
    assert all(torch.equal(tensor, kernel) and tensor.is_contiguous() for tensor in found.values())


def test_numbers_that_are_not_finite_are_loaded_and_reported() -> None:
    weights = {"a": torch.tensor([1.0, float("nan"), float("inf")]), "b": torch.ones(2), "c": torch.tensor(1)}
    (line,) = not_finite(weights)
    assert line.startswith("a ")
    assert "2 values that are not finite" in line


class Harm:
    """Unpickled carelessly, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_would_run_something_is_refused_and_nothing_runs(tmp_path: Path, legacy: bool) -> None:
    harmed = tmp_path / "harmed"
    path = _saved(
        {"a": torch.ones(2), "b": Harm(harmed)}, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy
    )
    assert f"a.pt: holds Python objects ({os.system.__module__}.system) besides tensors" in _refused(path)
    assert not harmed.exists()


def test_a_whole_module_is_refused_with_the_way_out(tmp_path: Path) -> None:
    message = _refused(_saved(nn.Linear(2, 2), tmp_path / "a.pt"))
    assert "torch.nn.modules.linear.Linear" in message
    assert "torch.save(model.state_dict()" in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (torch.ones(3), "found a tensor"),
        ([torch.ones(3)], "found a value of type list"),
        ({"a": torch.ones(3), "b": 3}, "found a value of type int at 'b'"),
        ({"epoch": 3}, "found a value of type int at 'epoch'"),
        ({1: torch.ones(3)}, "found a tensor at '1'"),
        ({}, "found an empty one"),
        ({"a": torch.ones(3, dtype=torch.complex64)}, "holds Python objects (torch.ComplexFloatStorage)"),
        ({"a": torch.eye(3).to_sparse()}, "holds Python objects"),
        ({"a": torch.ones(3, device="meta")}, "holds Python objects"),
    ],
)
def test_what_is_not_a_state_dict_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    assert said in _refused(_saved(content, tmp_path / "a.pt"))


def test_a_small_file_that_poses_as_a_huge_tensor_is_refused(tmp_path: Path) -> None:
    stretched = torch.ones(1).expand(10**8, 10**6)
    assert "expected sizes within the file" in _refused(_saved({"a": stretched}, tmp_path / "a.pt"))
    many = {f"t{number}": torch.ones(1).expand(1000, 1000) for number in range(30)}
    assert "expected no more numbers than the file's" in _refused(_saved(many, tmp_path / "b.pt"))


def _pickle_of(instructions: bytes, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", instructions)
        archive.writestr("archive/version", b"3\n")
    return path


def test_pickles_that_only_take_memory_are_refused(tmp_path: Path) -> None:
    long = b"\x80\x02cbuiltins\nbytearray\n\x8a\x06" + (10**13).to_bytes(6, "little") + b"\x85R."
    assert "builtins.bytearray" in _refused(_pickle_of(long, tmp_path / "a.pt"))
    other = b"\x80\x04\x8c\x02os\x8c\x06system\x93."
    assert "protocol 2" in _refused(_pickle_of(other, tmp_path / "b.pt"))


TWICE = b"h\x00h\x00\x86q\x00"
"""A tuple that holds the one before twice: its hash takes twice as long."""


def _tensor_beside(instructions: bytes) -> bytes:
    """A state dict with one tensor, and one more item whose value the instructions make."""
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(2)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        pickled = archive.read("archive/data.pkl")
    assert pickled.endswith(b"s.")
    return pickled[:-1] + instructions + b"s."


HOSTILE = {
    "a key whose hash never ends": b")q\x00" + 60 * TWICE + b"K\x01",
    "a key that is a dictionary": b"}K\x01",
    "a key that is a tensor": b"h\x0eK\x01",
    "pairs whose keys never end": b"X\x01\x00\x00\x00bccollections\nOrderedDict\n](]()q\x00" + 60 * TWICE
    + b"K\x01ee\x85R",
    "lists nested deep": b"X\x01\x00\x00\x00b" + 100_000 * b"]" + 99_999 * b"a",
    "tuples nested deep": b"X\x01\x00\x00\x00b)" + 100_000 * b"\x85",
    "a list that contains itself": b"X\x01\x00\x00\x00b]q\x00h\x00a",
    "a list that changes inside another": b"X\x01\x00\x00\x00b]q\x00]q\x01h\x00ah\x00h\x01a",
    "too many instructions": b"X\x01\x00\x00\x00b](" + 600_000 * b"N" + b"e",
    "a class that stays a class": b"X\x01\x00\x00\x00bccollections\nOrderedDict\n",
    "a call with other arguments": b"X\x01\x00\x00\x00bctorch\nSize\n(]t\x85R",
    "a value from below the mark": b"X\x01\x00\x00\x00b(\x85",
    "a mark that is remembered": b"X\x01\x00\x00\x00b(q\x00h\x00",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pickle_that_would_hang_or_end_the_process_is_refused_before_torch_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(torch, "load", lambda *_args, **_options: pytest.fail("torch read the file"))
    _refused(_pickle_of(_tensor_beside(HOSTILE[name]), tmp_path / "a.pt"))
    old = io.BytesIO()
    torch.save({"a": torch.ones(2)}, old, _use_new_zipfile_serialization=False)
    head = old.getvalue()[: old.getvalue().index(b"\x80\x02}q\x00X\x01")]
    (tmp_path / "old.pt").write_bytes(head + _tensor_beside(HOSTILE[name]))
    _refused(tmp_path / "old.pt")


def test_the_state_dict_of_python_2_is_read(tmp_path: Path) -> None:
    """Published weights of 2017 hold their pairs in a list, as Python 2 wrote an OrderedDict."""
    buffer = io.BytesIO()
    torch.save({"b": torch.arange(2.0)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    pickled = members["archive/data.pkl"]
    tensor = pickled[pickled.index(b"ctorch._utils") : -2]
    members["archive/data.pkl"] = (
        b"\x80\x02ccollections\nOrderedDict\n](](X\x01\x00\x00\x00b" + tensor + b"ee\x85R."
    )
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert torch.equal(read(tmp_path / "a.pt")["b"], torch.arange(2.0))


def test_what_training_scripts_keep_beside_the_weights_is_no_obstacle(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    checkpoint = {
        "state_dict": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": {"milestones": {3: 1}, "nested": [{"a": ((1, 2), [None, True])}]},
        "losses": [0.5] * 3000,
        "shape": torch.Size([1, 2]),
        "many": {f"entry {number}": number for number in range(3000)},
    }
    assert _same(read(_saved(checkpoint, tmp_path / "a.pt")), module.state_dict())


def test_packed_members_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(_weights(), buffer)
    path = tmp_path / "a.pt"
    with (
        zipfile.ZipFile(buffer) as given,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in given.namelist():
            packed.writestr(name, given.read(name))
    assert "found compressed ones" in _refused(path)


def test_a_project_is_named_as_one(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    assert "found a project" in _refused(tmp_path / "a.cnnplay")


def test_other_zips_and_missing_files_are_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("readme.txt", "no weights here")
    assert "with data.pkl in it" in _refused(tmp_path / "a.pt")
    assert "cannot be read: No such file" in _refused(tmp_path / "b.pt")
    assert "expected a regular file; found a folder" in _refused(tmp_path)


def _header(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        struct.pack("<Q", 2**63 - 1) + b"{}",
        _header(b"{"),
        _header(b"[]"),
        _header(b'{"a":1}'),
        _header(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}') + bytes(4),
        _header(b'{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}}')
        + bytes(4),
        _header(b'{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}'),
        _header(b'{"a":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}}'),
        _header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}') + bytes(4),
        _header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}') + bytes(4),
        _header(b'{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}') + bytes(4),
        _header(b'{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}') + bytes(8),
        _header(b'{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}') + bytes(4),
        _header(b'{"a":' * 50_000),
        _header(b'{"a":{"shape":[' + b"1" * 6000 + b"]}}"),
    ],
)
def test_a_safetensors_file_that_lies_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    _refused(tmp_path / "a.safetensors")


def _forms() -> dict[str, bytes]:
    forms = {"a.safetensors": to_safetensors(_weights())}
    for name, new in (("new.pt", True), ("old.pt", False)):
        buffer = io.BytesIO()
        torch.save(_weights(), buffer, _use_new_zipfile_serialization=new)
        forms[name] = buffer.getvalue()
    return forms


@pytest.mark.parametrize("name", ["a.safetensors", "new.pt", "old.pt"])
def test_a_weights_file_cut_off_at_every_64th_byte_is_refused(tmp_path: Path, name: str) -> None:
    path, content = tmp_path / name, _forms()[name]
    for length in range(0, len(content), 64):
        path.write_bytes(content[:length])
        _refused(path)


@pytest.mark.parametrize("name", ["a.safetensors", "new.pt", "old.pt"])
def test_flipped_bits_and_garbage_are_refused_or_give_tensors(tmp_path: Path, name: str) -> None:
    path, content, draw = tmp_path / name, _forms()[name], random.Random(1)
    for turn in range(600):
        changed = bytearray(content) if turn % 3 else bytearray(draw.randbytes(turn))
        for _ in range(1 + turn % 4):
            if changed:
                changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        found = _outcome(path)
        if isinstance(found, str):
            assert "\n" not in found
            assert name in found
        else:
            assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())


def _outcome(path: Path) -> Weights | str:
    try:
        return read(path)
    except WeightsError as error:
        return str(error)


RULE = Preprocessing(input=(1, 2, 2), mean=(0.5,), std=(0.25,))
TEXTS = {"preprocessing": '{"input": [1, 2, 2], "mean": [0.5], "std": [0.25]}', "classes": '["a", "b"]'}


def test_what_an_exported_file_says_of_preprocessing_and_classes_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(to_safetensors(_weights(), TEXTS))
    assert facts_of(tmp_path / "a.safetensors") == Facts(RULE, ("a", "b"))
    _saved(_weights(), tmp_path / "b.pt")
    (tmp_path / "b.json").write_text(
        f'{{"preprocessing": {TEXTS["preprocessing"]}, "classes": {TEXTS["classes"]}, "made_by": "x"}}'
    )
    assert facts_of(tmp_path / "b.pt") == Facts(RULE, ("a", "b"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"preprocessing": 1, "classes": []}', "[" * 100_000])
def test_damaged_facts_are_none(tmp_path: Path, text: str) -> None:
    _saved(_weights(), tmp_path / "a.pt")
    assert facts_of(tmp_path / "a.pt") == Facts()
    (tmp_path / "a.json").write_text(text)
    assert facts_of(tmp_path / "a.pt") == Facts()
    (tmp_path / "b.safetensors").write_bytes(
        to_safetensors(_weights(), {"preprocessing": text, "classes": "[]"})
    )
    assert facts_of(tmp_path / "b.safetensors") == Facts()
    assert facts_of(tmp_path / "missing.pt") == Facts()
