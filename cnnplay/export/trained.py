"""What is exported, the result, and the errors."""

from pathlib import Path

import msgspec

from cnnplay.modules.build import BuildError
from cnnplay.modules.module import NetworkModule
from cnnplay.modules.weights import Weights, build_with_weights, weights_match
from cnnplay.network.network import ID_PATTERN, Network, leaves
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import Initialization
from cnnplay.spec.trained import DataFacts


class ExportError(ValueError):
    """The export failed; one line for the user. Existing files are untouched."""


class ExportWriteError(ExportError):
    """The file could not be written; the request was valid."""


class TrainedNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """A network and its facts. `weights` None means random ones, drawn as `initialisation` says."""

    network: Network
    weights: Weights | None = None
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] = ()
    trained: bool = False
    initialisation: Initialization = "default"


def trained_network(
    network: Network, weights: Weights, learned: Network, facts: DataFacts | None
) -> TrainedNetwork:
    """`network` with weights that were trained in `learned`, if they match it exactly (another activation,
    pooling or input size changes no weight); else `learned` with them.
    """
    exported = network if weights_match(weights, network) else learned
    preprocessing = None if facts is None else facts.preprocessing
    if preprocessing is not None and preprocessing.input != exported.input.shape:
        preprocessing = msgspec.structs.replace(preprocessing, input=exported.input.shape)
    return TrainedNetwork(
        network=exported,
        weights=weights,
        preprocessing=preprocessing,
        classes=() if facts is None else facts.classes,
        trained=True,
    )


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written, its format's key and size, and its sidecar files."""

    path: Path
    format: str
    bytes: int
    trained: bool
    also: tuple[Path, ...] = ()


def module_of(network: TrainedNetwork, seed: int) -> NetworkModule:
    """The module in evaluation mode, with its weights or random ones for `seed`. ExportError if unfit."""
    _check(network)
    try:
        module, result = build_with_weights(
            network.weights, network.network, seed=seed, initialisation=network.initialisation
        )
    except BuildError as error:
        raise ExportError(str(error)) from None
    if network.weights is not None and not result.complete:
        more = f" (and {len(result.messages) - 1} more)" if len(result.messages) > 1 else ""
        raise ExportError(f"the weights do not fit this network: {result.messages[0]}{more}")
    return module.eval()


def _check(network: TrainedNetwork) -> None:
    expected = network.network.task.classes
    if network.classes and len(network.classes) != expected:
        raise ExportError(f"expected {expected} class names, one per output; found {len(network.classes)}")
    for node in leaves(network.network):
        if not ID_PATTERN.match(node.id):
            raise ExportError(f"expected an id of lowercase letters, digits and hyphens; found {node.id!r}")
