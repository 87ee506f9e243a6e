"""A network as a torch module: leaves registered under their ids, and a plan executed from top to bottom."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from cnnplay.modules.in_place import in_place_ids, in_place_version
from cnnplay.modules.layers import Step
from cnnplay.network import nodes
from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Merge, Stack, stacks_of

Seen: TypeAlias = dict[str, Tensor]


class NetworkModule(nn.Module):
    """Computes a network. State-dict keys are ``<id>.weight`` and so on, whatever the nesting.

    Input: images B × C × H × W; output: logits B × N. It may be moved, copied, converted to channels_last
    and exported like any module. In training mode, activations and sums work in place where they may.
    """

    def __init__(self, network: Network, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.network = network
        # Not add_module: an id such as "train" would clash with a method there.
        self._modules.update(layers)
        self._wire(layers)

    def forward(self, x: Tensor) -> Tensor:
        """The logits B × N of images B × C × H × W."""
        for _, step in self._training_plan if self.training else self._plan:
            x = step(x)
        return x

    def rewire(self) -> None:
        """Must be called after layers were replaced: rebuilds the plans from the current ones."""
        self._wire({key: self.layer(key) for key in self._modules})

    def layer(self, node_id: str) -> nn.Module:
        """The torch layer of a leaf. KeyError if there is none."""
        found = self._modules[node_id]
        assert found is not None
        return found

    def trace(self, x: Tensor, wanted: Collection[str]) -> tuple[Tensor, dict[str, Tensor]]:
        """The logits, and copies of the outputs of the nodes in `wanted` (containers too), detached.

        The copies do not change when later layers or steps overwrite their originals. Ids that the network
        does not have are ignored.
        """
        seen: Seen = {}
        return _trace(self._plan, x, frozenset(wanted), seen), seen

    def _wire(self, layers: Mapping[str, nn.Module]) -> None:
        self._plan = _plan(self.network.stack, layers)
        own = in_place_ids(self.network.stack)
        lean: dict[str, Step] = dict(layers)
        for node in leaves(self.network):
            if node.id in own:
                lean[node.id] = in_place_version(node, layers[node.id])
        self._training_plan = _plan(self.network.stack, lean, own)


class _Merged:
    """Stacks that read the same input, and the merge of their outputs."""

    def __init__(self, plans: "tuple[Plan, ...]", merge: Merge, over_first: bool) -> None:
        self.plans = plans
        added = _add_over_first if over_first else _add
        self.merge = added if merge == "add" else _concatenate

    def __call__(self, x: Tensor) -> Tensor:
        results = []
        for plan in self.plans:
            result = x
            for _, step in plan:
                result = step(result)
            results.append(result)
        return self.merge(results)

    def trace(self, x: Tensor, wanted: Collection[str], seen: Seen) -> Tensor:
        return self.merge([_trace(plan, x, wanted, seen) for plan in self.plans])


Plan: TypeAlias = tuple[tuple[str, Step], ...]


def _plan(stack: Stack, layers: Mapping[str, Step], over: Collection[str] = ()) -> Plan:
    """The steps to call in order. The sums in `over` overwrite their first summand."""
    steps: list[tuple[str, Step]] = []
    for node in stack:
        step: Step
        match node:
            case nodes.Skip() | nodes.Branches():
                plans = tuple(_plan(path, layers, over) for path in stacks_of(node))
                step = _Merged(plans, node.merge, node.id in over)
            case _:
                step = layers[node.id]
        steps.append((node.id, step))
    return tuple(steps)


def _trace(plan: Plan, x: Tensor, wanted: Collection[str], seen: Seen) -> Tensor:
    for node_id, step in plan:
        x = step.trace(x, wanted, seen) if isinstance(step, _Merged) else step(x)
        if node_id in wanted:
            seen[node_id] = x.detach().clone()
    return x


def _add(results: list[Tensor]) -> Tensor:
    total = results[0]
    for result in results[1:]:
        total = total + result
    return total


def _add_over_first(results: list[Tensor]) -> Tensor:
    total = results[0]
    for result in results[1:]:
        total.add_(result)
    return total


def _concatenate(results: list[Tensor]) -> Tensor:
    return torch.cat(results, dim=1)
