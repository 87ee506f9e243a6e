"""What is said of a look: where it comes from, and why there is none."""

from cnnplay.network.network import Network, ids
from cnnplay.shapes.report import Report
from cnnplay.ui.train.trained import Trained


def live_words(epoch: int, selected: str, network: Network) -> str:
    """``live, epoch 3``; and that the selected node was added since the run began."""
    known = not selected or selected == "input" or selected in ids(network)
    foreign = "" if known else f"; {selected} is not in the network that is being trained"
    return f"live, epoch {max(1, epoch)}{foreign}"


def trained_words(trained: Trained | None) -> str:
    """``trained weights``; where others of the same run are better, which ones these are and which those."""
    if trained is None:
        return "trained weights"
    best, last, within = trained.best_epoch, trained.last_epoch, trained.within
    better = "" if best is None or trained.best_weights is None else f" (best: epoch {best})"
    if within is not None:
        return f"last weights, stopped in epoch {within}{better}"
    return f"last weights, epoch {last}{better}" if better and last and best != last else "trained weights"


def partly_words(fresh: tuple[str, ...]) -> str:
    """Which nodes have no trained weights."""
    return f"trained weights; untrained: {', '.join(fresh[:3])}{' …' if len(fresh) > 3 else ''}"


def untrained_words(seed: int) -> str:
    return f"untrained: weights as seed {seed} draws them"


def faults_words(report: Report) -> str:
    """What must be mended before anything can be computed; "" for a valid network."""
    if not report.faults:
        return ""
    more = f" (and {len(report.faults) - 1} more)" if len(report.faults) > 1 else ""
    return f"mend the faults in Build first: {report.faults[0].message}{more}"


def weight_words(report: Report) -> str:
    """``138,357,544 weights, 553 MB``."""
    return f"{report.parameters:,} weights, {report.parameters * 4 / 1e6:,.0f} MB"
