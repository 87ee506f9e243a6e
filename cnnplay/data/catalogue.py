"""The data sets that can be asked for by key: the embedded digits, and any folder of pictures."""

from importlib.resources import files

import msgspec
import numpy as np

from cnnplay.data.folder import PREFIX, Cancelled, LoadCancelled, Progress, load_folder
from cnnplay.data.images import DataError, ImageSet

__all__ = ["DataError", "DataInfo", "LoadCancelled", "catalogue", "load"]

MNIST_SAMPLE = "mnist-sample"
_TRAIN_PER_CLASS = 400


class DataInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A data set in the catalogue: `classes` and `size` count; `available`: whether it lies on this disk."""

    key: str
    title: str
    classes: int
    size: int
    available: bool


def catalogue() -> tuple[DataInfo, ...]:
    """The data sets with a name of their own; ``folder:PATH`` is a data set too."""
    return (
        DataInfo(
            key=MNIST_SAMPLE, title="MNIST sample (5,000 digits)", classes=10, size=5000, available=True
        ),
    )


def load(key: str, progress: Progress | None = None, cancelled: Cancelled | None = None) -> ImageSet:
    """The data set of that key. `progress(done, all)` is called now and then; LoadCancelled if `cancelled()`.

    DataError, with words, for a key that is none and for a folder that is no data set.
    """
    if key == MNIST_SAMPLE:
        return _mnist_sample()
    if key.startswith(PREFIX):
        path = key.removeprefix(PREFIX)
        if not path:
            raise DataError("folder: expected a path behind it, folder:PATH; got none")
        return load_folder(path, progress, cancelled)
    known = ", ".join(info.key for info in catalogue())
    raise DataError(f"no data set is called {key!r}; there are {known} and folder:PATH")


def _mnist_sample() -> ImageSet:
    """500 digits a class, in class order; in each class the first 400 train and the last 100 validate."""
    path = files("cnnplay.resources") / "data" / "mnist-5k.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        pictures = stored["images"][..., None]
        labels = stored["labels"].astype(np.int64)
    members = [np.flatnonzero(labels == label) for label in range(10)]
    return ImageSet(
        key=MNIST_SAMPLE,
        title="MNIST sample",
        classes=tuple("0123456789"),
        pictures=pictures,
        labels=labels,
        train=np.concatenate([inside[:_TRAIN_PER_CLASS] for inside in members]),
        validation=np.concatenate([inside[_TRAIN_PER_CLASS:] for inside in members]),
        shape=(1, 28, 28),
        channels=1,
    )
