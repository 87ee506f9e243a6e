"""Chooses the validation split: a share of each class.

In a folder, it is chosen by file names. In each class, the images with the lowest hashes of their paths
within the data set are for validation. So the split does not depend on the order in which a system lists
files, and adding or removing images moves at most one or two others between the splits. A class of two or
more images has at least one in each split.

Published data sets have a fixed order: in each class, the last fifth of the training images is for
validation. Their test splits are not affected: they stay held out.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from cnnplay.data.images import Indices

VALIDATION_SHARE = 0.2


def split_by_name(labels: Indices, names: Sequence[str]) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices. `names` are the images' paths, separated by "/"."""
    hashes = np.array([_hash_fraction(name) for name in names], np.float64)
    is_validation = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            count = min(max(1, round(VALIDATION_SHARE * len(members))), len(members) - 1)
            is_validation[members[np.argsort(hashes[members], kind="stable")[:count]]] = True
    return np.flatnonzero(~is_validation).astype(np.int64), np.flatnonzero(is_validation).astype(np.int64)


def split_last_of_each_class(labels: Indices) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices; the last of each class, in the given order, are for
    validation.
    """
    is_validation = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        is_validation[members[len(members) - round(VALIDATION_SHARE * len(members)) :]] = True
    return np.flatnonzero(~is_validation).astype(np.int64), np.flatnonzero(is_validation).astype(np.int64)


def names_hash(names: Iterable[str]) -> str:
    """A short hash of these names, in any order."""
    return hashlib.sha256(
        "\n".join(sorted(map(_normalized_name, names))).encode("utf-8", "surrogatepass")
    ).hexdigest()[:16]


def _hash_fraction(name: str) -> float:
    """A hash of the name, from 0 to 1."""
    content = _normalized_name(name).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big") / 2**64


def _normalized_name(name: str) -> str:
    """Systems that encode an umlaut as two characters give the same result."""
    return unicodedata.normalize("NFC", name)
