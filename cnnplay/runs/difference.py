"""How two runs differ: settings, data, surroundings and outcome side by side, and their networks."""

from typing import Any, NamedTuple

import msgspec

from cnnplay.network.difference import BlockChange, difference
from cnnplay.runs.record import RunRecord
from cnnplay.spec.settings import TrainConfig


class Pair(NamedTuple):
    """One thing that both runs have, with both values; None where one of them lacks it."""

    name: str
    first: Any
    second: Any


class RunDifference(NamedTuple):
    """Only what differs."""

    settings: tuple[Pair, ...] = ()
    data: tuple[Pair, ...] = ()
    environment: tuple[Pair, ...] = ()
    network: tuple[Pair, ...] = ()
    """Name, input and task."""
    blocks: tuple[BlockChange, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(self)


def compare(first: RunRecord, second: RunRecord) -> RunDifference:
    """What is not the same in both, in the order in which it is declared."""
    return RunDifference(
        settings=_pairs(_settings(first.config), _settings(second.config)),
        data=_pairs(_data(first), _data(second)),
        environment=_pairs(first.environment, second.environment),
        network=_pairs(_heads(first), _heads(second)),
        blocks=difference(first.network, second.network),
    )


def _settings(config: TrainConfig) -> dict[str, Any]:
    """But for the epochs: more may have been asked for since, and what came of the run says how many."""
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
