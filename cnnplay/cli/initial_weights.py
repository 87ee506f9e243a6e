"""`--from FILE`: the weights that training starts with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnnplay.cli.arguments import check_choice
from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.networks import chosen_weights, find_network, run_path, run_weights
from cnnplay.cli.output import first_few
from cnnplay.modules.trained_weights import WHICH

if TYPE_CHECKING:
    from torch import Tensor

    from cnnplay.modules.pairing import Pairing
    from cnnplay.modules.weights import Weights
    from cnnplay.network.network import Network
    from cnnplay.spec.settings import TrainConfig


def initial_weights(
    text: str, which: str, match: str | None, network: "Network", config: "TrainConfig"
) -> "tuple[Weights, tuple[str, ...]]":
    """The weights of a file, a project or a run that fit the network; the others are initialized as `config`
    says.

    Returns all of the network's weights, and notes for the user. UserError if none fit, or if they fit only
    in order and `match` is not "order".
    """
    from cnnplay.modules.weights import build_with_weights, weights_of

    weights, notes = _given(text, which)
    pairing = chosen_pairing(weights, network, match)
    if pairing.layout.key == "order" and match is None:
        raise UserError(
            f"--from {text}: no parameter name matches {network.name}, but all shapes match in order: "
            f"check with `cnnplay weights {text} --into {network.name}`, then add --match order"
        )
    if not pairing.loaded:
        raise UserError(f"--from {text}: none of its weights fit {network.name}: {pairing.messages[0]}")
    module, _ = build_with_weights(
        weights, network, seed=config.seed, initialisation=config.initialisation, pairing=pairing
    )
    taken = f"{len(pairing.loaded):,} of {pairing.wanted:,} weights taken ({pairing.layout.title})"
    rule = (
        "the inputs are normalized by the statistics of this data set, whatever the weights were trained with"
    )
    lines = (*notes, taken, *first_few(pairing.messages), rule)
    return weights_of(module, copied=False), tuple(f"from {text}: {line}" for line in lines)


def chosen_pairing(weights: "Mapping[str, Tensor]", network: "Network", match: str | None) -> "Pairing":
    """The pairing that `--match` asks for, by default the better one. UserError if it is not possible."""
    from cnnplay.modules.pairing import MATCHES
    from cnnplay.modules.weights import possible_pairings

    found = possible_pairings(weights, network)
    if match is None:
        return next(iter(found.values()))
    asked = check_choice("--match", match, MATCHES)
    if asked not in found:
        why = "no parameter name matches" if asked == "name" else "the shapes are not equal in order"
        raise UserError(f"--match {asked}: {why}: expected those of {network.name}")
    return found[asked]


def _given(text: str, which: str) -> "tuple[Weights, tuple[str, ...]]":
    from cnnplay.project.pickled import is_project
    from cnnplay.project.weights_file import WeightsError, read_file

    asked = check_choice("--weights", which, WHICH)
    path = run_path(text)
    if not path.is_dir() and not (path.is_file() and is_project(path)):
        with as_user_errors(WeightsError):
            read = read_file(path)
        return read.weights, read.notes
    found = find_network(text)
    if found.run is not None:
        chosen = chosen_weights(found.run, asked)
        return run_weights(found.run, chosen), (f"{chosen} weights",)
    trained = None if found.project is None else found.project.trained
    if trained is None:
        raise UserError(f"--from {text}: expected trained weights; found a project without any")
    return trained.chosen(asked), ()
