"""Import: loads a weights file into the network on screen and says what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet


@dataclass(frozen=True)
class Imported:
    """Weights read from a file, and the training they would make.

    `problems` has a line for each tensor that does not fit. `fitting` of `wanted` tensors fit; the others
    would be initialized at random.
    """

    path: Path
    problems: tuple[str, ...]
    fitting: int
    wanted: int
    trained: Trained

    @property
    def complete(self) -> bool:
        return not self.problems


class ImportModel(QObject):
    """Reads in a thread. `partly(Imported)`: not all weights fit, and the user decides."""

    done = Signal(str)
    failed = Signal(str)
    partly = Signal(object)

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
        """Reads a weights file into the network on screen. Asks if not all weights fit."""
        reason, images = self.disabled_reason(), self._data.images
        if reason or images is None:
            self.failed.emit(f"{path.name} cannot be loaded now: {reason}")
            return
        network, config = self._editor.network, self._settings.config
        self._jobs.queue(lambda: _imported(path, network, config, images), self._read, self._fail)

    def take(self, imported: Imported) -> None:
        """Makes these the network's weights."""
        if self._run.active:
            self.failed.emit(f"{imported.path.name} was not loaded: a run has started meanwhile")
            return
        self._run.adopt(imported.trained)
        amount = "all" if imported.complete else f"{imported.fitting} of {imported.wanted}"
        self.done.emit(f"loaded {amount} weights from {imported.path.name}")

    def _read(self, imported: Imported) -> None:
        if imported.complete:
            self.take(imported)
        elif not imported.fitting:
            more = f" (and {len(imported.problems) - 1} more)" if len(imported.problems) > 1 else ""
            self.failed.emit(
                f"{imported.path.name}: none of its weights fit this network: {imported.problems[0]}{more}"
            )
        else:
            self.partly.emit(imported)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))


def _class_names(count: int, *candidates: tuple[str, ...]) -> tuple[str, ...]:
    """The first candidate with one name for each output; else ``class 1``, ``class 2``, …"""
    named = next((names for names in candidates if len(names) == count), None)
    return named or tuple(f"class {number}" for number in range(1, count + 1))


def _imported(path: Path, network: Network, config: TrainConfig, images: ImageSet) -> Imported:
    from cnnplay.data.prepared import sampled_statistics  # torch, in the thread
    from cnnplay.modules.weights import build_with_weights, weights_of
    from cnnplay.project.weights_file import facts_of, read
    from cnnplay.spec.trained import DataFacts

    weights = read(path)
    module, result = build_with_weights(weights, network, seed=config.seed)
    # Files exported by this program hold normalization and class names; others do not.
    stored = facts_of(path)
    preprocessing = stored.preprocessing
    if preprocessing is None or preprocessing.input != network.input.shape:
        preprocessing = sampled_statistics(images, network.input.shape)
    classes = _class_names(network.task.classes, stored.classes, images.classes)
    facts = DataFacts(key=images.key, classes=classes, preprocessing=preprocessing)
    trained = Trained(TrainedWeights(network, config, facts, weights_of(module)))
    return Imported(path, result.messages, len(result.loaded), len(module.state_dict()), trained)
