"""What inference says of a network: shapes, costs, receptive fields and faults, node by node."""

import msgspec

from cnnplay.network.fields import Pair
from cnnplay.network.network import Network
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.problems import Problem


class ReceptiveField(msgspec.Struct, frozen=True):
    """What one output sees of the picture, each as (down, across), in pixels.

    `jump` is how far the window moves from one output to the next: a fraction where maps were enlarged, 0
    where every output sees the same (behind global pooling and dense layers). `start` is the centre of the
    first output's window, the first pixel being 0: negative where padding is seen. The output in row i sees
    the rows start + i·jump ± (size − 1) / 2. Where it is not `exact`, behind enlarged maps, it sees no more
    than that, and often less.
    """

    size: Pair
    jump: tuple[float, float]
    start: tuple[float, float]
    exact: bool = True


class NodeReport(msgspec.Struct, frozen=True):
    """One node's numbers, for one picture in float32; None where they are not known. A container's are the
    sums inside."""

    id: str
    input: Shape | None
    output: Shape | None
    parameters: int | None
    multiply_adds: int | None
    activation_bytes: int | None
    field: ReceptiveField | None


class Report(msgspec.Struct, frozen=True):
    """All that was inferred. Unknown parts count 0 in the totals; `complete` says whether there are none."""

    network: Network
    nodes: dict[str, NodeReport]
    output: Shape | None
    parameters: int
    multiply_adds: int
    activation_bytes: int
    complete: bool
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        return not self.problems

    @property
    def untrainable_reason(self) -> str:
        """Why a valid network has nothing to train, for people; "" where it has."""
        if self.parameters or not self.valid:
            return ""
        return "nothing in this network can learn: it has no weights; insert a convolution or a dense layer"

    def problems_of(self, node_id: str) -> tuple[Problem, ...]:
        """The faults of one node, or of the network itself for ""."""
        return tuple(problem for problem in self.problems if problem.node == node_id)
