"""The stratified split: every class gives the same share to validation."""

import numpy as np

from cnnplay.data.images import SPLIT_SEED, Indices

VALIDATION_SHARE = 0.2


def stratified(
    labels: Indices, share: float = VALIDATION_SHARE, seed: int = SPLIT_SEED
) -> tuple[Indices, Indices]:
    """(train, validation): ascending indices. A class with two pictures or more gives one or more to each."""
    generator = np.random.default_rng(seed)
    train: list[Indices] = []
    validation: list[Indices] = []
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label).astype(np.int64))
        held_out = 0 if len(members) < 2 else min(max(1, round(len(members) * share)), len(members) - 1)
        validation.append(members[:held_out])
        train.append(members[held_out:])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(validation))
