"""The words in which a trained network's origin is described, shared by projects, runs and exports."""

import msgspec

from cnnplay.spec.preprocessing import Preprocessing


class DataFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a network learned from: the data set's key, its class names and the preprocessing."""

    key: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
