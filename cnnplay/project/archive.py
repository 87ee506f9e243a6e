"""The zip archive of a project: only known members, with limits against decompression bombs."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cnnplay.data.regular_file import open_regular
from cnnplay.modules.trained_weights import Which
from cnnplay.network.json_bounds import size_problem
from cnnplay.project.errors import ProjectError, one_line

PROJECT = "project.json"
WEIGHTS: dict[Which, str] = {
    "last": "weights.safetensors",
    "best": "best-weights.safetensors",
    "averaged": "averaged-weights.safetensors",
}
HISTORY = "history.json"

Buffer: TypeAlias = bytes | memoryview

MEBIBYTE = 2**20
LARGEST = {PROJECT: 16 * MEBIBYTE, HISTORY: 64 * MEBIBYTE}
"""The most bytes that JSON members may unpack to. Weights are limited by the size of their network."""
MOST_VALUES = {PROJECT: 500_000, HISTORY: 3_000_000}
"""The most values in JSON members: a history has up to 100,000 steps of some ten values."""

RATIO = 100
WEIGHTS_RATIO = 10
"""The largest ratio of unpacked to packed size for members that unpack to more than one MiB."""

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError, OverflowError,
    RuntimeError, KeyError, IndexError,
)  # fmt: skip
"""All exceptions that zipfile raises for damaged files."""


class Archive:
    """A project's zip, open for reading. Raises ProjectError, without the file's name, for any defect."""

    def __init__(self, path: Path) -> None:
        open_regular(path).close()
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGED as error:
            size = path.stat().st_size
            raise ProjectError(
                f"expected a complete zip archive; found {size:,} bytes that are not one ({one_line(error)})"
            ) from None
        try:
            self._members = _checked(self._zip.infolist())
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, largest: int | None = None) -> bytes:
        """A member's bytes, at most `largest` of them (for JSON: as in LARGEST)."""
        member = self._members.get(name)
        if member is None:
            raise ProjectError(f"expected {name} in the archive; found {_listed(self._members)}")
        limit = LARGEST[name] if largest is None else largest
        if member.file_size > limit:
            raise ProjectError(
                f"{name}: expected at most {limit:,} bytes; found {member.file_size:,} declared"
            )
        try:
            with self._zip.open(member) as file:
                content = file.read(member.file_size)
                rest = file.read(1)  # reading to the end verifies the checksum
        except MemoryError:
            raise ProjectError(f"{name}: {member.file_size:,} bytes do not fit into memory") from None
        except _DAMAGED as error:
            raise ProjectError(f"{name}: damaged: {one_line(error)}") from None
        problem = size_problem(content, MOST_VALUES[name]) if name in MOST_VALUES else ""
        if problem:
            raise ProjectError(f"{name}: {problem}")
        if rest or len(content) != member.file_size:
            raise ProjectError(
                f"{name}: expected {member.file_size:,} bytes as declared; found {len(content):,} or more"
            )
        return content


class Pieces(NamedTuple):
    """A member that is generated while it is written: `size` bytes in total, in parts."""

    size: int
    parts: Iterable[Buffer]


def write(path: Path, members: Mapping[str, bytes | Pieces]) -> None:
    """Writes a zip of these members. The same content always gives the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            if isinstance(content, Pieces):
                # Weights do not compress.
                info.file_size = content.size
                with archive.open(info, "w") as file:
                    for part in content.parts:
                        file.write(part)
            else:
                # Not compressed if reading would take it for a decompression bomb.
                if len(content) <= RATIO // 2 * len(zlib.compress(content, 6)):
                    info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)


def _checked(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The members by name. ProjectError unless all are known, regular, unencrypted and within RATIO."""
    known = (PROJECT, *WEIGHTS.values(), HISTORY)
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.filename
        if name not in known:
            raise ProjectError(f"expected only the members {', '.join(known)}; found {name[:100]!r}")
        if name in found:
            raise ProjectError(f"expected each member once; found {name} twice")
        mode = member.external_attr >> 16
        if stat.S_ISLNK(mode) or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
            raise ProjectError(f"{name}: expected a regular file; found a link or another special file")
        if member.flag_bits & 1:
            raise ProjectError(f"{name}: expected no encryption; found an encrypted member")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ProjectError(f"{name}: expected it stored or deflated; found method {member.compress_type}")
        ratio = RATIO if name.endswith(".json") else WEIGHTS_RATIO
        if member.file_size > max(MEBIBYTE, ratio * member.compress_size):
            raise ProjectError(
                f"{name}: expected at most {ratio} times its packed {member.compress_size:,} bytes; "
                f"found {member.file_size:,} declared"
            )
        found[name] = member
    return found


def _listed(members: Mapping[str, object]) -> str:
    return ", ".join(members) or "nothing"
