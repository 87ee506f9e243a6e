"""The networks shipped with the program, as data in resources/presets."""

from functools import cache
from importlib.resources import files

import msgspec

from cnnplay.network.codec import checked
from cnnplay.network.network import Network


class Torchvision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """torchvision's model of the same layers: its function, and the path of its module for each layer with
    weights, by node id. The order is that of the state dicts, which is the same in both."""

    model: str
    modules: dict[str, str]


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shipped network: its paper and year (None if made for this program), a remark, how it departs from
    the paper, and its counterpart in torchvision if there is one. The network's input is the paper's."""

    key: str
    title: str
    year: int | None
    paper: str
    remark: str
    departures: tuple[str, ...]
    torchvision: Torchvision | None = None
    network: Network


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, in display order."""
    return tuple(preset(key) for key in preset_keys())


@cache
def preset(key: str) -> Preset:
    """The preset with this key. KeyError if there is none."""
    if key not in preset_keys():
        raise KeyError(f"no preset is named {key!r}; available: {', '.join(preset_keys())}")
    found = msgspec.json.decode(_text(f"{key}.json"), type=Preset)
    checked(found.network)
    return found


@cache
def preset_keys() -> tuple[str, ...]:
    """The keys of all presets, in display order."""
    return msgspec.json.decode(_text("index.json"), type=tuple[str, ...])


def _text(name: str) -> bytes:
    return files("cnnplay.resources").joinpath("presets", name).read_bytes()
