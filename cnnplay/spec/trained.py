"""The origin of a trained network, as stored in projects, runs and exports."""

from math import isfinite

import msgspec

from cnnplay.network.network import Network
from cnnplay.spec.preprocessing import Preprocessing


class DataFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a network was trained on: the data set's key, its class names and the preprocessing."""

    key: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing


def facts_mismatch(facts: DataFacts, network: Network) -> str:
    """Why the classes or the preprocessing do not match the network; "" if they do."""
    rule, channels = facts.preprocessing, network.input.channels
    if len(facts.classes) != network.task.classes:
        return (
            f"facts.classes: expected {network.task.classes:,} names, one per output; "
            f"found {len(facts.classes):,}"
        )
    if rule.input != network.input.shape:
        return f"facts.preprocessing.input: expected {network.input.shape}, the network's; found {rule.input}"
    for name, values in (("mean", rule.mean), ("std", rule.std)):
        if len(values) != channels:
            return (
                f"facts.preprocessing.{name}: expected {channels:,} numbers, one per channel; "
                f"found {len(values):,}"
            )
    if not all(isfinite(value) and value > 0 for value in rule.std):
        return "facts.preprocessing.std: expected numbers above 0; found another"
    return ""
