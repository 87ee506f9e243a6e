"""Converts a module to an ONNX model: the stack from top to bottom, every value named after its node's id.

torch's own exporter is not used: it changes state that all threads share, which makes a training run in
another thread fail (seen with torch 2.13: KeyError 'custom' from an optimizer's step). It also takes seconds,
and drops the nodes' names.
"""

from typing import Any

from onnx import TensorProto, checker, helper

from cnnplay.export.onnx_layers import Operators, emit
from cnnplay.modules.module import NetworkModule
from cnnplay.network import nodes
from cnnplay.network.nodes import Stack
from cnnplay.shapes.infer import infer

OPSET = 20
"""The first version with GELU."""

IR_VERSION = 9
"""The version released with the opset, so that older runtimes can read it."""

INPUT, OUTPUT = "pictures", "logits"

_START = "input.pictures"
"""The input's name while the graph is built: one that no node's value can have."""


def model_of(module: NetworkModule, facts: dict[str, str]) -> Any:
    """The checked model: "pictures" batch × C × H × W in, "logits" batch × N out, `facts` as metadata."""
    network = module.network
    output = infer(network).output
    assert output is not None, "a module was built of it"
    ops = Operators()
    last = _stack(ops, module, network.stack, _START)
    if last == _START:
        last = ops.add("Identity", [_START], "input.same")
    for name in {INPUT, OUTPUT} - {last}:  # nodes may have these ids
        _rename(ops, name, f"{name}.output")
    _rename(ops, last, OUTPUT)
    _rename(ops, _START, INPUT)
    graph = helper.make_graph(
        ops.nodes,
        # ONNX names are identifiers only by convention, but some runtimes print them unescaped.
        "".join(character if character.isalnum() or character in "-_." else "_" for character in network.name)
        or "network",
        [_value(INPUT, network.input.shape)],
        [_value(OUTPUT, output)],
        initializer=ops.initializers,
        value_info=_shapes(module, ops),
    )
    model = helper.make_model(
        graph,
        producer_name="CNN Playground",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, facts)
    checker.check_model(model)
    return model


def _stack(ops: Operators, module: NetworkModule, stack: Stack, x: str) -> str:
    for node in stack:
        match node:
            case nodes.Skip(body=body, shortcut=shortcut):
                x = _merged(ops, module, node, (body, shortcut), x)
            case nodes.Branches(branches=branches):
                x = _merged(ops, module, node, branches, x)
            case _:
                x = emit(ops, node, module.layer(node.id), x)
    return x


def _merged(
    ops: Operators,
    module: NetworkModule,
    node: nodes.Skip | nodes.Branches,
    stacks: tuple[Stack, ...],
    x: str,
) -> str:
    results = [_stack(ops, module, stack, x) for stack in stacks]
    if len(results) == 1:
        return results[0]
    if node.merge == "concatenate":
        return ops.add("Concat", results, node.id, axis=1)
    return ops.add("Add" if len(results) == 2 else "Sum", results, node.id)


def _rename(ops: Operators, old: str, new: str) -> None:
    for operator in ops.nodes:
        for names in (operator.input, operator.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new


def _shapes(module: NetworkModule, ops: Operators) -> list[Any]:
    """The shapes of the intermediate values, for viewers."""
    reports = infer(module.network).nodes
    made = {name for operator in ops.nodes for name in operator.output}
    return [
        _value(name, report.output)
        for name, report in reports.items()
        if name in made and name != OUTPUT and report.output is not None
    ]


def _value(name: str, shape: tuple[int, ...]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
