"""Exports the network as a readable Python module that needs only torch, and its weights as a sidecar."""

import keyword
import textwrap
from pathlib import Path

from cnnplay.export.facts import rule
from cnnplay.export.python_layers import expression, padding_before
from cnnplay.export.python_text import FUNCTIONAL, MODULE, PREPROCESS, docstring_safe, literal
from cnnplay.export.sidecar import WRITTEN_BY, sidecar_path, weights_line
from cnnplay.export.trained import TrainedNetwork, module_of
from cnnplay.export.weight_files import save_state
from cnnplay.modules.atomic import replacing
from cnnplay.modules.module import NetworkModule
from cnnplay.modules.names import attribute_names
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.network import nodes
from cnnplay.network.network import leaves, walk
from cnnplay.network.nodes import Stack
from cnnplay.shapes.infer import infer


def write_python(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """``NAME.py`` with the code and ``NAME.pt`` with its state dict, which ``load_model`` reads."""
    sidecar = sidecar_path("python", path)
    module = module_of(network, seed)
    with replacing(sidecar, path) as (weights, code):
        save_state(_renamed(module), weights)
        code.write_text(source(network, module, usual=sidecar == path.with_suffix(".pt")), encoding="utf-8")
    return (sidecar,)


def source(network: TrainedNetwork, module: NetworkModule, usual: bool = True) -> str:
    """The module's source text. Its weights are in NAME.pt if `usual`, else in NAME.py.pt."""
    writer = _Forward(module)
    lines = writer.stack(network.network.stack, "x")
    names = attribute_names(network.network)
    channels, height, width = network.network.input.shape
    preprocessing = network.preprocessing
    trained = network.trained and network.weights is not None
    return MODULE.format(
        written_by=WRITTEN_BY,
        title=docstring_safe(network.network.name),
        sidecar="with the suffix .pt" if usual else "with .pt appended to its name",
        weights=weights_line(usual),
        state="trained" if trained else "random, not trained",
        channels=channels,
        height=height,
        width=width,
        outputs=network.network.task.classes,
        parameters=f"{sum(p.numel() for p in module.parameters()):,}",
        rule="\n# ".join(textwrap.wrap(f"How an image becomes the input: {rule(network)}.", 100)),
        functional=FUNCTIONAL if preprocessing or any("F.pad" in line for line in lines) else "",
        classes=literal(network.classes),
        preprocessing="None"
        if preprocessing is None
        else literal({"input": preprocessing.input, "mean": preprocessing.mean, "std": preprocessing.std}),
        preprocess="" if preprocessing is None else PREPROCESS,
        layers="\n".join(
            f"        self.{names[node.id]} = {expression(node, module.layer(node.id))}"
            for node in leaves(network.network)
        )
        or "        pass",
        forward="\n".join(f"        {line}" for line in lines),
    )


def _renamed(module: NetworkModule) -> Weights:
    """The weights under the attribute names of the exported class."""
    names = attribute_names(module.network)
    renamed = {}
    for key, tensor in weights_of(module).items():
        owner, _, rest = key.rpartition(".")
        renamed[f"{names[owner]}.{rest}"] = tensor
    return renamed


class _Forward:
    """Writes the body of ``forward``: one line per layer, with the output shape as a comment."""

    def __init__(self, module: NetworkModule) -> None:
        self.module = module
        self.report = infer(module.network)
        self.attributes = attribute_names(module.network)
        self.locals = _local_names(module)

    def stack(self, stack: Stack, variable: str) -> list[str]:
        lines: list[str] = []
        for node in stack:
            match node:
                case nodes.Skip(body=body, shortcut=shortcut):
                    lines += self._merged(node.id, node.merge, (body, shortcut), variable)
                case nodes.Branches(branches=branches):
                    lines += self._merged(node.id, node.merge, branches, variable)
                case _:
                    lines += self._leaf(node.id, variable)
        return lines

    def _leaf(self, node_id: str, variable: str) -> list[str]:
        padding = padding_before(self.module.layer(node_id))
        lines = [f"{variable} = F.pad({variable}, {padding})"] if padding else []
        call = f"{variable} = self.{self.attributes[node_id]}({variable})"
        return [*lines, self._noted(call, node_id)]

    def _merged(
        self, node_id: str, merge: nodes.Merge, stacks: tuple[Stack, ...], variable: str
    ) -> list[str]:
        """The first stack continues in `variable`; every other one gets its own variable."""
        name = self.locals[node_id]
        others = [name] if len(stacks) == 2 else [f"{name}_{n}" for n in range(2, len(stacks) + 1)]
        variables = [variable, *others]
        lines = [" = ".join([*others, variable]) + f"  # {node_id} begins"] if others else []
        for stack, own in zip(stacks, variables, strict=True):
            lines += self.stack(stack, own)
        if merge == "add":
            joined = " + ".join(variables)
        else:
            joined = f"torch.cat([{', '.join(variables)}], dim=1)"
        return [*lines, self._noted(f"{variable} = {joined}", node_id, f"{node_id} ends: ")]

    def _noted(self, line: str, node_id: str, before: str = "") -> str:
        shape = self.report.nodes[node_id].output
        note = before + " × ".join(map(str, shape or ()))
        return f"{line}  # {note}" if note else line


def _local_names(module: NetworkModule) -> dict[str, str]:
    """A variable name for each container, unique also with a branch number appended."""
    names: dict[str, str] = {}
    taken = {"x", "self", "torch", "nn"}
    for node, _ in walk(module.network):
        if not isinstance(node, (nodes.Skip, nodes.Branches)):
            continue
        name = node.id.replace("-", "_")
        count = len(nodes.stacks_of(node))
        while keyword.iskeyword(name) or taken & _used(name, count):
            name += "_"
        taken |= _used(name, count)
        names[node.id] = name
    return names


def _used(name: str, count: int) -> set[str]:
    return {name, *(f"{name}_{number}" for number in range(2, count + 1))}
