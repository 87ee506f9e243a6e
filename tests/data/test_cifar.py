"""CIFAR's binary archives: read by name, nothing unpacked to the disk, malformed ones give an error."""

import gzip
import io
import tarfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.data import cifar
from cnnplay.data.cifar import read_cifar
from cnnplay.data.images import DataError
from cnnplay.data.sources import Member
from tests.mirror import photos, tar_gz

SHAPE = (3, 4, 5)
RECORD = 1 + 60
MEMBERS = (Member(name="c/one.bin", images=2), Member(name="c/two.bin", images=3))
WHOLE = {
    "c/one.bin": bytes(range(2 * RECORD)),
    "c/two.bin": bytes(range(3 * RECORD)),
}


def write(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "c.tar.gz"
    path.write_bytes(tar_gz(members))
    return path


def test_planes_become_images_and_the_last_label_byte_the_class(tmp_path: Path) -> None:
    source, files, planes, labels = photos("")
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(files[path.name])
    images, found = read_cifar(path, source.members, source.shape, source.label_bytes)
    assert np.array_equal(images, planes.transpose(0, 2, 3, 1))
    assert np.array_equal(found, labels)


def test_the_order_is_the_tables_and_not_the_archives(tmp_path: Path) -> None:
    turned = dict(reversed(WHOLE.items()))
    ordered, _ = read_cifar(write(tmp_path, WHOLE), MEMBERS, SHAPE, 1)
    images, _ = read_cifar(write(tmp_path, turned), MEMBERS, SHAPE, 1)
    assert np.array_equal(images, ordered)


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({}, r"expected the file c/one.bin in the archive; found none"),
        ({"c/one.bin": WHOLE["c/one.bin"]}, "expected the file c/two.bin"),
        ({**WHOLE, "c/two.bin": b"short"}, "c/two.bin: expected 183 bytes; found 5"),
    ],
)
def test_an_archive_of_another_kind_gives_an_error(
    tmp_path: Path, members: dict[str, bytes], text: str
) -> None:
    with pytest.raises(DataError, match=text):
        read_cifar(write(tmp_path, members), MEMBERS, SHAPE, 1)


def test_a_link_in_a_members_place_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("c/one.bin")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    path = tmp_path / "c.tar.gz"
    path.write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="expected a regular file; found a link"):
        read_cifar(path, MEMBERS, SHAPE, 1)


def test_nothing_is_written_wherever_names_lead(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    read_cifar(write(folder, {"../escaped": b"x", "/tmp/escaped": b"x", **WHOLE}), MEMBERS, SHAPE, 1)
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "c.tar.gz"]


def test_what_unpacks_into_more_than_is_expected_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar, "SLACK", 2**16)
    path = write(tmp_path, {"c/padding": b"\0" * 2**22, **WHOLE})
    with pytest.raises(DataError, match=r"expected at most .* bytes unpacked; found more"):
        read_cifar(path, MEMBERS, SHAPE, 1)


@given(data=st.data())
def test_a_damaged_archive_is_read_or_gives_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """The damage is within the packing too: in the tar archive, under a gzip whose checksum is right."""
    path = tmp_path_factory.mktemp("cifar") / "c.tar.gz"
    content = bytearray(gzip.decompress(tar_gz(WHOLE)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 3000))] = data.draw(st.integers(0, 255))
    packed = gzip.compress(content[: data.draw(st.integers(0, len(content)))], 1)
    path.write_bytes(packed[: data.draw(st.integers(0, len(packed)))] if data.draw(st.booleans()) else packed)
    with suppress(DataError):
        images, _ = read_cifar(path, MEMBERS, SHAPE, 1)
        assert images.shape == (5, 4, 5, 3)
