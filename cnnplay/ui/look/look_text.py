"""Texts about a probe: where the result comes from, what its image lacks, and why there is none."""

from cnnplay.data.input_size import is_squashed
from cnnplay.network.network import Network, ids
from cnnplay.shapes.report import Report
from cnnplay.ui.look.probe import ProbeResult
from cnnplay.ui.train.trained import Trained


def live_text(epoch: int, selected: str, network: Network) -> str:
    """``live, epoch 3``; also says if the selected node was added after the run began."""
    known = not selected or selected == "input" or selected in ids(network)
    foreign = "" if known else f"; {selected} is not part of the network in training"
    return f"live, epoch {max(1, epoch)}{foreign}"


def trained_text(trained: Trained | None) -> str:
    """``trained weights``; if others of the run are better, which weights these are and which are best."""
    if trained is None:
        return "trained weights"
    weights, within = trained.weights, trained.within
    best, last = weights.best_epoch, weights.last_epoch
    better = "" if best is None or weights.best is None else f" (best: epoch {best})"
    if within is not None:
        return f"last weights, stopped in epoch {within}{better}"
    return f"last weights, epoch {last}{better}" if better and last and best != last else "trained weights"


def partly_trained_text(untrained: tuple[str, ...]) -> str:
    """Which nodes have no trained weights."""
    return f"trained weights; untrained: {', '.join(untrained[:3])}{' …' if len(untrained) > 3 else ''}"


def untrained_text(seed: int) -> str:
    return f"untrained (random weights, seed {seed})"


def problems_text(report: Report) -> str:
    """What to fix before anything can be computed; "" for a valid network."""
    if not report.problems:
        return ""
    more = f" (and {len(report.problems) - 1} more)" if len(report.problems) > 1 else ""
    return f"fix the problems in Build first: {report.problems[0].message}{more}"


def weights_text(report: Report) -> str:
    """``138,357,544 weights, 553 MB``."""
    return f"{report.parameters:,} weights, {report.parameters * 4 / 1e6:,.0f} MB"


def image_hint(result: ProbeResult | None, trained: bool) -> str:
    """What a user should know of an image of their own: light and dark are the other way round than those of
    the training images, or it is squashed. "" if neither is the case.
    """
    image = result.request.image if result is not None else None
    if result is None or result.input is None or image is None or image.source == "data":
        return ""
    own, size = result.network.input.shape, image.pixels.shape[:2]
    hints = []
    if trained and result.polarity:
        hints.append(f"This image is {result.polarity}: try inverting it.")
    if is_squashed(size, own):
        subject = "It" if hints else "This image"
        hints.append(
            f"{subject} is squashed: {size[0]:,} × {size[1]:,} becomes {own[1]:,} × {own[2]:,}, whatever its "
            "aspect ratio. Crop it first to avoid that."
        )
    return " ".join(hints)
