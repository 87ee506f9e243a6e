"""The names of weights in files from elsewhere, in terms of a network: its own, Python's, torchvision's."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from cnnplay.modules.names import attribute_names
from cnnplay.network.network import Network
from cnnplay.network.presets import presets

COUNTER = ".num_batches_tracked"
"""Batch norm's counter, which files from before torch 0.4.1 lack and on which no result depends."""

LEAVES = ("weight", "bias", "running_mean", "running_var")
"""The order of a layer's weights in torch's state dicts."""

Shape: TypeAlias = tuple[int, ...]


OWN = "this program's parameter names"


class Layout(msgspec.Struct, frozen=True):
    """How a file names its weights.

    `title` says it to the user. `names` are the network's names by the file's, for those that are recognized.
    """

    key: Literal["own", "python", "torchvision", "order", "unknown"]
    title: str
    names: dict[str, str]


def recognized(keys: Iterable[str], network: Network, expected: Iterable[str]) -> Layout:
    """How the keys of a file are named; `expected` are the names of the network's own state dict."""
    keys, own = tuple(keys), frozenset(expected)
    if own.issuperset(keys):
        return Layout("own", OWN, {key: key for key in keys})
    published = published_layout(keys)
    if published is not None:
        return published
    # The attributes of an exported Python module: conv_1 for conv-1.
    ids = {attribute: node_id for node_id, attribute in attribute_names(network).items()}
    names = {key: key if key in own else _renamed(key, ids) for key in keys}
    names = {key: name for key, name in names.items() if name in own}
    if not names:
        return Layout("unknown", "unknown parameter names", {})
    if all(key == name for key, name in names.items()):
        return Layout("own", OWN, names)
    return Layout("python", "names of an exported Python module", names)


def by_order(found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> Layout | None:
    """The layout in which the file's weights, one after another, are the network's; None unless their shapes
    are equal, but for those of the last layer: the file may be of a network for other classes.

    Files that sort their weights by name are put into the order of the numbers in the names first.
    """
    ours, our_counters = _counters_apart(expected)
    *_, last = (key.rpartition(".")[0] for key in ours) if ours else ("",)
    body = sum(key.rpartition(".")[0] != last for key in ours) or len(ours)
    for keys in (list(found), sorted(found, key=_natural)):
        theirs, counters = _counters_apart(keys)
        if len(theirs) == len(ours) and all(
            found[their] == expected[our] for their, our in zip(theirs[:body], ours[:body], strict=True)
        ):
            pairs = [*zip(theirs, ours, strict=True)]
            if len(counters) == len(our_counters):
                pairs += zip(counters, our_counters, strict=True)
            return Layout("order", "matched by order and shape", dict(pairs))
    return None


def _counters_apart(keys: Iterable[str]) -> tuple[list[str], list[str]]:
    keys = list(keys)
    return [key for key in keys if not key.endswith(COUNTER)], [key for key in keys if key.endswith(COUNTER)]


def torchvision_names(preset_modules: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """torchvision's names by the network's own keys, for the layers in `preset_modules`."""
    return {key: name for key in keys if (name := _renamed(key, preset_modules)) != key}


def published_layout(keys: Iterable[str]) -> Layout | None:
    """The layout of torchvision's smallest model that has all modules of a file with these keys; or None."""
    keys = tuple(keys)
    owners = {key.rpartition(".")[0] for key in keys}
    for preset in sorted(presets(), key=lambda one: len(one.torchvision.modules) if one.torchvision else 0):
        if preset.torchvision is not None and owners <= {*preset.torchvision.modules.values()}:
            ids = {path: node_id for node_id, path in preset.torchvision.modules.items()}
            title = f"torchvision's parameter names ({preset.torchvision.model})"
            return Layout("torchvision", title, {key: _renamed(key, ids) for key in keys})
    return None


def _renamed(key: str, owners: Mapping[str, str]) -> str:
    owner, _, leaf = key.rpartition(".")
    return f"{owners[owner]}.{leaf}" if owner in owners else key


def _natural(key: str) -> tuple[tuple[tuple[int, str], ...], int, str]:
    """A sort key in which layer 2 comes before layer 10, and a layer's weight before its bias."""
    owner, _, leaf = key.rpartition(".")
    parts = tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", owner))
    return parts, LEAVES.index(leaf) if leaf in LEAVES else len(LEAVES), leaf
