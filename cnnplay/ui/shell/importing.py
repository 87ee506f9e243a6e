"""Import: reads a weights file, and loads what the user confirms into the network on screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.pairing import Match, Pairing
    from cnnplay.modules.weights import Weights


@dataclass(frozen=True, eq=False)
class ReadWeights:
    """A weights file that was read for the network on screen.

    `pairings` are the ways to match its tensors with the network's parameters, the better one first. `notes`
    say what was done to read it and how inputs will be normalized; `warning` says if it has NaN or infinity.
    `types` are the tensors' types of numbers, by name.
    """

    path: Path
    network: Network
    config: TrainConfig
    facts: DataFacts
    weights: Weights
    types: dict[str, str]
    pairings: dict[Match, Pairing]
    notes: tuple[str, ...]
    warning: str = ""


class ImportModel(QObject):
    """Reads in a thread. `offered(ReadWeights)`: the user decides which tensors to `load`, if any."""

    done = Signal(str)
    failed = Signal(str)
    offered = Signal(object)

    def __init__(
        self,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data, self._run = editor, settings, data, run
        self._jobs = Background("import", self)

    def disabled_reason(self) -> str:
        """Why no weights can be loaded now; "" if they can."""
        if self._run.active:
            return "a run is active: stop it first"
        if not self._editor.report.valid or not self._editor.network.stack:
            return "the network has problems: fix them first"
        return "" if self._data.images is not None else "choose a data set first"

    def read(self, path: Path) -> None:
        """Reads a weights file and offers it; nothing is replaced yet."""
        reason, images = self.disabled_reason(), self._data.images
        if reason or images is None:
            self.failed.emit(f"{path.name} cannot be loaded now: {reason}")
            return
        network, config = self._editor.network, self._settings.config
        self._jobs.queue(lambda: _read(path, network, config, images), self._offer, self._fail)

    def load(self, read: ReadWeights, pairing: Pairing) -> None:
        """Makes these the network's weights; parameters without a tensor are initialized."""
        self._jobs.queue(
            lambda: _trained(read, pairing), lambda made: self._take(read, pairing, made), self._fail
        )

    def _offer(self, read: ReadWeights) -> None:
        if self._overtaken(read):
            return
        pairing = next(iter(read.pairings.values()))
        unpaired = (*pairing.missing, *(one.key for one in pairing.mismatched))
        if pairing.loaded or any(pairing.choices(parameter) for parameter in unpaired):
            self.offered.emit(read)
            return
        first, *others = pairing.messages
        more = f" (and {len(others)} more)" if others else ""
        self.failed.emit(f"{read.path.name}: none of its weights fit this network: {first}{more}")

    def _take(self, read: ReadWeights, pairing: Pairing, trained: Trained) -> None:
        if self._overtaken(read):
            return
        self._run.adopt(trained)
        count, wanted = len(pairing.loaded), pairing.wanted
        amount = "all" if count == wanted else f"{count:,} of {wanted:,}"
        self.done.emit(f"loaded {amount} weights from {read.path.name}")

    def _overtaken(self, read: ReadWeights) -> bool:
        """Whether it is too late for them; says so."""
        if self._run.active:
            reason = "a run has started meanwhile"
        elif self._editor.network != read.network:
            reason = "the network was changed meanwhile"
        else:
            return False
        self.failed.emit(f"{read.path.name} was not loaded: {reason}")
        return True

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))


def _read(path: Path, network: Network, config: TrainConfig, images: ImageSet) -> ReadWeights:
    from cnnplay.data.prepared import sampled_statistics  # torch, in the thread
    from cnnplay.modules.weights import possible_pairings, type_name
    from cnnplay.project.weights_file import facts_of, not_finite, read_file

    found = read_file(path)
    # Files exported by this program hold normalization and class names; others do not.
    stored = facts_of(path)
    preprocessing = stored.preprocessing
    rule = "inputs are normalized as the file says"
    if preprocessing is None or preprocessing.input != network.input.shape:
        preprocessing = sampled_statistics(images, network.input.shape)
        rule = f"inputs are normalized by the statistics of {images.title}"
    classes = _class_names(network.task.classes, stored.classes, images.classes)
    return ReadWeights(
        path,
        network,
        config,
        facts=DataFacts(key=images.key, classes=classes, preprocessing=preprocessing),
        weights=found.weights,
        types={name: type_name(tensor) for name, tensor in found.weights.items()},
        pairings=possible_pairings(found.weights, network),
        notes=(*found.notes, rule),
        warning=next(iter(not_finite(found.weights)), ""),
    )


def _trained(read: ReadWeights, pairing: Pairing) -> Trained:
    from cnnplay.modules.weights import build_with_weights, weights_of

    config = read.config
    module, _ = build_with_weights(
        read.weights, read.network, seed=config.seed, initialisation=config.initialisation, pairing=pairing
    )
    return Trained(TrainedWeights(read.network, config, read.facts, weights_of(module, copied=False)))


def _class_names(count: int, *candidates: tuple[str, ...]) -> tuple[str, ...]:
    """The first candidate with one name for each output; else ``class 1``, ``class 2``, …"""
    named = next((names for names in candidates if len(names) == count), None)
    return named or tuple(f"class {number}" for number in range(1, count + 1))
