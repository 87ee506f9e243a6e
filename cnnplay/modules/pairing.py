"""Which tensor of a weights file is loaded into which parameter of a network."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from cnnplay.modules.weight_names import COUNTER, Layout, Shape, by_order, recognized
from cnnplay.network.describe import shape_text
from cnnplay.network.network import Network
from cnnplay.spec.plurals import plural

Match: TypeAlias = Literal["name", "order"]

MATCHES: tuple[Match, ...] = ("name", "order")
"""By parameter name; or by order and shape, the first tensor for the first parameter."""

Result: TypeAlias = Literal["loaded", "paired by hand", "another shape", "missing", "unexpected"]
"""A missing parameter has no tensor and is initialized; an unexpected tensor has no parameter."""


class Mismatch(msgspec.Struct, frozen=True):
    """A tensor with the right name and the wrong shape."""

    key: str
    expected: Shape
    found: Shape


class Pair(msgspec.Struct, frozen=True):
    """A parameter and its tensor; "" for the one that is missing."""

    parameter: str
    tensor: str
    result: Result


class Pairing(msgspec.Struct, frozen=True):
    """The shapes of a file's tensors and of a network's parameters; `sources` is each parameter's tensor.

    `by_hand` are the parameters whose tensor the user chose.
    """

    layout: Layout
    tensors: dict[str, Shape]
    parameters: dict[str, Shape]
    sources: dict[str, str]
    by_hand: frozenset[str] = frozenset()

    @property
    def loaded(self) -> tuple[str, ...]:
        """The parameters that are loaded."""
        return tuple(key for key in self.parameters if self._fits(key))

    @property
    def missing(self) -> tuple[str, ...]:
        """The parameters without a tensor."""
        return tuple(key for key in self.parameters if key not in self.sources and not key.endswith(COUNTER))

    @property
    def mismatched(self) -> tuple[Mismatch, ...]:
        """The parameters whose tensor has another shape."""
        return tuple(
            Mismatch(key, shape, self.tensors[self.sources[key]])
            for key, shape in self.parameters.items()
            if key in self.sources and not self._fits(key)
        )

    @property
    def unexpected(self) -> tuple[str, ...]:
        """The tensors without a parameter."""
        used = set(self.sources.values())
        return tuple(tensor for tensor in self.tensors if tensor not in used)

    @property
    def complete(self) -> bool:
        """Whether every parameter is loaded, and no tensor is left over."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def wanted(self) -> int:
        """The number of parameters."""
        return len(self.loaded) + len(self.missing) + len(self.mismatched)

    @property
    def summary(self) -> str:
        """``8 of 10 parameters are loaded; the others are initialized``."""
        count, wanted = len(self.loaded), self.wanted
        rest = "" if count == wanted else "; the others are initialized"
        left = len(self.unexpected)
        unused = f"; {plural(left, 'tensor')} of the file not used" if left else ""
        return f"{count:,} of {wanted:,} parameters are loaded{rest}{unused}"

    @property
    def messages(self) -> tuple[str, ...]:
        """One line for each tensor that is not loaded, for the user."""
        lines = [
            f"{one.key}: expected {shape_text(one.expected)}; found {shape_text(one.found)}"
            for one in self.mismatched
        ]
        lines += [f"{key}: missing from the weights" for key in self.missing]
        lines += [f"{key}: unexpected: the network has no such parameter" for key in self.unexpected]
        return tuple(lines)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All parameters in the network's order, then the tensors without one."""
        missing = set(self.missing)
        rows = [
            Pair(key, self.sources.get(key, ""), self._result(key))
            for key in self.parameters
            if key in self.sources or key in missing
        ]
        return (*rows, *(Pair("", tensor, "unexpected") for tensor in self.unexpected))

    def cells(self, pair: Pair, types: Mapping[str, str]) -> tuple[str, ...]:
        """One of the `pairs` as a row of a table: parameter, its shape, tensor, its shape, its type, result.
        `types` are the tensors' types of numbers.
        """
        own = shape_text(self.parameters[pair.parameter]) if pair.parameter else ""
        theirs = shape_text(self.tensors[pair.tensor]) if pair.tensor else ""
        return (pair.parameter, own, pair.tensor, theirs, types.get(pair.tensor, ""), pair.result)

    def choices(self, parameter: str) -> tuple[str, ...]:
        """The tensors that can be paired with a parameter: those of its shape that are not loaded into
        another one."""
        taken = {self.sources[key] for key in self.loaded if key != parameter}
        shape = self.parameters[parameter]
        return tuple(name for name, found in self.tensors.items() if found == shape and name not in taken)

    def paired(self, parameter: str, tensor: str) -> "Pairing":
        """The pairing with one of the `choices` for a parameter; with none if it is ""."""
        sources = {key: one for key, one in self.sources.items() if key != parameter and one != tensor}
        by_hand = self.by_hand - {parameter}
        if tensor:
            sources[parameter] = tensor
            by_hand |= {parameter}
        return msgspec.structs.replace(self, sources=sources, by_hand=by_hand)

    def _fits(self, parameter: str) -> bool:
        source = self.sources.get(parameter)
        return source is not None and self.tensors[source] == self.parameters[parameter]

    def _result(self, parameter: str) -> Result:
        if parameter not in self.sources:
            return "missing"
        if not self._fits(parameter):
            return "another shape"
        return "paired by hand" if parameter in self.by_hand else "loaded"


def by_name(tensors: Mapping[str, Shape], network: Network, parameters: Mapping[str, Shape]) -> Pairing:
    """Pairs tensors with the parameters of a network by their names, in any layout that is recognized."""
    return _pairing(recognized(tensors, network, parameters), tensors, parameters)


def pairings(
    tensors: Mapping[str, Shape], network: Network, parameters: Mapping[str, Shape]
) -> dict[Match, Pairing]:
    """The ways in which tensors can be paired with the parameters of a network, the better one first.

    By order only if all shapes are equal in order; by name if any name fits, or if nothing else does.
    """
    named = by_name(tensors, network, parameters)
    layout = by_order(tensors, parameters)
    found: dict[Match, Pairing] = {}
    if named.loaded or layout is None:
        found["name"] = named
    if layout is not None:
        found["order"] = _pairing(layout, tensors, parameters)
    return found


def _pairing(layout: Layout, tensors: Mapping[str, Shape], parameters: Mapping[str, Shape]) -> Pairing:
    sources: dict[str, str] = {}
    for tensor in tensors:
        parameter = layout.names.get(tensor, tensor)
        if parameter in parameters:
            sources.setdefault(parameter, tensor)
    return Pairing(layout, dict(tensors), dict(parameters), sources)
