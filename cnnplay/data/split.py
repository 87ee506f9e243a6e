"""Which pictures of a folder validate: each picture's own name decides, class by class.

A picture validates where the hash of its path within the data set, read as a number from 0 to 1, is below the
share. So a picture that is added, taken away or damaged moves no other from one part to the other, and what a
run learned from stays what it learned from. The share is met about: of 100 pictures in a class 20 give or
take 4 validate. A class of two pictures or more always gives one to each part: where the rule gives none to
one of them, the picture that came nearest to its border changes sides.
"""

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np

from cnnplay.data.images import Indices

VALIDATION_SHARE = 0.2


def by_name(
    labels: Indices, names: Sequence[str], share: float = VALIDATION_SHARE
) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices. `names` are the pictures' paths, parted by "/"."""
    places = np.array([_place(name) for name in names], np.float64)
    validates = places < share
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            validates[members] = False
        elif not validates[members].any():
            validates[members[places[members].argmin()]] = True
        elif validates[members].all():
            validates[members[places[members].argmax()]] = False
    return np.flatnonzero(~validates).astype(np.int64), np.flatnonzero(validates).astype(np.int64)


def _place(name: str) -> float:
    """From 0 to 1. Systems that spell an umlaut in two signs find the same place."""
    spelt = unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(spelt).digest()[:8], "big") / 2**64
