"""Fetched data sets as they are kept: unpacked, one file each, in the user's cache.

``CNNPLAY_CACHE`` names another folder for the cache: a disk with more room, or one that a class shares. What
is kept is safetensors: pictures N × H × W × C and labels N, as bytes, the training part before the test part.
It loads at the speed of the disk, and is put in place whole or not at all.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.paths import at_home
from cnnplay.data.sources import Source
from cnnplay.data.split import last_of_each_class
from cnnplay.modules.atomic import replacing

CACHE_VARIABLE = "CNNPLAY_CACHE"
"""The environment variable that moves the cache."""
KEPT = "pictures.safetensors"


def cache_folder() -> Path:
    """Where data sets are kept: what CNNPLAY_CACHE says, else the system's place for such things."""
    chosen = os.environ.get(CACHE_VARIABLE, "")
    return at_home(chosen) if chosen else user_cache_path("cnnplay", appauthor=False)


def folder_of(source: Source) -> Path:
    """Where one data set is kept."""
    return cache_folder() / "data" / source.key


def is_here(source: Source) -> bool:
    """Whether it was fetched: its file is there, and large enough. `load_kept` looks closer."""
    try:
        return (folder_of(source) / KEPT).stat().st_size > source.unpacked_bytes
    except OSError:
        return False


def keep(source: Source, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """Puts a data set into the cache. OSError where the disk does not take it."""
    with replacing(folder_of(source) / KEPT) as (neighbour,):
        save_file({"pictures": pictures, "labels": labels}, neighbour)


def load_kept(source: Source) -> ImageSet:
    """A data set from the cache. DataError where its file is not what was put there."""
    path = folder_of(source) / KEPT
    pictures, labels = _read(path, source)
    check_labels(labels, len(source.classes), str(path))
    numbers = labels.astype(np.int64)
    train, validation = last_of_each_class(numbers[: source.train])
    return ImageSet(
        key=source.key,
        title=source.title,
        classes=source.classes,
        pictures=pictures,
        labels=numbers,
        train=train,
        validation=validation,
        test=np.arange(source.train, source.size, dtype=np.int64),
        shape=source.shape,
        channels=source.shape[0],
    )


def check_labels(labels: NDArray[np.uint8], classes: int, place: str) -> None:
    """DataError where a label names no class."""
    wrong = np.flatnonzero(labels >= classes)
    if len(wrong):
        at = int(wrong[0])
        raise DataError(f"{place}, label {at:,}: expected 0 to {classes - 1}; found {labels[at]}")


def _read(path: Path, source: Source) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    channels, height, width = source.shape
    expected = {"pictures": [source.size, height, width, channels], "labels": [source.size]}
    mend = f"delete it, and fetch {source.key} again"
    try:
        with safe_open(path, framework="np") as kept:
            for name, shape in expected.items():
                found = kept.get_slice(name)
                if found.get_shape() != shape or found.get_dtype() != "U8":
                    raise DataError(
                        f"{path}, {name}: expected {shape} unsigned bytes; found {found.get_shape()} of "
                        f"{found.get_dtype()}; {mend}"
                    )
            return kept.get_tensor("pictures"), kept.get_tensor("labels")
    except SafetensorError as error:
        raise DataError(
            f"{path}: expected a whole safetensors file; found a damaged one ({error}); {mend}"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
