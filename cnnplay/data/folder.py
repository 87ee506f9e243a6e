"""A folder of pictures as a data set: one sub-folder per class, in the order of their names.

Pictures may lie deeper in a class's folder. What begins with a dot (and macOS's ``__MACOSX``) is passed over;
a file that is no picture, or a damaged one, is left out and named in `problems`. The data set is grey where
every picture shows grey alone, in whichever kind of file. Which pictures validate is decided by their names
(see `split`).
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

from cnnplay.data.decode import SUFFIXES, decode, look
from cnnplay.data.images import DataError, ImageSet, Indices, Picture, Pictures
from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import at_home, is_text
from cnnplay.data.split import by_name, mark_of

PREFIX = "folder:"
IN_MEMORY_SHARE = 0.25
"""Decoded pictures are kept while they take at most this share of the free memory."""

_PASSED_OVER = frozenset(["__MACOSX", "Thumbs.db", "desktop.ini"])
_AT_ONCE = 64
_PIECE, _PIECES = 4096, 16
"""Of a file's bytes its fingerprint is taken of so many pieces, evenly spread: of a small one, of all."""

Progress: TypeAlias = Callable[[int, int], None]
Cancelled: TypeAlias = Callable[[], bool]


class LoadCancelled(DataError):
    """The user no longer wants the data set that was being loaded."""


class FilePictures:
    """Pictures that are decoded when asked for, all with the same number of channels."""

    def __init__(self, paths: list[Path], kept: list[Picture | None], channels: int) -> None:
        self._paths = paths
        self._kept = kept
        self._channels = channels

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int, /) -> Picture:
        kept = self._kept[index]
        return _with_channels(decode(self._paths[index]) if kept is None else kept, self._channels)


class _Read:
    """One file, read or looked at: its size, whether it is grey, the picture where it is kept, or why not.

    `keep` has it decoded and kept. With `judge`, a colour file is decoded all the same, to find out whether
    it shows grey alone.
    """

    __slots__ = ("grey", "label", "path", "picture", "print", "problem", "size")

    def __init__(self, path: Path, label: int, keep: bool, judge: bool) -> None:
        self.path, self.label, self.problem = path, label, ""
        self.picture: Picture | None = None
        self.print = ""
        try:
            self.print = _fingerprint(path)
            if not keep:
                self.size, self.grey = look(path)
            if keep or (judge and not self.grey):
                picture = decode(path)
                self.size, self.grey = (picture.shape[0], picture.shape[1]), picture.shape[2] == 1
                self.picture = picture if keep else None
        except DataError as error:
            self.problem = _shown(str(error))


def load_folder(
    path: str | Path,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    memory: int | None = None,
) -> ImageSet:
    """The data set in a folder; DataError where it is none. `memory` bounds the decoded bytes kept."""
    root = at_home(path)
    names = _class_names(root)
    files, problems = _files(root, names)
    budget = int(available_bytes() * IN_MEMORY_SHARE) if memory is None else memory
    reads, prints = [], []
    for read in _read_all(files, budget, progress, cancelled):
        # Of those with a problem too: a picture that is cut off is one or not, as the free memory has it.
        prints.append(f"{read.path.relative_to(root).as_posix()} {read.print}")
        if read.problem:
            problems.append(read.problem)
        else:
            reads.append(read)
    labels = np.array([read.label for read in reads], np.int64)
    _complain_of_empty_classes(root, names, labels, problems)
    return _image_set(root, names, reads, labels, tuple(problems), mark_of(prints))


def _image_set(
    root: Path,
    names: tuple[str, ...],
    reads: list[_Read],
    labels: Indices,
    problems: tuple[str, ...],
    contents: str,
) -> ImageSet:
    channels = 1 if all(read.grey for read in reads) else 3
    sizes = {read.size for read in reads}
    size = sizes.pop() if len(sizes) == 1 else None
    pictures: Pictures
    if size is not None and all(read.picture is not None for read in reads):
        pictures = np.stack(
            [_with_channels(read.picture, channels) for read in reads if read.picture is not None]
        )
    else:
        pictures = FilePictures([read.path for read in reads], [read.picture for read in reads], channels)
    places = [read.path.relative_to(root).as_posix() for read in reads]
    train, validation = by_name(labels, places)
    root = root.resolve()
    if not len(validation):
        raise DataError(
            f"{root}: no class has two pictures; one class at least must, so that one can validate"
        )
    return ImageSet(
        key=f"{PREFIX}{root}",
        title=root.name or str(root),
        classes=names,
        pictures=pictures,
        labels=labels,
        train=train,
        validation=validation,
        shape=None if size is None else (channels, *size),
        channels=channels,
        problems=problems,
        mark=mark_of(places[index] for index in validation),
        contents=contents,
    )


def _class_names(root: Path) -> tuple[str, ...]:
    try:
        if not root.is_dir():
            found = "a file" if root.exists() else "nothing"
            raise DataError(f"{root}: expected a folder with one sub-folder per class; found {found}")
        names = tuple(
            sorted(entry.name for entry in root.iterdir() if _counts(entry.name) and entry.is_dir())
        )
    except OSError as error:
        raise DataError(f"{root}: cannot be read ({error.strerror or error})") from None
    for name in (str(root.resolve()), *names):
        if not is_text(name):  # it could not be written into a run's or a project's file
            raise DataError(f"{_shown(name)}: expected a name in UTF-8; found other bytes: give it another")
    if len(names) < 2:
        found = f"one, {names[0]!r}" if names else "none"
        raise DataError(f"{root}: expected two sub-folders or more, one per class; found {found}")
    return names


def _files(root: Path, names: tuple[str, ...]) -> tuple[list[tuple[Path, int]], list[str]]:
    """The picture files with their labels, in the order of their names, and a line for what is none."""
    files: list[tuple[Path, int]] = []
    problems: list[str] = []
    for label, name in enumerate(names):
        for path in _below(root / name):
            if path.suffix.lower() in SUFFIXES:
                files.append((path, label))
            else:
                problems.append(f"{_shown(path)}: not a picture by its name; left out")
    return files, problems


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})")

    # Links to folders are not followed: one that leads upwards would never end.
    for parent, inner, files in os.walk(folder, onerror=refuse):
        inner[:] = sorted(name for name in inner if _counts(name))
        for name in sorted(files):
            if _counts(name):
                yield Path(parent, name)


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in _PASSED_OVER


def _read_all(
    files: list[tuple[Path, int]], budget: int, progress: Progress | None, cancelled: Cancelled | None
) -> Iterator[_Read]:
    """Decodes the files, several at a time; once the budget is spent it looks at their beginnings alone.

    Then, too, colour files are decoded until the first that shows colour: whether the data set is grey must
    not depend on the memory that happens to be free.
    """
    spent = done = 0
    grey = True
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "cnnplay-decode")
    try:
        for first in range(0, len(files), _AT_ONCE):
            _stop_where(cancelled)
            paths, labels = zip(*files[first : first + _AT_ONCE], strict=True)
            for read in pool.map(_Read, paths, labels, repeat(spent < budget), repeat(grey)):
                _stop_where(cancelled)  # one picture may take a second
                if read.picture is not None:
                    spent += read.picture.nbytes
                    if spent > budget:
                        read.picture = None
                grey = grey and (bool(read.problem) or read.grey)
                yield read
            done += len(paths)
            if progress is not None:
                progress(done, len(files))
    finally:
        pool.shutdown(cancel_futures=True)


def _fingerprint(path: Path) -> str:
    """Nearly always another one where a file holds another picture, at hardly any cost: its size, and a
    checksum of pieces of it, the beginning and the end among them. "" for what is no plain file or cannot be
    read: to say so is for who decodes it.
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


def _stop_where(cancelled: Cancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise LoadCancelled("loading was cancelled")


def _shown(text: str | Path) -> str:
    """With a question mark for every byte that is no text."""
    return str(text).encode("utf-8", "replace").decode()


def _complain_of_empty_classes(
    root: Path, names: tuple[str, ...], labels: Indices, problems: list[str]
) -> None:
    counts = np.bincount(labels, minlength=len(names))
    empty = [name for name, count in zip(names, counts, strict=True) if count == 0]
    if empty:
        listed = ", ".join(repr(name) for name in empty[:5]) + (" …" if len(empty) > 5 else "")
        inside = f"{root / empty[0]}{os.sep}"
        there = [line for line in problems if line.startswith(inside)]
        why = f"; what was left out: {there[0]}" if there else ""
        raise DataError(f"{root}: every class needs a picture that can be read; none in {listed}{why}")


def _with_channels(picture: Picture, channels: int) -> Picture:
    if picture.shape[2] == channels:
        return picture
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    # The file was grey when the folder was loaded, and is no longer: its red channel would mislead.
    raise DataError("a picture has changed since the folder was loaded: it was grey and is in colour now")
