"""The data sets available by key: the embedded digits, downloadable data sets, and any folder."""

from importlib.resources import files

import msgspec
import numpy as np

from cnnplay.data.download import DownloadError, Note
from cnnplay.data.download import download as download_source
from cnnplay.data.folder import PREFIX, load_folder
from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.loading import Cancelled, LoadCancelled, Progress
from cnnplay.data.sources import Source, megabytes, source, sources
from cnnplay.data.split import VALIDATION_SHARE
from cnnplay.data.store import is_downloaded, load_downloaded
from cnnplay.spec.nearest import nearest

__all__ = [
    "DataError",
    "DataInfo",
    "DownloadError",
    "LoadCancelled",
    "NotDownloaded",
    "catalog",
    "download",
    "load",
]

MNIST_SAMPLE = "mnist-sample"
_TRAIN_PER_CLASS = 400


class DataInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A data set in the catalog: its numbers of `classes` and images (`size`), and whether it is on this disk
    (`available`).

    `train`, `validation` and `test` are the sizes of the splits; `download` is the download size in bytes, 0
    for what comes with the program.
    """

    key: str
    title: str
    classes: int
    size: int
    available: bool
    train: int
    validation: int
    test: int = 0
    download: int = 0
    licence: str = ""


class NotDownloaded(DataError):
    """A data set of the catalog that has not been downloaded yet."""


def catalog() -> tuple[DataInfo, ...]:
    """The data sets with a key of their own; ``folder:PATH`` is a data set too."""
    return (
        DataInfo(
            key=MNIST_SAMPLE,
            title="MNIST sample (5,000 digits)",
            classes=10,
            size=5000,
            available=True,
            train=4000,
            validation=1000,
            licence="LeCun, Cortes, Burges; CC BY-SA 3.0",
        ),
        *(data_info(each) for each in sources()),
    )


def data_info(each: Source) -> DataInfo:
    """The entry of a downloadable data set. Its classes are so balanced that a fifth of each is a fifth of
    all.
    """
    validation = round(each.train * VALIDATION_SHARE)
    return DataInfo(
        key=each.key,
        title=f"{each.title} ({each.about})",
        classes=len(each.classes),
        size=each.size,
        available=is_downloaded(each),
        train=each.train - validation,
        validation=validation,
        test=each.test,
        download=each.download_bytes,
        licence=each.licence,
    )


def download(
    key: str,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    note: Note | None = None,
) -> bool:
    """Downloads a data set of the catalog into the cache. Returns False if it was there already. See
    `download.download`.

    Raises DataError for a key that does not exist or needs no download.
    """
    found = source(key)
    if found is None:
        listed = ", ".join(each.key for each in sources())
        what = "comes with the program" if key == MNIST_SAMPLE else "is not a downloadable data set"
        raise DataError(f"expected one of {listed}; {key or 'an empty key'} {what}")
    return download_source(found, progress, cancelled, note)


def load(key: str, progress: Progress | None = None, cancelled: Cancelled | None = None) -> ImageSet:
    """The data set of that key. `progress(done, all)` is called now and then; raises LoadCancelled if
    `cancelled()`.

    Raises DataError for an unknown key or a folder that is not a data set, NotDownloaded for one that has not
    been downloaded yet.
    """
    if key == MNIST_SAMPLE:
        return _mnist_sample()
    downloadable = source(key)
    if downloadable is not None:
        if not is_downloaded(downloadable):
            raise NotDownloaded(
                f"{key} has not been downloaded yet: run `cnnplay data fetch {key}` "
                f"({megabytes(downloadable.download_bytes)})"
            )
        return load_downloaded(downloadable)
    if key.startswith(PREFIX):
        path = key.removeprefix(PREFIX)
        if not path:
            raise DataError("expected a path after folder:, as in folder:PATH; got none")
        return load_folder(path, progress, cancelled)
    if any(sign in key for sign in "/\\.~"):
        raise DataError(f"{key}: expected a folder with one subfolder per class; found no folder there")
    known = [info.key for info in catalog()]
    near = nearest(key, known)
    hint = f"did you mean {near}? " if near else ""
    raise DataError(f"unknown data set {key!r}; {hint}expected {', '.join(known)} or the path of a folder")


def _mnist_sample() -> ImageSet:
    """500 digits per class, in class order; in each class the first 400 are for training, the last 100 for
    validation.
    """
    path = files("cnnplay.resources") / "data" / "mnist-5k.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images = stored["images"][..., None]
        labels = stored["labels"].astype(np.int64)
    by_class = [np.flatnonzero(labels == label) for label in range(10)]
    return ImageSet(
        key=MNIST_SAMPLE,
        title="MNIST sample",
        classes=tuple("0123456789"),
        images=images,
        labels=labels,
        train=np.concatenate([indices[:_TRAIN_PER_CLASS] for indices in by_class]),
        validation=np.concatenate([indices[_TRAIN_PER_CLASS:] for indices in by_class]),
        shape=(1, 28, 28),
        channels=1,
    )
