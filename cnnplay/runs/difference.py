"""How two runs differ: settings, data, environment and networks."""

from typing import Any, NamedTuple

import msgspec

from cnnplay.network.difference import NodeChange, difference
from cnnplay.runs.record import RunRecord
from cnnplay.spec.settings import TrainConfig


class Pair(NamedTuple):
    """A property with its value in both runs; None if a run lacks it."""

    name: str
    first: Any
    second: Any


class RunDifference(NamedTuple):
    """Only what differs."""

    settings: tuple[Pair, ...] = ()
    data: tuple[Pair, ...] = ()
    environment: tuple[Pair, ...] = ()
    network: tuple[Pair, ...] = ()
    """Name, input and number of classes."""
    blocks: tuple[NodeChange, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(self)


def compare(first: RunRecord, second: RunRecord) -> RunDifference:
    """What differs between two runs, in the order of declaration."""
    return RunDifference(
        settings=_pairs(_settings(first.config), _settings(second.config)),
        data=_pairs(_data(first), _data(second)),
        environment=_pairs(first.environment, second.environment),
        network=_pairs(_heads(first), _heads(second)),
        blocks=difference(first.network, second.network),
    )


def _settings(config: TrainConfig) -> dict[str, Any]:
    """All but `epochs`, which may have been raised since; the outcome shows their number."""
    names = [field.name for field in msgspec.structs.fields(config) if field.name != "epochs"]
    return {name: getattr(config, name) for name in names}


def _data(record: RunRecord) -> dict[str, Any]:
    facts = record.facts
    return {"data": record.data, "classes": None if facts is None else len(facts.classes)}


def _heads(record: RunRecord) -> dict[str, Any]:
    network = record.network
    return {
        "name": network.name,
        "input": network.input.shape,
        "classes": network.task.classes,
    }


def _pairs(first: dict[str, Any], second: dict[str, Any]) -> tuple[Pair, ...]:
    names = dict.fromkeys((*first, *second))
    return tuple(
        Pair(name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)
    )
