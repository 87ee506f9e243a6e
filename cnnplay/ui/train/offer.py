"""Where a network and a data set do not fit each other: what can be done, with what each way would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnplay.network.describe import shape_words
from cnnplay.network.fields import fields_of
from cnnplay.network.network import Input, Network
from cnnplay.shapes.adapt import Adapted, adapt
from cnnplay.shapes.faults import Fault
from cnnplay.shapes.infer import infer
from cnnplay.shapes.pictures import class_faults
from cnnplay.spec.settings import Fit, TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.tasks import Tasks
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

LARGE = 2.5
"""From this ratio of areas on, bringing small pictures to a large input costs enough to ask first."""
MOST_GUESSED = 64
"""Pictures of mixed sizes are taken for no larger than this until somebody says another size."""
LARGEST = next(int(field.maximum or 0) for field in fields_of(Input) if field.name == "height")
SETTLE_MS = 150
NO_FORECAST = "no forecast of its memory and time"


class Option(msgspec.Struct, frozen=True):
    """One way: its rule, what the button says, what changes, and what it will cost ("" while unknown)."""

    fit: Fit
    title: str
    words: str
    cost: str = ""


class OfferModel(QObject):
    """Asks when a large preset meets small pictures, and whenever it is told to (`ask`); other class counts
    are taken over at once, visibly.

    `changed`: there is another question, answer or cost, or none. `asked`: somebody wanted the question.
    """

    changed = Signal()
    asked = Signal()

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
        self.size: tuple[int, int] | None = None
        """Height and width for which the network would be adapted, where the pictures' sizes are mixed."""
        self._soon = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._soon.timeout.connect(self._forecast)
        editor.changed.connect(self._network_changed)
        data.changed.connect(self._data_changed)

    @property
    def open(self) -> bool:
        return bool(self.options)

    def why_not(self) -> str:
        """Why there is nothing to `ask`; "" when there is."""
        network, images = self._editor.network, self._data.images
        if images is None:
            return "choose a data set first"
        if not network.stack:
            return "the network is empty: add blocks first"
        if network.input.shape == images.shape and network.task.classes == len(images.classes):
            return "the network takes these pictures as they are, and tells their classes apart"
        return ""

    @Slot()
    def ask(self) -> None:
        """Asks how network and pictures are to be brought together, however small the difference."""
        network, images = self._editor.network, self._data.images
        if self.why_not() or images is None:
            return
        self._asked = (network.preset, images.key)
        height, width = network.input.height, network.input.width
        self.size = None if images.shape else (min(height, MOST_GUESSED), min(width, MOST_GUESSED))
        self._ask(network, images)
        self.asked.emit()

    def class_faults(self) -> tuple[Fault, ...]:
        """The fault of a network without one of its own that tells another number of classes apart than the
        pictures have; nothing else keeps it from being trained.
        """
        images, network = self._data.images, self._editor.network
        if images is None or not self._editor.report.valid or not network.stack:
            return ()
        return class_faults(network, images.title, len(images.classes))

    def set_size(self, height: int, width: int) -> str:
        """Of pictures of mixed sizes: the size for which the network would be adapted. Why not; else ""."""
        images = self._data.images
        if self.size is None or images is None or (height, width) == self.size:
            return ""
        if not (1 <= height <= LARGEST and 1 <= width <= LARGEST):
            return f"height and width must be 1 to {LARGEST:,}; got {height:,} × {width:,}"
        self.size = (height, width)
        self._ask(self._editor.network, images, at_once=False)
        return ""

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
            self._soon.stop()
            self.question, self.options, self._adapted, self.size = "", (), {}, None
            self.changed.emit()

    def shutdown(self) -> None:
        self._soon.stop()
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
            answering = self._editor.travelling or self._run.active
            self._consider(network, images, mend_classes=not answering)

    @Slot()
    def _data_changed(self) -> None:
        images = self._data.images
        if images is not None and not self._run.active:
            self._asked = (self._editor.network.preset, images.key)
            self._consider(self._editor.network, images, mend_classes=True)

    def _consider(self, network: Network, images: ImageSet, mend_classes: bool) -> None:
        classes = len(images.classes)
        shape = images.shape
        loses_colour = images.channels > network.input.channels
        if shape is not None and (loses_colour or _area(network.input.shape) >= LARGE * _area(shape)):
            self.size = None
            self._ask(network, images)
            return
        self.dismiss()
        if mend_classes and network.task.classes != classes and network.stack:
            ids = self._editor.reserved_ids()
            adapted = adapt(network, shape or network.input.shape, classes, "resize", ids)
            if self._editor.apply(adapted.edited):
                self._editor.message.emit("; ".join(adapted.changes))

    def _ask(self, network: Network, images: ImageSet, at_once: bool = True) -> None:
        classes, own = len(images.classes), network.input.shape
        shape = (images.channels, *self.size) if self.size is not None else images.shape
        assert shape is not None
        fits: tuple[Fit, ...] = ("stem", "resize") if shape != own or self.size else ("resize",)
        ids = self._editor.reserved_ids()
        self._adapted = {fit: adapt(network, shape, classes, fit, ids) for fit in fits}
        pictures = shape_words(shape) if self.size is None else "pictures of mixed sizes"
        self.question = (
            f"{network.name} takes {shape_words(own)} and tells {network.task.classes:,} "
            f"classes apart; {images.title} has {pictures} and {classes:,}."
        )
        titles = {"stem": "Adapt the network", "resize": _resize_title(own, images.shape)}
        self.options = tuple(Option(fit, titles[fit], self._words(network, fit, classes)) for fit in fits)
        self.changed.emit()
        if at_once:
            self._forecast()
        else:
            self._soon.start()

    def _words(self, network: Network, fit: Fit, classes: int) -> str:
        adapted = self._adapted[fit]
        if fit == "resize":
            last = "as it is" if network.task.classes == classes else f"{classes:,}"
            return f"to {shape_words(network.input.shape)}; last layer {last}"
        few, more = "; ".join(adapted.changes[:3]), len(adapted.changes) - 3
        words = few + (f"; {more} more" if more > 0 else "")
        left = len(infer(adapted.edited.network).faults)
        faults = f"{left} fault{'s' if left > 1 else ''} to mend by hand" if left else ""
        return "; ".join(part for part in (words, faults) if part) or "nothing has to change"

    @Slot()
    def _forecast(self) -> None:
        images = self._data.images
        if images is None or not self.options:
            return
        adapted, config = self._adapted, self._settings.config
        networks = {fit: one.edited.network for fit, one in adapted.items()}

        def done(costs: dict[Fit, str]) -> None:
            if adapted is self._adapted and self.options:
                self.options = tuple(
                    msgspec.structs.replace(option, cost=costs.get(option.fit, NO_FORECAST))
                    for option in self.options
                )
                self.changed.emit()

        timed = not self._run.active  # else layers would be found slow, and slow the run down
        self._tasks.run(lambda: _costs(networks, config, images, timed), done, lambda error: done({}))


def _costs(
    networks: dict[Fit, Network], config: TrainConfig, images: ImageSet, timed: bool
) -> dict[Fit, str]:
    from cnnplay.training.forecast import forecast  # torch: in the thread

    reports = {fit: infer(network) for fit, network in networks.items()}
    return {
        fit: forecast(
            network, reports[fit], msgspec.structs.replace(config, fit=fit), images, timed=timed
        ).words
        for fit, network in networks.items()
        if reports[fit].valid
    }


def _resize_title(own: tuple[int, int, int], pictures: tuple[int, int, int] | None) -> str:
    """What the button says under which the pictures change."""
    if pictures is None:
        return "Resize the pictures"
    if pictures[1:] == own[1:]:
        return "Keep the input" if pictures == own else "Convert the pictures"
    return "Enlarge the pictures" if _area(own) > _area(pictures) else "Shrink the pictures"


def _as_published(network: Network) -> bool:
    from cnnplay.network.presets import preset

    try:
        return preset(network.preset).network == network
    except KeyError:
        return False


def _area(shape: tuple[int, ...]) -> int:
    return shape[1] * shape[2]
