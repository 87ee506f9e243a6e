"""Short ways to write networks in tests."""

from cnnplay.network.edits import with_new_ids
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Node
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem


def network_of(*stack: Node, image: tuple[int, int, int] = (1, 28, 28), classes: int = 10) -> Network:
    """A network of these nodes, with new ids."""
    return Network(
        name="test",
        input=Input(*image),
        task=Classification(classes),
        stack=with_new_ids(stack, set()),
    )


def problem_of(network: Network, node: str, field: str) -> Problem:
    """The only problem of this node and field."""
    (found,) = [
        problem for problem in infer(network).problems if (problem.node, problem.field) == (node, field)
    ]
    return found


def fixed(network: Network, node: str, field: str, label: str) -> Network:
    """The network after the fix of this problem, whose button says `label`; the problem must be gone."""
    fix = problem_of(network, node, field).fix
    assert fix is not None
    assert fix.label == label
    after = fix.apply(network).network
    assert not [
        problem for problem in infer(after).problems if (problem.node, problem.field) == (node, field)
    ]
    return after


def assert_names(message: str, *parts: str) -> None:
    """The message names each part, whatever its other wording."""
    assert all(part.lower() in message.lower() for part in parts), message
