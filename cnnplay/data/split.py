"""Which pictures validate: a share of each class.

In a folder they are chosen by the pictures' own names. Of each class the share with the lowest places
validates; a picture's place is the hash of its path within the data set. So the split does not depend on the
order in which a system lists files, and pictures that are added or taken away move no more than the one or
two at the border from one part to the other. A class of two pictures or more gives at least one to each part.

Published data sets have an order of their own that never changes: of each class's training pictures the last
fifth in that order validates. Their test parts are no matter of this: they stay apart.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from cnnplay.data.images import Indices

VALIDATION_SHARE = 0.2


def by_name(
    labels: Indices, names: Sequence[str], share: float = VALIDATION_SHARE
) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices. `names` are the pictures' paths, parted by "/"."""
    places = np.array([_place(name) for name in names], np.float64)
    validates = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            count = min(max(1, round(share * len(members))), len(members) - 1)
            validates[members[np.argsort(places[members], kind="stable")[:count]]] = True
    return np.flatnonzero(~validates).astype(np.int64), np.flatnonzero(validates).astype(np.int64)


def last_of_each_class(labels: Indices, share: float = VALIDATION_SHARE) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices; the last of each class, in the order given, validate."""
    validates = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        validates[members[len(members) - round(share * len(members)) :]] = True
    return np.flatnonzero(~validates).astype(np.int64), np.flatnonzero(validates).astype(np.int64)


def mark_of(names: Iterable[str]) -> str:
    """A short mark of just these pictures, in whichever order."""
    return hashlib.sha256("\n".join(sorted(map(_spelt, names))).encode("utf-8", "surrogatepass")).hexdigest()[
        :16
    ]


def _place(name: str) -> float:
    """From 0 to 1."""
    content = _spelt(name).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big") / 2**64


def _spelt(name: str) -> str:
    """Systems that spell an umlaut in two signs find the same."""
    return unicodedata.normalize("NFC", name)
