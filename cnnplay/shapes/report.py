"""The result of inference: shapes, costs, receptive fields and problems, node by node."""

import msgspec

from cnnplay.network.fields import Pair
from cnnplay.network.network import Network
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.problems import Problem


class ReceptiveField(msgspec.Struct, frozen=True):
    """What one output sees of the image, each as (down, across), in pixels.

    `jump` is how far the window moves from one output to the next: a fraction after enlarged maps, 0 if every
    output sees the same (after global pooling and dense layers). `start` is the center of the first output's
    window, where the first pixel is 0; it can be negative because of padding. The output in row i sees the
    rows start + i·jump ± (size − 1) / 2. If not `exact` (after enlarged maps), it sees no more than that, and
    often less.
    """

    size: Pair
    jump: tuple[float, float]
    start: tuple[float, float]
    exact: bool = True


class NodeReport(msgspec.Struct, frozen=True):
    """One node's numbers, for one image in float32; None if unknown. A container's are the sums of its
    contents."""

    id: str
    input: Shape | None
    output: Shape | None
    parameters: int | None
    multiply_adds: int | None
    activation_bytes: int | None
    field: ReceptiveField | None


class Report(msgspec.Struct, frozen=True):
    """Everything inferred. Unknown parts count as 0 in the totals; `complete` says whether there are none."""

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
        """Why a valid network cannot be trained, for the user; "" if it can."""
        if self.parameters or not self.valid:
            return ""
        return "the network has no parameters to train; insert a convolution or a dense layer"

    def problems_of(self, node_id: str) -> tuple[Problem, ...]:
        """The problems of one node, or of the network itself for ""."""
        return tuple(problem for problem in self.problems if problem.node == node_id)
