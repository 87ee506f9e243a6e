"""Files that are damaged, cut off, or made to do harm: one clear line each, and nothing else happens."""

import json
import random
import re
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import save as to_safetensors

from cnnplay.project.errors import ProjectError
from cnnplay.project.project import Project
from cnnplay.project.store import load, save

resource = pytest.importorskip("resource")


@pytest.fixture(scope="module")
def whole(project: Project, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.cnnplay"
    save(project, path)
    return path.read_bytes()


@pytest.fixture
def members(whole: bytes, tmp_path: Path) -> dict[str, bytes]:
    path = tmp_path / "whole.zip"
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _refused(path: Path) -> str:
    """What is said of a file that must not load: one line that names it."""
    with pytest.raises(ProjectError) as caught:
        load(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert len(message) < 400
    return message


def _zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_project_cut_off_at_every_64th_byte_is_refused_in_one_line(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.cnnplay"
    path.write_bytes(whole)
    for length in range((len(whole) - 1) // 64 * 64, -1, -64):
        with path.open("r+b") as file:
            file.truncate(length)
        with pytest.raises(ProjectError) as caught:
            load(path)
        assert str(caught.value).startswith("cut.cnnplay: expected a complete zip archive")
        assert "\n" not in str(caught.value)


def test_flipped_bits_are_refused_or_harmless(whole: bytes, project: Project, tmp_path: Path) -> None:
    """The checksums see every change of the content; a flipped time stamp or the like harms nobody."""
    path = tmp_path / "flipped.cnnplay"
    draw = random.Random(0)
    directory = whole.rindex(b"PK\x01\x02") - 200
    for turn in range(1000):
        content = bytearray(whole)
        # Half of them where they hurt most: the zip's directory at the end.
        place = draw.randrange(directory if turn % 2 else 0, len(content))
        content[place] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        found = _outcome(path)
        if isinstance(found, str):
            assert "\n" not in found
            assert len(found) < 400
        else:
            assert found.network == project.network
            if found.trained is not None and project.trained is not None:
                its, mine = found.trained.last, project.trained.last
                assert all(torch.equal(its[key], mine[key]) for key in mine)


def _outcome(path: Path) -> Project | str:
    try:
        return load(path)
    except ProjectError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_refused(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.cnnplay"
    path.write_bytes(random.Random(seed).randbytes(seed * 97))
    assert "expected a complete zip archive" in _refused(path)


def test_a_newer_version_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    members["project.json"] = members["project.json"].replace(b'"version": 2', b'"version": 9')
    said = _refused(_zip(tmp_path / "a.cnnplay", members))
    assert said.startswith("a.cnnplay: project.json: written by a newer CNN Playground (version 9; ")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "..\\evil.txt",
        "C:\\evil",
        "sub/project.json",
        "evil.pkl",
        "weights.safetensors/",
    ],
)
def test_members_with_other_names_are_refused_and_nothing_is_unpacked(
    members: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    inside = tmp_path / "deep" / "er"
    inside.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    path = _zip(inside / "a.cnnplay", {**members, name: b"harm"})
    assert "expected only the members project.json" in _refused(path)
    assert set(tmp_path.rglob("*")) == before | {path}


def test_a_member_given_twice_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.cnnplay", members)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("project.json", b"{}")
    assert "project.json twice" in _refused(path)


def test_a_link_in_the_archive_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "a.cnnplay"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", members["project.json"])
        link = zipfile.ZipInfo("weights.safetensors")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "found a link" in _refused(path)


@pytest.mark.parametrize("name", ["project.json", "history.json", "weights.safetensors"])
def test_a_bomb_is_refused_before_it_unpacks(members: dict[str, bytes], tmp_path: Path, name: str) -> None:
    members[name] = b" " * (30 * 2**20)
    path = _zip(tmp_path / "a.cnnplay", members, zipfile.ZIP_DEFLATED)
    assert "times its packed" in _refused(path)


def test_a_member_longer_than_it_declares_is_refused_without_unpacking_it_all(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    """A lie in the directory: 30 MiB that call themselves 100 bytes."""
    members["project.json"] = b" " * (30 * 2**20)
    path = _zip(tmp_path / "a.cnnplay", members, zipfile.ZIP_DEFLATED)
    content = path.read_bytes().replace(struct.pack("<L", 30 * 2**20), struct.pack("<L", 100))
    path.write_bytes(content)
    assert "project.json: damaged" in _refused(path)


def test_a_member_shorter_than_it_declares_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.cnnplay", members)
    size = len(members["project.json"])
    content = path.read_bytes().replace(struct.pack("<LL", size, size), struct.pack("<LL", size, size + 500))
    path.write_bytes(content)
    assert "project.json" in _refused(path)


@pytest.mark.parametrize("text", [b"x" * (17 * 2**20)], ids=["17 MiB"])
def test_a_text_beyond_its_limit_is_refused(members: dict[str, bytes], tmp_path: Path, text: bytes) -> None:
    members["project.json"] = text
    assert "at most 16,777,216 bytes" in _refused(_zip(tmp_path / "a.cnnplay", members))


def test_other_packing_and_encryption_are_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.cnnplay", members, zipfile.ZIP_BZIP2)
    assert "stored or deflated" in _refused(path)
    content = bytearray(_zip(tmp_path / "b.cnnplay", members).read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "b.cnnplay").write_bytes(content)
    assert "no encryption" in _refused(tmp_path / "b.cnnplay")


def test_an_archive_without_project_json_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    del members["project.json"]
    assert "expected project.json in the archive" in _refused(_zip(tmp_path / "a.cnnplay", members))
    assert "found nothing" in _refused(_zip(tmp_path / "b.cnnplay", {}))


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        del data[key]

    return change


def _with(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data.update(values)

    return change


def _twins(data: dict[str, Any]) -> None:
    data["network"]["stack"][1]["id"] = data["network"]["stack"][0]["id"]


def _odd_facts(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["facts"]["preprocessing"].update(values)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("network"), "network"),
        (_without("version"), "version: expected a whole number"),
        (_without("format"), 'expected an object with "format"'),
        (_with(format="other"), 'expected an object with "format"'),
        (_with(config={"epochs": "many"}), "$.config.epochs"),
        (_with(harm=1), "harm"),
        (_with(last_epoch=-1), "$.last_epoch"),
        (_with(best_epoch=0), "$.best_epoch"),
        (_with(view=[]), "$.view"),
        (_with(network={"name": "x"}), "$.network"),
        (_twins, "two layers are named 'conv-1'"),
        (_odd_facts(mean=[]), "facts.preprocessing.mean: expected 1 numbers"),
        (_odd_facts(std=[0]), "facts.preprocessing.std: expected numbers above 0"),
        (_odd_facts(input=[1, 28, 28]), "facts.preprocessing.input"),
    ],
)
def test_a_document_that_does_not_hold_together_is_refused_where_it_does_not(
    members: dict[str, bytes], tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    data = json.loads(members["project.json"])
    change(data)
    members["project.json"] = json.dumps(data).encode()
    message = _refused(_zip(tmp_path / "a.cnnplay", members))
    assert message.startswith("a.cnnplay: project.json: ")
    assert said in message


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format":"cnnplay-project","version":1' + b"0" * 6000 + b"}",
        b'{"format":"cnnplay-project","version":1,"network":{"stack":' + b'[{"kind":"skip","body":' * 50_000,
    ],
)
def test_text_that_is_no_document_is_refused(members: dict[str, bytes], tmp_path: Path, text: bytes) -> None:
    members["project.json"] = text
    assert _refused(_zip(tmp_path / "a.cnnplay", members)).startswith("a.cnnplay: project.json: ")


def test_blocks_nested_without_end_are_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    data = json.loads(members["project.json"])
    stack: list[Any] = []
    for number in range(200):
        stack = [{"kind": "skip", "id": f"skip-{number}", "body": stack}]
    data["network"]["stack"] = stack
    members["project.json"] = json.dumps(data).encode()
    assert "nested" in _refused(_zip(tmp_path / "a.cnnplay", members))


def test_weights_of_other_shapes_are_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    members["weights.safetensors"] = to_safetensors({"conv-1.weight": torch.zeros(2, 2)})
    message = _refused(_zip(tmp_path / "a.cnnplay", members))
    assert "weights.safetensors: the weights do not belong to the network" in message
    assert "conv-1.weight: expected 6 × 1 × 5 × 5; found 2 × 2" in message


def test_weights_larger_than_the_network_are_refused_unread(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    members["best-weights.safetensors"] = to_safetensors({"conv-1.weight": torch.zeros(2**20)})
    assert "best-weights.safetensors: expected at most" in _refused(_zip(tmp_path / "a.cnnplay", members))


def test_weights_that_are_none_are_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    for content in (
        b"",
        b"\x80\x02cos\nsystem\n",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
    ):
        members["weights.safetensors"] = content
        assert "weights.safetensors: " in _refused(_zip(tmp_path / "a.cnnplay", members))


def test_weights_of_a_network_that_cannot_be_computed_are_refused(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    data = json.loads(members["project.json"])
    data["trained_network"]["stack"] = data["trained_network"]["stack"][:1]
    members["project.json"] = json.dumps(data).encode()
    assert "expected a network that can have weights" in _refused(_zip(tmp_path / "a.cnnplay", members))


def test_a_network_of_a_trillion_weights_opens_and_takes_no_memory(project: Project, tmp_path: Path) -> None:
    huge = msgspec.structs.replace(project.network, stack=(*project.network.stack,))
    data = json.loads(msgspec.json.encode(huge))
    data["stack"][-1]["units"] = 10**12
    document = {"format": "cnnplay-project", "version": 1, "network": data, "config": {}, "data": "x"}
    path = _zip(tmp_path / "a.cnnplay", {"project.json": json.dumps(document).encode()})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000 * (1024 if sys.platform == "darwin" else 1)


def test_a_history_that_is_none_is_refused_where_it_is(members: dict[str, bytes], tmp_path: Path) -> None:
    members["history.json"] = b"[1, 2"
    assert _refused(_zip(tmp_path / "a.cnnplay", members)).startswith("a.cnnplay: history.json: ")


def test_packed_by_another_program_it_opens_all_the_same(
    members: dict[str, bytes], project: Project, tmp_path: Path
) -> None:
    found = load(_zip(tmp_path / "a.cnnplay", members, zipfile.ZIP_DEFLATED))
    assert found.network == project.network
    assert found.trained is not None


@pytest.mark.parametrize(
    ("name", "field", "filler"),
    [
        ("history.json", "events", b"{},"),
        ("history.json", "at", b"0,"),
        ("project.json", "view", b""),
    ],
)
def test_a_small_file_that_unpacks_to_millions_of_values_is_refused(
    project: Project, tmp_path: Path, name: str, field: str, filler: bytes
) -> None:
    """It is refused before it is decoded: in a few times the memory of its text."""
    save(project, tmp_path / "a.cnnplay")
    with zipfile.ZipFile(tmp_path / "a.cnnplay") as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    if filler:
        many = b"[" + filler * 4_000_000 + filler[:-1] + b"]"
        members[name] = b'{"' + field.encode() + b'":' + many + b"}"
    else:
        document = json.loads(members[name])
        document["view"] = {"a": [0] * 600_000}
        members[name] = json.dumps(document, separators=(",", ":")).encode()
    with zipfile.ZipFile(tmp_path / "b.cnnplay", "w", zipfile.ZIP_STORED) as archive:
        for one, content in members.items():
            archive.writestr(one, content)
    del members
    with pytest.raises(ProjectError, match=rf"{name}: expected at most [0-9,]+ values"):
        load(tmp_path / "b.cnnplay")


@pytest.mark.parametrize("field", ["height", "filters", "epochs", "batch_size"])
def test_a_number_beyond_all_reason_is_refused(project: Project, tmp_path: Path, field: str) -> None:
    save(project, tmp_path / "a.cnnplay")
    with zipfile.ZipFile(tmp_path / "a.cnnplay") as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    text = members["project.json"].decode()
    changed, count = re.subn(rf'("{field}": )[0-9]+', r"\g<1>" + "9" * 18, text)
    assert count
    with zipfile.ZipFile(tmp_path / "b.cnnplay", "w") as archive:
        for one, content in {**members, "project.json": changed.encode()}.items():
            archive.writestr(one, content)
    with pytest.raises(ProjectError, match=field):
        load(tmp_path / "b.cnnplay")
