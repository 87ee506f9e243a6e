"""Downloads from mirrors that stall, break off, forget or lie give the published file or an error."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cnnplay.data import download as fetching
from cnnplay.data.download import DownloadError, download
from cnnplay.data.images import DataError
from cnnplay.data.loading import LoadCancelled
from cnnplay.data.lock import locked
from cnnplay.data.store import data_folder, is_downloaded, load_downloaded
from tests.mirror import NAMES, Deed, Mirror, digits, mirror, photos

IMAGES = NAMES[0]
STALL_S = 0.3


@pytest.fixture
def near() -> Iterator[Mirror]:
    with mirror() as made:
        yield made


@pytest.fixture
def far() -> Iterator[Mirror]:
    with mirror() as made:
        yield made


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_data_set_is_downloaded_unpacked_and_kept_alone(near: Mirror) -> None:
    source, near.files = digits(near.address)
    heard: list[tuple[int, int]] = []
    assert not is_downloaded(source)
    assert download(source, lambda done, whole: heard.append((done, whole)))
    assert is_downloaded(source)
    assert left(data_folder(source)) == {"pictures.safetensors", ".lock"}
    whole = source.download_bytes
    assert heard[-1] == (whole, whole)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    images = load_downloaded(source)
    assert images.shape == (1, 28, 28)
    assert (len(images.train), len(images.validation), len(images.test)) == (32, 8, 10)


def test_an_archive_of_photographs_is_downloaded(near: Mirror) -> None:
    source, near.files, planes, labels = photos(near.address)
    download(source)
    images = load_downloaded(source)
    assert np.array_equal(images.image(29), planes[29].transpose(1, 2, 0))
    assert np.array_equal(images.labels, labels)


def test_what_is_here_is_not_downloaded_again(near: Mirror) -> None:
    source, near.files = digits(near.address)
    download(source)
    near.asked.clear()
    assert not download(source)
    assert near.asked == []


@pytest.mark.parametrize(
    ("deed", "text"),
    [
        ("missing", "the server answered 404"),
        ("wrong", "wrong content: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}"),
        ("portal", "wrong file: expected [0-9,]+ bytes, got 25"),
        ("stall", "no data for 0.3 s"),
        ("trickle", "only [0-9]+ bytes/s"),
        ("ftp", "expected a redirect to http or https; got ftp"),
    ],
)
def test_the_next_mirror_helps_where_one_does_not(near: Mirror, far: Mirror, deed: Deed, text: str) -> None:
    source, near.files = digits((near.address, far.address))
    far.files = near.files
    near.plan[IMAGES] = [deed] * 5
    notes: list[str] = []
    download(source, note=notes.append, stall_s=STALL_S)
    assert is_downloaded(source)
    assert [name for name, _ in far.asked] == [IMAGES]
    assert re.search(text, notes[0]), notes


def test_a_link_that_was_planted_in_the_cache_is_not_written_through(near: Mirror, tmp_path: Path) -> None:
    source, near.files = digits(near.address)
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    folder = data_folder(source)
    folder.mkdir(parents=True)
    (folder / f"{IMAGES}.part").symlink_to(precious)
    download(source)
    assert is_downloaded(source)
    assert precious.read_bytes() == b"mine"


def test_if_no_mirror_helps_the_error_names_file_expected_and_found(near: Mirror, far: Mirror) -> None:
    source, near.files = digits((near.address, far.address))
    near.plan[IMAGES] = ["wrong"]
    with pytest.raises(DownloadError) as caught:
        download(source)
    text = str(caught.value)
    assert f"{IMAGES} of MNIST: expected" in text
    assert source.files[0].sha256 in text
    assert "from one of its 2 mirrors" in text
    assert "got " in text
    assert "404" in text
    assert "\n" not in text
    assert not is_downloaded(source)
    assert left(data_folder(source)) == {".lock"}  # wrong bytes do not stay


def test_a_file_that_breaks_off_is_gone_on_with(near: Mirror) -> None:
    source, near.files = digits(near.address)
    near.plan[IMAGES] = ["break off", "break off"]
    download(source)
    ranges = [extent for name, extent in near.asked if name == IMAGES]
    half = len(near.files[IMAGES]) // 2
    assert ranges[0] == ""
    assert ranges[1] == f"bytes={half}-"
    assert len(ranges) == 3
    assert is_downloaded(source)


def test_a_mirror_that_cannot_go_on_begins_again(near: Mirror) -> None:
    source, near.files = digits(near.address)
    near.plan[IMAGES] = ["break off", "ignore range"]
    download(source)
    assert is_downloaded(source)


def test_what_is_longer_than_published_is_refused(near: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    source, near.files = digits(near.address)
    near.plan[IMAGES] = ["longer"]
    with pytest.raises(DownloadError, match="wrong file"):
        download(source)


def test_wrong_bytes_from_before_are_downloaded_again(near: Mirror) -> None:
    source, near.files = digits(near.address)
    data_folder(source).mkdir(parents=True)
    (data_folder(source) / f"{IMAGES}.part").write_bytes(b"not these")
    download(source)
    assert [extent for name, extent in near.asked if name == IMAGES] == ["bytes=9-", ""]
    assert is_downloaded(source)


def test_a_file_that_was_put_there_by_hand_is_used_and_stays(near: Mirror) -> None:
    source, near.files = digits(near.address)
    data_folder(source).mkdir(parents=True)
    (data_folder(source) / IMAGES).write_bytes(near.files[IMAGES])
    (data_folder(source) / NAMES[1]).write_bytes(b"damaged")
    download(source)
    assert [name for name, _ in near.asked] == list(NAMES[1:])
    assert IMAGES in left(data_folder(source))


def test_cancelling_a_silent_download_ends_it_and_the_next_resumes(near: Mirror) -> None:
    source, near.files = digits(near.address)
    half = len(near.files[IMAGES]) // 2
    near.plan[IMAGES] = ["stall"]
    heard = [0]
    with pytest.raises(LoadCancelled):
        download(source, lambda done, _: heard.append(done), lambda: heard[-1] == half)
    assert (data_folder(source) / f"{IMAGES}.part").stat().st_size == half
    download(source)
    assert near.asked[1] == (IMAGES, f"bytes={half}-")
    assert is_downloaded(source)


def test_cancelling_does_not_wait_for_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    source, _ = digits("http://nowhere.invalid/")
    asked, released = threading.Event(), threading.Event()

    def ask(*_: object, **__: object) -> list[object]:
        asked.set()
        released.wait(10)
        raise socket.gaierror("nothing there")

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    before = time.perf_counter()
    with pytest.raises(LoadCancelled):
        download(source, cancelled=asked.is_set)
    assert time.perf_counter() - before < 2
    released.set()  # the thread that was left behind ends


def test_two_at_once_fetch_once(near: Mirror) -> None:
    source, near.files = digits(near.address)
    near.plan[IMAGES] = ["stall"]
    notes: list[str] = []
    waits = threading.Event()

    def note(text: str) -> None:
        notes.append(text)
        waits.set()

    first = threading.Thread(target=download, args=(source,), kwargs={"stall_s": STALL_S})
    first.start()
    assert near.stalled.wait(5)
    second = threading.Thread(target=download, args=(source,), kwargs={"note": note})
    second.start()
    assert waits.wait(5)
    for thread in (first, second):
        thread.join()
    assert notes == ["another program is downloading MNIST: waiting for it"]
    assert is_downloaded(source)
    assert [name for name, _ in near.asked] == [IMAGES, *NAMES]


def test_who_waits_for_another_can_give_up(near: Mirror) -> None:
    source, near.files = digits(near.address)
    data_folder(source).mkdir(parents=True)
    with locked(data_folder(source) / ".lock", lambda: None), pytest.raises(LoadCancelled):
        download(source, cancelled=lambda: True)
    assert near.asked == []


def test_a_full_disk_is_reported_before_anything_is_downloaded(
    near: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, near.files = digits(near.address)
    usage = type("Usage", (), {"free": 5_000})
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"expected 0\.1 MB of free disk space for MNIST; found 0\.0 MB"):
        download(source)
    assert near.asked == []


def test_nobody_there_gives_an_error() -> None:
    with mirror() as gone:
        source, _ = digits(gone.address)
    with pytest.raises(DownloadError, match="refused"):
        download(source)


def test_an_address_that_does_not_exist_gives_an_error() -> None:
    source, _ = digits("http://nowhere.invalid/")
    with pytest.raises(DownloadError, match=r"nowhere\.invalid: "):
        download(source, stall_s=5)
