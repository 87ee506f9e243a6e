"""Checking a PyTorch file before torch reads it: what it would create, and how large.

`torch.load(weights_only=True)` runs no harmful code, but a crafted file can make it hang, take much memory or
end the process, and its error messages are long. So the pickle is followed first (`pickle_check`).
"""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cnnplay.project.errors import WeightsError, one_line
from cnnplay.project.pickle_check import check_pickle

SPARE = 2**26
"""The sizes that a pickle declares may sum to little more than the file's size."""

LARGEST_PICKLE = 2**26
LEGACY_STREAMS = 5
"""The pickles in a file from before torch 1.6: magic number, version, system, objects, storage keys."""


def is_zip(start: bytes) -> bool:
    """Whether a file with these first bytes is a zip."""
    return start[:4] == b"PK\x03\x04"


def is_project(path: Path) -> bool:
    """Whether a zip is a project of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "project.json" in archive.namelist()
    except Exception:  # damaged: reading it will report why
        return False


def check_pickled(path: Path) -> None:
    """WeightsError if a file is damaged, holds more than tensors, or declares sizes beyond its own."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if is_zip(file.read(4)):
            _scan(BytesIO(_zipped_pickle(path, size)), size, streams=1)
        else:
            file.seek(0)
            _scan(file, size, streams=LEGACY_STREAMS)


def _zipped_pickle(path: Path, size: int) -> bytes:
    """The file's data.pkl. No member may be compressed: torch compresses none, so none can be a bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise WeightsError(
                    "expected uncompressed members, as torch writes them; found compressed ones"
                )
            if sum(member.file_size for member in members) > size:
                raise WeightsError(
                    f"expected members within the file's {size:,} bytes; found larger ones declared"
                )
            pickled = next((member for member in members if member.filename.endswith("data.pkl")), None)
            if pickled is None:
                raise WeightsError("expected a PyTorch file with data.pkl in it; found a zip without it")
            if pickled.file_size > LARGEST_PICKLE:
                raise WeightsError(f"expected a data.pkl of at most {LARGEST_PICKLE:,} bytes; found more")
            return archive.read(pickled)
    except WeightsError:
        raise
    except Exception as error:  # zipfile raises many kinds
        raise WeightsError(
            f"expected a complete PyTorch file; found a truncated or damaged one ({one_line(error)})"
        ) from None


def _scan(file: BinaryIO, size: int, streams: int) -> None:
    claimed = 0
    for stream in range(streams):
        sizes = check_pickle(
            file,
            "neither a PyTorch nor a safetensors file"
            if stream == 0
            else "a truncated or damaged PyTorch file",
        )
        # The first legacy stream is the magic number, which is not a size.
        claimed += sizes if streams == 1 or stream > 0 else 0
        if claimed > 4 * size + SPARE:
            raise WeightsError(f"expected sizes within the file's {size:,} bytes; found larger ones declared")
