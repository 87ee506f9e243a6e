"""`cnnplay weights FILE`: what a weights file holds, and what of it fits a network."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.initial_weights import chosen_pairing
from cnnplay.cli.networks import described_network, warn_where_not_finite
from cnnplay.cli.output import Column, count, echo, print_json, table
from cnnplay.data.paths import expand_user
from cnnplay.network.describe import shape_text
from cnnplay.spec.plurals import plural

if TYPE_CHECKING:
    from cnnplay.modules.pairing import Pairing
    from cnnplay.modules.weights import Weights


def describe_weights(path: Path, into: str | None, match: str | None, json: bool) -> None:
    """Prints the tensors of a file and, with `into`, what of them that network would load."""
    from cnnplay.modules.weight_names import published_layout
    from cnnplay.modules.weights import type_name
    from cnnplay.project.weights_file import WeightsError, read_file

    if match is not None and into is None:
        raise UserError("--match needs --into")
    with as_user_errors(WeightsError):
        found = read_file(expand_user(path))
    pairing = None if into is None else _pairing(found.weights, into, match)
    layout = published_layout(found.weights) if pairing is None else pairing.layout
    types = {name: type_name(tensor) for name, tensor in found.weights.items()}
    if json:
        tensors = [
            {"name": name, "shape": [*tensor.shape], "type": types[name]}
            for name, tensor in found.weights.items()
        ]
        key = None if layout is None else layout.key
        fit = {} if pairing is None else _fit_json(pairing)
        print_json({"tensors": tensors, "notes": found.notes, "layout": key, **fit})
        return
    for note in found.notes:
        echo(note)
    if pairing is None:
        _print_tensors(found.weights, types)
    else:
        _print_pairs(pairing, types)
    numbers = sum(prod(tensor.shape) for tensor in found.weights.values())
    echo(f"{plural(len(types), 'tensor')}, {count(numbers)} numbers")
    if layout is not None:
        echo(layout.title)
    warn_where_not_finite(found.weights)
    if pairing is not None:
        echo(f"{into}: {pairing.summary}")


def _pairing(weights: "Weights", into: str, match: str | None) -> "Pairing":
    from cnnplay.modules.build import BuildError

    network = described_network(into)
    with as_user_errors(BuildError):
        return chosen_pairing(weights, network, match)


def _print_tensors(weights: "Weights", types: dict[str, str]) -> None:
    columns = (Column("name"), Column("shape", "right"), Column("type"))
    table(columns, [[name, shape_text(tuple(tensor.shape)), types[name]] for name, tensor in weights.items()])


def _print_pairs(pairing: "Pairing", types: dict[str, str]) -> None:
    """A row for each parameter, then those of the tensors without one."""
    columns = (
        *(Column("parameter"), Column("shape", "right"), Column("tensor")),
        *(Column("its shape", "right"), Column("type"), Column("result")),
    )
    table(columns, [list(pairing.cells(pair, types)) for pair in pairing.pairs])


def _fit_json(pairing: "Pairing") -> dict[str, Any]:
    return {
        "names": pairing.layout.names,
        "loaded": pairing.loaded,
        "missing": pairing.missing,
        "unexpected": pairing.unexpected,
        "mismatched": pairing.mismatched,
    }
