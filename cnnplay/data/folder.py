"""A folder of images as a data set: one subfolder per class, in alphabetical order (2 before 10).

`folder_tree` says which files belong to it. What is not an image, or is damaged, is left out and listed. The
data set is gray if every image only contains gray, whatever its file type. The validation split is the
folder's own, or chosen by file names (see `split`).
"""

import os
from collections.abc import Callable
from functools import partial
from math import ceil
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.bit_depth import Values, common_white
from cnnplay.data.decode import FULL_PIXELS, decode, scan
from cnnplay.data.folder_tree import FoundFile, Part, Tree, listed, read_tree
from cnnplay.data.images import DataError, ImageArray, ImageSet, ImageSource, Indices
from cnnplay.data.left_out import LeftOut, in_order
from cnnplay.data.loading import Cancelled, FileReaders, Progress
from cnnplay.data.memory import available_bytes
from cnnplay.data.paths import expand_user, printable
from cnnplay.data.split import names_hash, split_by_name
from cnnplay.spec.plurals import plural

PREFIX = "folder:"
IN_MEMORY_SHARE = 0.25
"""Decoded images are kept while they take at most this share of the free memory."""

_PIECE, _PIECES = 4096, 16
"""A file's fingerprint uses this many pieces, evenly spread; for a small file, all of it."""


class FileImages:
    """Images that are decoded on demand, all with the same number of channels and the same value of white."""

    def __init__(
        self, paths: list[Path], kept: list[ImageArray | None], channels: int, white: float | None
    ) -> None:
        self._paths = paths
        self._kept = kept
        self._channels = channels
        self._white = white

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int, /) -> ImageArray:
        kept = self._kept[index]
        return _with_channels(
            decode(self._paths[index], self._white) if kept is None else kept, self._channels
        )


class _ScannedFile:
    """One scanned file: its size, whether it is gray, the image if it is kept, or the problem with it.

    With `keep`, it is decoded and kept. With `check_color`, a color file is decoded anyway, to find out
    whether it only contains gray. Of a file of more than 8 bits only the values are read: what is white is
    known once all files were scanned. Then `decode` decodes it.
    """

    __slots__ = (
        *("file", "fingerprint", "frames", "gray", "halved"),
        *("image", "keep", "problem", "size", "values"),
    )

    def __init__(self, file: FoundFile, keep: bool, check_color: bool) -> None:
        self.file, self.problem, self.keep = file, "", keep
        self.image: ImageArray | None = None
        self.values: Values | None = None
        self.fingerprint = ""
        try:
            self.fingerprint = _fingerprint(file.path)
            header, image, self.values = scan(
                file.path, lambda header: keep or (check_color and not header.gray)
            )
            self.size, self.gray, self.frames, _, self.halved = header
            if image is not None:
                self.size, self.gray = (image.shape[0], image.shape[1]), image.shape[2] == 1
                self.image = image if keep else None
        except DataError as error:
            self.problem = printable(str(error))

    def decode(self, white: float | None) -> None:
        """Decodes it with the data set's value of white."""
        try:
            self.image = decode(self.file.path, white)
        except DataError as error:
            self.problem = printable(str(error))

    @property
    def kept_bytes(self) -> int:
        """What the decoded image takes; one of more than 8 bits, which is decoded later, is gray."""
        return self.size[0] * self.size[1] if self.image is None else self.image.nbytes


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
    tree = read_tree(root)
    budget = int(available_bytes() * IN_MEMORY_SHARE) if memory is None else memory
    with FileReaders(len(tree.files), progress, cancelled) as readers:
        files = _scan_all(readers, tree.files, budget)
        white = common_white(file.values for file in files if file.values is not None)
        _decode_wide(readers, files, white)
    scanned, fingerprints = [], []
    for file in files:
        # Unreadable files too: whether a truncated image is noticed depends on the free memory.
        fingerprints.append(f"{file.file.path.relative_to(root).as_posix()} {file.fingerprint}")
        if file.problem:
            place = printable(file.file.path)
            tree.left_out.append(LeftOut("damaged", place, file.problem.removeprefix(f"{place}: ")))
        else:
            scanned.append(file)
    return _image_set(tree, scanned, white, names_hash(fingerprints))


def _image_set(tree: Tree, scanned: list[_ScannedFile], white: float | None, contents: str) -> ImageSet:
    labels = np.array([file.file.label for file in scanned], np.int64)
    left_out = in_order(tree.left_out)
    _check_empty_classes(tree, labels, left_out)
    channels = 1 if all(file.gray for file in scanned) else 3
    sizes = np.array([file.size for file in scanned], np.int64)
    size = scanned[0].size if (sizes == sizes[0]).all() else None
    images: ImageSource
    paths = [file.file.path for file in scanned]
    if size is not None and all(file.image is not None for file in scanned):
        images = _stacked(scanned, (*size, channels))
    else:
        images = FileImages(paths, [file.image for file in scanned], channels, white)
    root = tree.root
    places = [path.relative_to(root).as_posix() for path in paths]
    train, validation, test = _splits(labels, places, [file.file.part for file in scanned])
    root = root.resolve()
    if not len(validation):
        raise DataError(
            f"{root}: expected a class with two or more images, so that one can be held out for validation; "
            "found none"
        )
    return ImageSet(
        key=f"{PREFIX}{root}",
        title=root.name or str(root),
        classes=tree.classes,
        images=images,
        labels=labels,
        train=train,
        validation=validation,
        test=test,
        shape=None if size is None else (channels, *size),
        channels=channels,
        sizes=sizes if size is None else None,
        left_out=left_out,
        white=white,
        rescaled=None
        if white is None
        else lambda other: FileImages(paths, [None] * len(paths), channels, other),
        remarks=_remarks(tree, scanned, labels, (train, validation, test), places),
        mark=names_hash(places[index] for index in validation),
        contents=contents,
    )


def _stacked(scanned: list[_ScannedFile], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The kept images as one array. Each is freed once it is copied: both at once might not fit."""
    images = np.empty((len(scanned), *shape), np.uint8)
    for index, file in enumerate(scanned):
        assert file.image is not None
        images[index] = _with_channels(file.image, shape[2])
        file.image = None
    return images


def _splits(labels: Indices, places: list[str], parts: list[Part]) -> tuple[Indices, Indices, Indices]:
    """(train, validation, test). What the folder does not name as a split is split by file names; where it
    names no validation split, a part of the training images validates.
    """
    named = np.array(parts)
    test = np.flatnonzero(named == "test").astype(np.int64)
    validation = np.flatnonzero(named == "validation").astype(np.int64)
    rest = np.flatnonzero((named == "train") | (named == "")).astype(np.int64)
    if len(validation):
        return rest, validation, test
    inner, chosen = split_by_name(labels[rest], [places[index] for index in rest])
    return rest[inner], rest[chosen], test


def _remarks(
    tree: Tree,
    scanned: list[_ScannedFile],
    labels: Indices,
    splits: tuple[Indices, Indices, Indices],
    places: list[str],
) -> tuple[str, ...]:
    """What a user should know of the images that are used."""
    remarks = [*tree.remarks]
    several = [place for place, file in zip(places, scanned, strict=True) if file.frames > 1]
    if several:
        remarks.append(
            f"{plural(len(several), 'file')} with several frames: the first is used ({several[0]})"
        )
    halved = [place for place, file in zip(places, scanned, strict=True) if file.halved]
    if halved:
        remarks.append(
            f"{plural(len(halved), 'image')} of more than {FULL_PIXELS:,} pixels: read at half their size "
            f"({halved[0]})"
        )
    train, validation, _ = splits
    for split, name in ((train, "training"), (validation, "validation")):
        counts = np.bincount(labels[split], minlength=len(tree.classes))
        missing = [tree.classes[index] for index in np.flatnonzero(counts == 0)]
        if missing:
            remarks.append(f"no {name} images of {listed(missing)}")
    first: dict[str, int] = {}
    for index in train.tolist():
        first.setdefault(scanned[index].fingerprint, index)
    twice = [
        (first[scanned[index].fingerprint], index)
        for index in validation.tolist()
        if scanned[index].fingerprint in first
    ]
    if twice:
        training, place = (places[index] for index in twice[0])
        images = plural(len(twice), "validation image")
        remarks.append(f"{images} also among the training images ({place}: {training})")
    return tuple(remarks)


def _scan_all(readers: FileReaders, files: list[FoundFile], budget: int) -> list[_ScannedFile]:
    """Decodes the files; once the budget is spent, only reads their headers.

    Even then, color files are decoded until the first one that contains color: whether the data set is gray
    must not depend on the free memory.
    """
    scanned: list[_ScannedFile] = []
    spent, gray = 0, True

    def reading() -> Callable[[FoundFile], _ScannedFile]:
        return partial(_ScannedFile, keep=spent < budget, check_color=gray)

    for file in readers.each(reading, files):
        if file.keep and not file.problem:
            spent += file.kept_bytes
            if spent > budget:
                file.image, file.keep = None, False
            elif file.values is not None:
                readers.total += 1  # it will be decoded
        gray = gray and (bool(file.problem) or file.gray)
        scanned.append(file)
    return scanned


def _decode_wide(readers: FileReaders, files: list[_ScannedFile], white: float | None) -> None:
    """Decodes the kept files of more than 8 bits, now that white is known."""
    wide = [file for file in files if file.values is not None and file.keep]
    for _ in readers.each(lambda: lambda file: file.decode(white), wide):
        pass


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


def _check_empty_classes(tree: Tree, labels: Indices, left_out: tuple[LeftOut, ...]) -> None:
    counts = np.bincount(labels, minlength=len(tree.classes))
    empty = [name for name, count in zip(tree.classes, counts, strict=True) if count == 0]
    if empty:
        inside = f"{printable(tree.root / empty[0])}{os.sep}"
        skipped = [one.line for one in left_out if one.path.startswith(inside)]
        why = f"; skipped: {skipped[0]}" if skipped else ""
        raise DataError(
            f"{tree.root}: every class needs at least one readable image; found none in {listed(empty)}{why}"
        )


def _with_channels(image: ImageArray, channels: int) -> ImageArray:
    if image.shape[2] == channels:
        return image
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    # The file was gray when the folder was loaded: using its red channel would be wrong.
    raise DataError(
        "an image has changed since the folder was loaded: it was gray and is in color now; reload the folder"
    )
