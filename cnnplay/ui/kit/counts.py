"""Large integers as text, and the costs of a stack as rows."""

from collections.abc import Mapping

import msgspec

from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network
from cnnplay.network.nodes import Node, Skip, Stack, stacks_of
from cnnplay.shapes.report import Report


class Cost(msgspec.Struct, frozen=True):
    """The costs of one layer or one collapsed container."""

    node_id: str
    family: str
    parameters: int
    multiply_adds: int
    shortcut_of: str = ""
    """The skip on whose shortcut the layer is; "" for none."""
    forward: float = 0.0
    backward: float = 0.0
    """The measured seconds of a batch; both are 0 if they are not known."""

    @property
    def seconds(self) -> float:
        return self.forward + self.backward


def short_count(number: int) -> str:
    """``4.1 k``, ``61.7 k``, ``1.03 M``, ``138 M``: three digits and a unit."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            value = number / size
            if value >= 100:
                return f"{value:,.0f} {unit}"
            return f"{value:.1f} {unit}" if value >= 10 or unit == "k" else f"{value:.2f} {unit}"
    return f"{number:,}"


def multiply_adds_text(number: int) -> str:
    """Multiply-adds: ``480``, ``10,164``, ``0.15 M``, ``1.18 M``, ``15.47 G``."""
    if number >= 10**9:
        return f"{number / 10**9:,.2f} G"
    return f"{number / 10**6:,.2f} M" if number >= 10**5 else f"{number:,}"


def costs(
    network: Network, report: Report, closed: frozenset[str], times: Mapping[str, tuple[float, float]]
) -> tuple[Cost, ...]:
    """The layers with costs, from top to bottom; a collapsed container is one row. `times`: the seconds
    forward and backward by layer.
    """
    return tuple(_costs(network.stack, report, closed, times, ""))


def _costs(
    stack: Stack,
    report: Report,
    closed: frozenset[str],
    times: Mapping[str, tuple[float, float]],
    shortcut_of: str,
) -> list[Cost]:
    found: list[Cost] = []
    for node in stack:
        parts = stacks_of(node)
        if parts and node.id not in closed:
            for slot, part in enumerate(parts):
                holder = node.id if isinstance(node, Skip) and slot == 1 else ""
                found += _costs(part, report, closed, times, holder)
            continue
        numbers = report.nodes.get(node.id)
        parameters = numbers.parameters or 0 if numbers else 0
        multiply_adds = numbers.multiply_adds or 0 if numbers else 0
        forward, backward = _time(node, times)
        if parameters or multiply_adds or forward:
            family = kind_of(node).family
            found.append(Cost(node.id, family, parameters, multiply_adds, shortcut_of, forward, backward))
    return found


def _time(node: Node, times: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """A layer's time; a container's is the sum of its layers'."""
    found = [times.get(node.id, (0.0, 0.0))]
    found += [_time(inner, times) for part in stacks_of(node) for inner in part]
    return sum(time[0] for time in found), sum(time[1] for time in found)
