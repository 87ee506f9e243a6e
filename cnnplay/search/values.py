"""Applying a trial's values to the settings and the network."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cnnplay.network.edits import EditError, replace_field
from cnnplay.network.network import Network
from cnnplay.search.errors import BadTrial
from cnnplay.search.space import Value
from cnnplay.search.variables import Variable
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import TrainConfig, setting_problems


def apply_values(
    values: Mapping[str, Value], variables: Iterable[Variable], network: Network, config: TrainConfig
) -> tuple[Network, TrainConfig]:
    """The network and the settings with these values. BadTrial, with the reason, if they cannot be
    trained."""
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
    broken = setting_problems(config)
    if broken:
        raise BadTrial(broken[0].message)
    report = infer(network)
    if report.problems:
        more = len(report.problems) - 1
        raise BadTrial(report.problems[0].message + (f" (and {more} more)" if more else ""))
    if report.untrainable_reason:
        raise BadTrial(report.untrainable_reason)
    return network, config


def field_value(variable: Variable, value: Value) -> Any:
    """The value as the field stores it: one number fills both of a pair."""
    pair = (
        variable.field.type in ("pair", "padding") and isinstance(value, int) and not isinstance(value, bool)
    )
    return (value, value) if pair else value


def settings_text(values: Mapping[str, Value], labels: Mapping[str, str] | None = None) -> str:
    """``learning rate 0.0012, conv-2 filters 16``."""
    labels = labels or {}
    return ", ".join(
        f"{labels.get(name, name.replace('_', ' ').replace('.', ' '))} {value_text(value)}"
        for name, value in values.items()
    )


def value_text(value: Value) -> str:
    """``0.00123``, ``1,024``, ``on``, ``adam``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value
