"""One trial's values put into the settings and the network."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cnnplay.network.edits import EditError, replace_field
from cnnplay.network.network import Network
from cnnplay.search.errors import BadTrial
from cnnplay.search.space import Value
from cnnplay.search.variables import Variable
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import TrainConfig, faults


def applied(
    values: Mapping[str, Value], variables: Iterable[Variable], network: Network, config: TrainConfig
) -> tuple[Network, TrainConfig]:
    """Network and settings with these values. BadTrial, in words, where they cannot be trained."""
    settings: dict[str, Any] = {}
    for variable in variables:
        value = values[variable.name]
        if not variable.node:
            settings[variable.name] = value
            continue
        try:
            network = replace_field(
                network, variable.node, variable.field.name, field_value(variable, value)
            ).network
        except (EditError, KeyError) as error:
            raise BadTrial(str(error)) from None
    config = msgspec.structs.replace(config, **settings)
    broken = faults(config)
    if broken:
        raise BadTrial(broken[0].message)
    report = infer(network)
    if report.faults:
        more = len(report.faults) - 1
        raise BadTrial(report.faults[0].message + (f" (and {more} more)" if more else ""))
    if report.why_untrainable:
        raise BadTrial(report.why_untrainable)
    return network, config


def field_value(variable: Variable, value: Value) -> Any:
    """The value as the field holds it: of a pair, one number stands for both."""
    pair = (
        variable.field.type in ("pair", "padding") and isinstance(value, int) and not isinstance(value, bool)
    )
    return (value, value) if pair else value


def words(values: Mapping[str, Value], labels: Mapping[str, str] | None = None) -> str:
    """``learning rate 0.0012, conv-2 filters 16``."""
    labels = labels or {}
    return ", ".join(
        f"{labels.get(name, name.replace('_', ' ').replace('.', ' '))} {value_words(value)}"
        for name, value in values.items()
    )


def value_words(value: Value) -> str:
    """``0.00123``, ``1,024``, ``on``, ``adam``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value
