"""A folder of images as a data set: one subfolder per class, in alphabetical order.

Images may be in nested folders of a class. Names that begin with a dot (and macOS's ``__MACOSX``) are
ignored; a file that is not an image, or is damaged, is skipped and listed in `problems`. The data set is gray
if every image only contains gray, whatever its file type. The validation split is chosen by file names (see
`split`).
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from math import ceil
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np

from cnnplay.data.decode import SUFFIXES, decode, read_header
from cnnplay.data.images import DataError, ImageArray, ImageSet, ImageSource, Indices
from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import expand_user, is_utf8
from cnnplay.data.split import names_hash, split_by_name

PREFIX = "folder:"
IN_MEMORY_SHARE = 0.25
"""Decoded images are kept while they take at most this share of the free memory."""

_IGNORED = frozenset(["__MACOSX", "Thumbs.db", "desktop.ini"])
_AT_ONCE = 64
_PIECE, _PIECES = 4096, 16
"""A file's fingerprint uses this many pieces, evenly spread; for a small file, all of it."""

Progress: TypeAlias = Callable[[int, int], None]
Cancelled: TypeAlias = Callable[[], bool]


class LoadCancelled(DataError):
    """The user cancelled loading the data set."""


class FileImages:
    """Images that are decoded on demand, all with the same number of channels."""

    def __init__(self, paths: list[Path], kept: list[ImageArray | None], channels: int) -> None:
        self._paths = paths
        self._kept = kept
        self._channels = channels

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int, /) -> ImageArray:
        kept = self._kept[index]
        return _with_channels(decode(self._paths[index]) if kept is None else kept, self._channels)


class _ScannedFile:
    """One scanned file: its size, whether it is gray, the image if it is kept, or the problem with it.

    With `keep`, it is decoded and kept. With `check_color`, a color file is decoded anyway, to find out
    whether it only contains gray.
    """

    __slots__ = ("fingerprint", "gray", "image", "label", "path", "problem", "size")

    def __init__(self, path: Path, label: int, keep: bool, check_color: bool) -> None:
        self.path, self.label, self.problem = path, label, ""
        self.image: ImageArray | None = None
        self.fingerprint = ""
        try:
            self.fingerprint = _fingerprint(path)
            if not keep:
                self.size, self.gray = read_header(path)
            if keep or (check_color and not self.gray):
                image = decode(path)
                self.size, self.gray = (image.shape[0], image.shape[1]), image.shape[2] == 1
                self.image = image if keep else None
        except DataError as error:
            self.problem = _printable(str(error))


def load_folder(
    path: str | Path,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    memory: int | None = None,
) -> ImageSet:
    """The data set in a folder. Raises DataError if it is not one. `memory` limits the size of the decoded
    images kept, in bytes.
    """
    root = expand_user(path)
    names = _class_names(root)
    files, problems = _files(root, names)
    budget = int(available_bytes() * IN_MEMORY_SHARE) if memory is None else memory
    scanned, fingerprints = [], []
    for file in _read_all(files, budget, progress, cancelled):
        # Unreadable files too: whether a truncated image is noticed depends on the free memory.
        fingerprints.append(f"{file.path.relative_to(root).as_posix()} {file.fingerprint}")
        if file.problem:
            problems.append(file.problem)
        else:
            scanned.append(file)
    labels = np.array([file.label for file in scanned], np.int64)
    _check_empty_classes(root, names, labels, problems)
    return _image_set(root, names, scanned, labels, tuple(problems), names_hash(fingerprints))


def _image_set(
    root: Path,
    names: tuple[str, ...],
    scanned: list[_ScannedFile],
    labels: Indices,
    problems: tuple[str, ...],
    contents: str,
) -> ImageSet:
    channels = 1 if all(file.gray for file in scanned) else 3
    sizes = {file.size for file in scanned}
    size = sizes.pop() if len(sizes) == 1 else None
    images: ImageSource
    if size is not None and all(file.image is not None for file in scanned):
        images = np.stack(
            [_with_channels(file.image, channels) for file in scanned if file.image is not None]
        )
    else:
        images = FileImages([file.path for file in scanned], [file.image for file in scanned], channels)
    places = [file.path.relative_to(root).as_posix() for file in scanned]
    train, validation = split_by_name(labels, places)
    root = root.resolve()
    if not len(validation):
        raise DataError(
            f"{root}: expected a class with two or more images, so that one can validate; found none"
        )
    return ImageSet(
        key=f"{PREFIX}{root}",
        title=root.name or str(root),
        classes=names,
        images=images,
        labels=labels,
        train=train,
        validation=validation,
        shape=None if size is None else (channels, *size),
        channels=channels,
        problems=problems,
        mark=names_hash(places[index] for index in validation),
        contents=contents,
    )


def _class_names(root: Path) -> tuple[str, ...]:
    try:
        if not root.is_dir():
            found = "a file" if root.exists() else "nothing"
            raise DataError(f"{root}: expected a folder with one subfolder per class; found {found}")
        names = tuple(
            sorted(entry.name for entry in root.iterdir() if _is_included(entry.name) and entry.is_dir())
        )
    except OSError as error:
        raise DataError(f"{root}: cannot be read ({error.strerror or error})") from None
    for name in (str(root.resolve()), *names):
        if not is_utf8(name):  # it could not be stored in a run or a project
            raise DataError(f"{_printable(name)}: expected a UTF-8 name; found other bytes: rename it")
    if len(names) < 2:
        found = f"one, {names[0]!r}" if names else "none"
        raise DataError(f"{root}: expected two or more subfolders, one per class; found {found}")
    return names


def _files(root: Path, names: tuple[str, ...]) -> tuple[list[tuple[Path, int]], list[str]]:
    """The image files with their labels, sorted by name, and a line for every file that is not an image."""
    files: list[tuple[Path, int]] = []
    problems: list[str] = []
    for label, name in enumerate(names):
        for path in _files_below(root / name):
            if path.suffix.lower() in SUFFIXES:
                files.append((path, label))
            else:
                problems.append(f"{_printable(path)}: not an image file name; skipped")
    return files, problems


def _files_below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})")

    # Links to folders are not followed: a link to a parent folder would never end.
    for parent, inner, files in os.walk(folder, onerror=refuse):
        inner[:] = sorted(name for name in inner if _is_included(name))
        for name in sorted(files):
            if _is_included(name):
                yield Path(parent, name)


def _is_included(name: str) -> bool:
    return not name.startswith(".") and name not in _IGNORED


def _read_all(
    files: list[tuple[Path, int]], budget: int, progress: Progress | None, cancelled: Cancelled | None
) -> Iterator[_ScannedFile]:
    """Decodes the files, several at a time; once the budget is spent, only reads their headers.

    Even then, color files are decoded until the first one that contains color: whether the data set is gray
    must not depend on the free memory.
    """
    spent = done = 0
    gray = True
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "cnnplay-decode")
    try:
        for first in range(0, len(files), _AT_ONCE):
            _raise_if_cancelled(cancelled)
            paths, labels = zip(*files[first : first + _AT_ONCE], strict=True)
            for file in pool.map(_ScannedFile, paths, labels, repeat(spent < budget), repeat(gray)):
                _raise_if_cancelled(cancelled)  # a single image may take a second
                if file.image is not None:
                    spent += file.image.nbytes
                    if spent > budget:
                        file.image = None
                gray = gray and (bool(file.problem) or file.gray)
                yield file
            done += len(paths)
            if progress is not None:
                progress(done, len(files))
    finally:
        pool.shutdown(cancel_futures=True)


def _fingerprint(path: Path) -> str:
    """A cheap fingerprint that almost always changes with the image: the file's size, and a checksum of
    pieces of it, including the beginning and the end. "" if it is not a regular file or cannot be read, which
    decoding reports.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            size, found = file.seek(0, os.SEEK_END), 0
            gaps, last = min(_PIECES, ceil(size / _PIECE)) - 1, max(0, size - _PIECE)
            for number in range(gaps + 1):
                file.seek(last * number // max(1, gaps))
                found = crc32(file.read(_PIECE), found)
            return f"{size} {found:08x}"
    except OSError:
        return ""


def _raise_if_cancelled(cancelled: Cancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise LoadCancelled("loading was cancelled")


def _printable(text: str | Path) -> str:
    """Replaces bytes that are not valid text by question marks."""
    return str(text).encode("utf-8", "replace").decode()


def _check_empty_classes(root: Path, names: tuple[str, ...], labels: Indices, problems: list[str]) -> None:
    counts = np.bincount(labels, minlength=len(names))
    empty = [name for name, count in zip(names, counts, strict=True) if count == 0]
    if empty:
        listed = ", ".join(repr(name) for name in empty[:5]) + (" …" if len(empty) > 5 else "")
        inside = f"{root / empty[0]}{os.sep}"
        skipped = [line for line in problems if line.startswith(inside)]
        why = f"; skipped: {skipped[0]}" if skipped else ""
        raise DataError(f"{root}: every class needs a readable image; none in {listed}{why}")


def _with_channels(image: ImageArray, channels: int) -> ImageArray:
    if image.shape[2] == channels:
        return image
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    # The file was gray when the folder was loaded: using its red channel would be wrong.
    raise DataError("an image has changed since the folder was loaded: it was gray and is in color now")
