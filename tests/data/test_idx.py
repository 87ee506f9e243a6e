"""IDX files: what is written is read; what is malformed gives file, place, expected and found."""

import gzip
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnplay.data.idx import read_idx
from cnnplay.data.images import DataError
from tests.mirror import idx

SMALL = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "images.gz"
    path.write_bytes(gzip.compress(content, mtime=0))
    return path


@given(values=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, max_side=9)))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray) -> None:
    path = write(tmp_path_factory.mktemp("idx"), idx(values))
    assert np.array_equal(read_idx(path, values.shape), values)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "expected the magic number, 4 bytes; found 0"),
        (b"\0\0\x09\x03" + idx(SMALL)[4:], "byte 0: expected the magic number 00 00 08 03"),
        (idx(SMALL)[:7], "expected the sizes, 12 bytes; found 3"),
        (idx(SMALL[:1]), r"byte 4: expected the sizes 2 × 3 × 4; found 1 × 3 × 4"),
        (idx(SMALL)[:4] + b"\xff" * 12 + b"\0" * 9, "expected the sizes 2 × 3 × 4; found 4,294,967,295 ×"),
        (idx(SMALL)[:-5], "expected 24 bytes of content; found 19"),
        (idx(SMALL) + b"!", "byte 40: expected the file's end; found more"),
    ],
)
def test_malformed_content_gives_place_expected_and_found(tmp_path: Path, content: bytes, text: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=text) as caught:
        read_idx(path, SMALL.shape)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(at=st.integers(0, 59), value=st.integers(0, 255), end=st.integers(0, 60))
def test_a_damaged_file_is_read_as_it_was_or_gives_an_error(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, end: int
) -> None:
    path = write(tmp_path_factory.mktemp("idx"), idx(SMALL))
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content[:end] if end < 30 else content)
    with suppress(DataError):
        assert np.array_equal(read_idx(path, SMALL.shape), SMALL)


def test_a_file_that_unpacks_into_gigabytes_is_left_where_it_exceeds(tmp_path: Path) -> None:
    heard: list[int] = []
    path = write(tmp_path, idx(SMALL) + b"\0" * 2**26)
    with pytest.raises(DataError, match="found more"):
        read_idx(path, SMALL.shape, lambda: heard.append(1))
    assert len(heard) == 1


def test_reading_can_be_given_up_between_two_pieces(tmp_path: Path) -> None:
    def stop() -> None:
        raise DataError("enough")

    with pytest.raises(DataError, match="enough"):
        read_idx(write(tmp_path, idx(SMALL)), SMALL.shape, stop)
