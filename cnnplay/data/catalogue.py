"""The data sets that can be asked for by key: the embedded digits, those that are fetched, any folder."""

from importlib.resources import files

import msgspec
import numpy as np

from cnnplay.data.fetch import FetchError, Note
from cnnplay.data.fetch import fetch as fetch_source
from cnnplay.data.folder import PREFIX, Cancelled, LoadCancelled, Progress, load_folder
from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.sources import Source, megabytes, source, sources
from cnnplay.data.split import VALIDATION_SHARE
from cnnplay.data.store import is_here, load_kept
from cnnplay.spec.nearest import nearest

__all__ = ["DataError", "DataInfo", "FetchError", "LoadCancelled", "NotHere", "catalogue", "fetch", "load"]

MNIST_SAMPLE = "mnist-sample"
_TRAIN_PER_CLASS = 400


class DataInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A data set in the catalogue: `classes` and `size` count; `available`: whether it lies on this disk.

    `train`, `validation` and `test` are the parts of `size`; `download` is how many bytes fetching it takes,
    0 for what comes with the program.
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


class NotHere(DataError):
    """A data set of the catalogue that was not fetched yet."""


def catalogue() -> tuple[DataInfo, ...]:
    """The data sets with a name of their own; ``folder:PATH`` is a data set too."""
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
        *(info_of(each) for each in sources()),
    )


def info_of(each: Source) -> DataInfo:
    """A data set that is fetched. Its classes are so even that a fifth of each is a fifth of all."""
    validation = round(each.train * VALIDATION_SHARE)
    return DataInfo(
        key=each.key,
        title=f"{each.title} ({each.about})",
        classes=len(each.classes),
        size=each.size,
        available=is_here(each),
        train=each.train - validation,
        validation=validation,
        test=each.test,
        download=each.download_bytes,
        licence=each.licence,
    )


def fetch(
    key: str,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    note: Note | None = None,
) -> bool:
    """Fetches a data set of the catalogue into the cache; whether it was not here before. See `fetch.fetch`.

    DataError for a key that names none, or one that needs no fetching.
    """
    found = source(key)
    if found is None:
        listed = ", ".join(each.key for each in sources())
        what = "comes with the program" if key == MNIST_SAMPLE else "is none that is fetched"
        raise DataError(f"expected one of {listed}; {key or 'an empty key'} {what}")
    return fetch_source(found, progress, cancelled, note)


def load(key: str, progress: Progress | None = None, cancelled: Cancelled | None = None) -> ImageSet:
    """The data set of that key. `progress(done, all)` is called now and then; LoadCancelled if `cancelled()`.

    DataError, with words, for a key that is none and for a folder that is no data set; NotHere for one that
    was not fetched yet.
    """
    if key == MNIST_SAMPLE:
        return _mnist_sample()
    fetched = source(key)
    if fetched is not None:
        if not is_here(fetched):
            raise NotHere(
                f"{key} is not on this disk yet: `cnnplay data fetch {key}` fetches it "
                f"({megabytes(fetched.download_bytes)})"
            )
        return load_kept(fetched)
    if key.startswith(PREFIX):
        path = key.removeprefix(PREFIX)
        if not path:
            raise DataError("folder: expected a path behind it, folder:PATH; got none")
        return load_folder(path, progress, cancelled)
    known = [info.key for info in catalogue()]
    near = nearest(key, known)
    hint = f"did you mean {near}? There" if near else "there"
    raise DataError(f"no data set is called {key!r}; {hint} are {', '.join(known)} and folder:PATH")


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
