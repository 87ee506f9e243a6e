"""`cnnplay weights FILE`: what a weights file holds, and what of it fits a network."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnplay.cli.errors import as_user_errors
from cnnplay.cli.networks import find_network, warn_where_not_finite
from cnnplay.cli.output import Column, count, echo, first_few, print_json, table
from cnnplay.data.paths import expand_user
from cnnplay.network.describe import shape_text
from cnnplay.spec.plurals import plural

if TYPE_CHECKING:
    from cnnplay.modules.weight_names import Layout
    from cnnplay.modules.weights import Transfer


def describe_weights(path: Path, into: str | None, json: bool) -> None:
    """Prints the tensors of a file and, with `into`, what of them that network would load."""
    from cnnplay.modules.weight_names import published_layout
    from cnnplay.project.weights_file import WeightsError, read_file

    with as_user_errors(WeightsError):
        found = read_file(expand_user(path))
    tensors = [
        {
            "name": name,
            "shape": [*tensor.shape],
            "type": str(tensor.dtype).removeprefix("torch."),
        }
        for name, tensor in found.weights.items()
    ]
    layout, fit = published_layout(found.weights), None
    if into is not None:
        from cnnplay.modules.build import BuildError
        from cnnplay.modules.weights import compare, fitting_layout

        network = find_network(into).network
        with as_user_errors(BuildError):
            layout = fitting_layout(found.weights, network)
            fit = compare(found.weights, network, layout)
    if json:
        print_json(
            {
                "tensors": tensors,
                "notes": found.notes,
                "layout": None if layout is None else layout.key,
                **({} if fit is None or layout is None else _fit_json(fit, layout)),
            }
        )
        return
    for note in found.notes:
        echo(note)
    _print(tensors, layout, fit)
    warn_where_not_finite(found.weights)
    if fit is not None:
        _print_fit(fit, into)


def _print(tensors: list[dict[str, Any]], layout: "Layout | None", fit: "Transfer | None") -> None:
    columns = [Column("name"), Column("shape", "right"), Column("type")]
    rows = [[row["name"], shape_text(row["shape"]) or "a scalar", row["type"]] for row in tensors]
    if fit is not None and layout is not None:
        columns.append(Column("loaded as"))
        for row in rows:
            name = layout.names.get(row[0], "")
            row.append(name if name in fit.loaded else "")
    table(columns, rows)
    echo(f"{plural(len(tensors), 'tensor')}, {count(sum(prod(row['shape']) for row in tensors))} numbers")
    if layout is not None:
        echo(layout.title)


def _print_fit(fit: "Transfer", into: str | None) -> None:
    wanted = len(fit.loaded) + len(fit.missing) + len(fit.mismatched)
    echo(f"{into} would load {len(fit.loaded):,} of {wanted:,}")
    for message in first_few(fit.messages):
        echo(message)


def _fit_json(fit: "Transfer", layout: "Layout") -> dict[str, Any]:
    return {
        "names": layout.names,
        "loaded": fit.loaded,
        "missing": fit.missing,
        "unexpected": fit.unexpected,
        "mismatched": fit.mismatched,
    }
