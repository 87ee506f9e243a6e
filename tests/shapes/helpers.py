"""Short ways to write networks in tests."""

from cnnplay.network.edits import with_fresh_ids
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Node
from cnnplay.shapes.faults import Fault
from cnnplay.shapes.infer import infer


def network_of(*stack: Node, picture: tuple[int, int, int] = (1, 28, 28), classes: int = 10) -> Network:
    """A network of these nodes, under fresh ids."""
    return Network(
        name="test",
        input=Input(*picture),
        task=Classification(classes),
        stack=with_fresh_ids(stack, set()),
    )


def fault_of(network: Network, node: str, field: str) -> Fault:
    """The one fault of that node and field."""
    (found,) = [fault for fault in infer(network).faults if (fault.node, fault.field) == (node, field)]
    return found


def mended(network: Network, node: str, field: str, label: str) -> Network:
    """The network after the mend of that fault, whose button says `label`; the fault is gone then."""
    mend = fault_of(network, node, field).mend
    assert mend is not None
    assert mend.label == label
    after = mend.apply(network).network
    assert not [fault for fault in infer(after).faults if (fault.node, fault.field) == (node, field)]
    return after
