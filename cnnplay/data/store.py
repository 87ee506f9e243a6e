"""Downloaded data sets, unpacked into one file each in the user's cache.

``CNNPLAY_CACHE`` sets another folder for the cache: a disk with more space, or one shared by a class. The
files are safetensors: images N × H × W × C and labels N, as bytes, training split before test split. They
load at disk speed and are written atomically.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.paths import expand_user
from cnnplay.data.sources import Source
from cnnplay.data.split import split_last_of_each_class
from cnnplay.modules.atomic import replacing

CACHE_VARIABLE = "CNNPLAY_CACHE"
"""The environment variable that moves the cache."""
DATA_FILE = "pictures.safetensors"


def cache_folder() -> Path:
    """The cache: CNNPLAY_CACHE if set, else the system's cache folder."""
    custom = os.environ.get(CACHE_VARIABLE, "")
    return expand_user(custom) if custom else user_cache_path("cnnplay", appauthor=False)


def data_folder(source: Source) -> Path:
    """The folder of one data set."""
    return cache_folder() / "data" / source.key


def is_downloaded(source: Source) -> bool:
    """Whether its file exists and is large enough. `load_downloaded` checks it fully."""
    try:
        return (data_folder(source) / DATA_FILE).stat().st_size > source.unpacked_bytes
    except OSError:
        return False


def save(source: Source, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """Writes a data set to the cache. Raises OSError if the disk does not accept it."""
    with replacing(data_folder(source) / DATA_FILE) as (temporary,):
        save_file({"pictures": images, "labels": labels}, temporary)


def load_downloaded(source: Source) -> ImageSet:
    """A data set from the cache. Raises DataError if its file is not what was written."""
    path = data_folder(source) / DATA_FILE
    images, labels = _read(path, source)
    check_labels(labels, len(source.classes), str(path))
    class_indices = labels.astype(np.int64)
    train, validation = split_last_of_each_class(class_indices[: source.train])
    return ImageSet(
        key=source.key,
        title=source.title,
        classes=source.classes,
        images=images,
        labels=class_indices,
        train=train,
        validation=validation,
        test=np.arange(source.train, source.size, dtype=np.int64),
        shape=source.shape,
        channels=source.shape[0],
    )


def check_labels(labels: NDArray[np.uint8], classes: int, place: str) -> None:
    """Raises DataError if a label is not a class."""
    wrong = np.flatnonzero(labels >= classes)
    if len(wrong):
        at = int(wrong[0])
        raise DataError(f"{place}, label {at:,}: expected 0 to {classes - 1}; found {labels[at]}")


def _read(path: Path, source: Source) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    channels, height, width = source.shape
    expected = {"pictures": [source.size, height, width, channels], "labels": [source.size]}
    fix = f"delete it and download {source.key} again"
    try:
        with safe_open(path, framework="np") as stored:
            for name, shape in expected.items():
                found = stored.get_slice(name)
                if found.get_shape() != shape or found.get_dtype() != "U8":
                    raise DataError(
                        f"{path}, {name}: expected {shape} unsigned bytes; found {found.get_shape()} of "
                        f"{found.get_dtype()}; {fix}"
                    )
            return stored.get_tensor("pictures"), stored.get_tensor("labels")
    except SafetensorError as error:
        raise DataError(
            f"{path}: expected a whole safetensors file; found a damaged one ({error}); {fix}"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
