"""Where a network and a data set do not fit each other: what can be done, with what each way would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.describe import shape_words
from cnnplay.network.network import Network
from cnnplay.shapes.adapt import Adapted, adapt
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import Fit, TrainConfig
from cnnplay.viewmodels.data import DataModel
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.settings import SettingsModel
from cnnplay.viewmodels.tasks import Tasks

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

LARGE = 2.5
"""From this ratio of areas on, bringing small pictures to a large input costs enough to ask first."""


class Option(msgspec.Struct, frozen=True):
    """One way: its rule, what the button says, what changes, and what it will cost ("" while unknown)."""

    fit: Fit
    title: str
    words: str
    cost: str = ""


class OfferModel(QObject):
    """Asks when a large preset meets small pictures; other class counts are taken over at once, visibly."""

    changed = Signal()

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
        self._tasks = Tasks("offer", self)
        self._asked: tuple[str, str] = ("", "")
        self._adapted: dict[Fit, Adapted] = {}
        self.question = ""
        self.options: tuple[Option, ...] = ()
        editor.changed.connect(self._network_changed)
        data.changed.connect(self._data_changed)

    @property
    def open(self) -> bool:
        return bool(self.options)

    def accept(self, fit: Fit) -> None:
        """Does it: an edit like any other, and the rule for the pictures."""
        adapted = self._adapted.get(fit)
        self.dismiss()
        if adapted is not None:
            self._settings.set("fit", fit)
            self._editor.apply(adapted.edited)
            if adapted.changes:
                self._editor.message.emit("; ".join(adapted.changes))

    @Slot()
    def dismiss(self) -> None:
        """Not now; it is not asked again for this network and these pictures."""
        if self.options:
            self.question, self.options, self._adapted = "", (), {}
            self.changed.emit()

    def shutdown(self) -> None:
        self._tasks.finish()

    @Slot()
    def _network_changed(self) -> None:
        """A preset that was just opened is looked at; an edit closes what was asked about another network."""
        network, images = self._editor.network, self._data.images
        key = (network.preset, images.key if images is not None else "")
        if not network.preset or images is None or not _as_published(network):
            self.dismiss()
        elif key != self._asked or not self.options:
            self._asked = key
            self._consider(network, images, mend_classes=False)

    @Slot()
    def _data_changed(self) -> None:
        images = self._data.images
        if images is not None and not self._run.active:
            self._asked = (self._editor.network.preset, images.key)
            self._consider(self._editor.network, images, mend_classes=True)

    def _consider(self, network: Network, images: ImageSet, mend_classes: bool) -> None:
        classes = len(images.classes)
        shape = images.shape
        if shape is not None and _area(network.input.shape) >= LARGE * _area(shape):
            self._ask(network, images, shape)
            return
        self.dismiss()
        if mend_classes and network.task.classes != classes and network.stack:
            adapted = adapt(network, shape or network.input.shape, classes, "resize")
            if self._editor.apply(adapted.edited):
                self._editor.message.emit("; ".join(adapted.changes))

    def _ask(self, network: Network, images: ImageSet, shape: tuple[int, int, int]) -> None:
        classes = len(images.classes)
        self._adapted = {fit: adapt(network, shape, classes, fit) for fit in ("resize", "stem")}
        self.question = (
            f"{network.name} takes {shape_words(network.input.shape)} and tells {network.task.classes:,} "
            f"classes apart; {images.title} has {shape_words(shape)} and {classes:,}."
        )
        stem = self._adapted["stem"].changes
        few = "; ".join(stem[:4]) + (f"; {len(stem) - 4} more" if len(stem) > 4 else "")
        self.options = (
            Option("stem", "Adapt the network", few),
            Option(
                "resize",
                "Enlarge the pictures",
                f"to {shape_words(network.input.shape)}; last layer {classes:,}",
            ),
        )
        self.changed.emit()
        self._forecast(images)

    def _forecast(self, images: ImageSet) -> None:
        networks = {fit: adapted.edited.network for fit, adapted in self._adapted.items()}
        config = self._settings.config

        def done(costs: dict[Fit, str]) -> None:
            if networks == {fit: adapted.edited.network for fit, adapted in self._adapted.items()}:
                self.options = tuple(
                    msgspec.structs.replace(option, cost=costs.get(option.fit, "")) for option in self.options
                )
                self.changed.emit()

        self._tasks.run(lambda: _costs(networks, config, images), done, lambda error: done({}))


def _costs(networks: dict[Fit, Network], config: TrainConfig, images: ImageSet) -> dict[Fit, str]:
    from cnnplay.training.forecast import forecast  # torch: in the thread

    return {
        fit: forecast(network, infer(network), msgspec.structs.replace(config, fit=fit), images).words
        for fit, network in networks.items()
    }


def _as_published(network: Network) -> bool:
    from cnnplay.network.presets import preset

    try:
        return preset(network.preset).network == network
    except KeyError:
        return False


def _area(shape: tuple[int, ...]) -> int:
    return shape[1] * shape[2]
