"""Offers ways to fit network and data set to each other, each with its estimated cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.data.input_size import is_choice, loss_text, size_text, suggested_shape
from cnnplay.network.describe import shape_text
from cnnplay.network.fields import fields_of
from cnnplay.network.network import Input, Network
from cnnplay.shapes.adapt import Adapted, adapt
from cnnplay.shapes.class_count import class_problems
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem
from cnnplay.spec.settings import Fit, TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

LARGEST = next(int(field.maximum or 0) for field in fields_of(Input) if field.name == "height")
SETTLE_MS = 150
NO_ESTIMATE = "no estimate of memory and time"


class Option(msgspec.Struct, frozen=True):
    """One option: its rule, the button's label, what changes, and the estimated cost ("" while unknown)."""

    fit: Fit
    title: str
    text: str
    cost: str = ""


class FitOfferModel(QObject):
    """Asks where resizing the images to the input would cost them color or much detail, or much time, and on
    request (`ask`). A different number of classes is applied at once, as a visible edit.

    `changed`: the question, an option or a cost changed. `asked`: the user requested the question.
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
        self._jobs = Background("offer", self, "abandon")
        self._asked: tuple[str, str] = ("", "")
        self._adapted: dict[Fit, Adapted] = {}
        self.question = ""
        self.options: tuple[Option, ...] = ()
        self.size: tuple[int, int] | None = None
        """The height and width to fit the network to, where the images suggest no single one; else None."""
        self._soon = Throttle(self._estimate, SETTLE_MS, self, "settle")
        editor.changed.connect(self._network_changed)
        data.changed.connect(self._data_changed)

    @property
    def open(self) -> bool:
        return bool(self.options)

    def disabled_reason(self) -> str:
        """Why `ask` is unavailable; "" if it is available."""
        network, images = self._editor.network, self._data.images
        if images is None:
            return "choose a data set first"
        if not network.stack:
            return "the network is empty: add layers first"
        if network.input.shape == images.shape and network.task.classes == len(images.classes):
            return "the network already fits this data set: same image shape, same number of classes"
        return ""

    @Slot()
    def ask(self) -> None:
        """Asks how to fit network and images to each other, however small the difference is."""
        network, images = self._editor.network, self._data.images
        if self.disabled_reason() or images is None:
            return
        self._asked = (network.preset, images.key)
        self._ask(network, images, _suggested_size(network, images))
        self.asked.emit()

    def class_problems(self) -> tuple[Problem, ...]:
        """The problem of an otherwise valid network whose number of classes differs from the data set's; then
        nothing else keeps it from being trained.
        """
        images, network = self._data.images, self._editor.network
        if images is None or not self._editor.report.valid or not network.stack:
            return ()
        return class_problems(network, images.title, len(images.classes))

    def set_size(self, height: int, width: int) -> str:
        """Sets the size to fit the network to. Returns what is wrong, else ""."""
        images = self._data.images
        if self.size is None or images is None or (height, width) == self.size:
            return ""
        if not (1 <= height <= LARGEST and 1 <= width <= LARGEST):
            return f"height and width must be 1 to {LARGEST:,}; got {height:,} × {width:,}"
        self._ask(self._editor.network, images, (height, width), at_once=False)
        return ""

    def accept(self, fit: Fit) -> None:
        """Applies an option: an edit that can be undone, and the `fit` setting."""
        adapted = self._adapted.get(fit)
        self.dismiss()
        if adapted is not None:
            self._settings.set("fit", fit)
            self._editor.apply(adapted.edited)
            if adapted.changes:
                self._editor.message.emit("; ".join(adapted.changes))

    @Slot()
    def dismiss(self) -> None:
        """Closes the question; it is not asked again for this network and data set."""
        if self.options:
            self._soon.stop()
            self._jobs.cancel()
            self.question, self.options, self._adapted, self.size = "", (), {}, None
            self.changed.emit()

    @Slot()
    def _network_changed(self) -> None:
        """Checks a preset that was just opened; an edit closes a question about another network."""
        network, images = self._editor.network, self._data.images
        key = (network.preset, images.key if images is not None else "")
        if not network.preset or images is None or not _as_published(network):
            self.dismiss()
        elif key != self._asked or not self.options:
            self._asked = key
            answering = self._editor.restoring or self._run.active
            self._consider(network, images, fix_classes=not answering)

    @Slot()
    def _data_changed(self) -> None:
        images = self._data.images
        if images is not None and not self._run.active:
            self._asked = (self._editor.network.preset, images.key)
            if self._trained_on(images):
                self.dismiss()
            else:
                self._consider(self._editor.network, images, fix_classes=True)

    def _trained_on(self, images: ImageSet) -> bool:
        """Whether the network was trained on this data set, so that all was chosen then."""
        trained = self._run.weights_cache.trained_for_editor
        facts = trained.weights.facts if trained is not None else None
        return facts is not None and facts.key == images.key and facts.classes == images.classes

    def _consider(self, network: Network, images: ImageSet, fix_classes: bool) -> None:
        if network.stack and is_choice(images, network.input.shape):
            self._ask(network, images, _suggested_size(network, images))
            return
        self.dismiss()
        notes: tuple[str, ...] = ()
        classes, own = len(images.classes), network.input.shape
        if fix_classes and network.stack:
            notes = (loss_text(images, own),)
            if network.task.classes != classes:
                adapted = adapt(network, own, classes, "resize", self._editor.reserved_ids())
                notes = (*(adapted.changes if self._editor.apply(adapted.edited) else ()), *notes)
        message = "; ".join(note for note in notes if note)
        if message:
            self._editor.message.emit(message)

    def _ask(
        self, network: Network, images: ImageSet, size: tuple[int, int] | None, at_once: bool = True
    ) -> None:
        self.size = size
        classes, own = len(images.classes), network.input.shape
        shape = images.shape if size is None else (images.channels, *size)
        assert shape is not None
        fits: tuple[Fit, ...] = ("stem", "resize") if shape != own or self.size else ("resize",)
        ids = self._editor.reserved_ids()
        self._jobs.cancel()
        self._adapted = {fit: adapt(network, shape, classes, fit, ids) for fit in fits}
        sizes = shape_text(images.shape) if images.shape else f"images of {size_text(images)},"
        self.question = (
            f"{network.name} takes {shape_text(own)} and has {network.task.classes:,} outputs; "
            f"{images.title} has {sizes} and {classes:,} classes."
        )
        titles = {"stem": "Fit the network to the data", "resize": _resize_title(own, images.shape)}
        self.options = tuple(
            Option(fit, titles[fit], self._changes_text(network, images, fit)) for fit in fits
        )
        self.changed.emit()
        if at_once:
            self._estimate()
        else:
            self._soon.request()

    def _changes_text(self, network: Network, images: ImageSet, fit: Fit) -> str:
        adapted, classes = self._adapted[fit], len(images.classes)
        if fit == "resize":
            last = "unchanged" if network.task.classes == classes else f"gets {classes:,} outputs"
            own = network.input.shape
            what = loss_text(images, own) or f"to {shape_text(own)}"
            return f"{what}; the last layer {last}"
        few, more = "; ".join(adapted.changes[:3]), len(adapted.changes) - 3
        text = few + (f"; {more} more" if more > 0 else "")
        left = len(infer(adapted.edited.network).problems)
        problems = f"{left} problem{'s' if left > 1 else ''} to fix by hand" if left else ""
        return "; ".join(part for part in (text, problems) if part) or "no changes needed"

    @Slot()
    def _estimate(self) -> None:
        images = self._data.images
        if images is None or not self.options:
            return
        config = self._settings.config
        networks = {fit: adapted.edited.network for fit, adapted in self._adapted.items()}

        def done(costs: dict[Fit, str]) -> None:
            self.options = tuple(
                msgspec.structs.replace(option, cost=costs.get(option.fit, NO_ESTIMATE))
                for option in self.options
            )
            self.changed.emit()

        timed = not self._run.active  # timing layers would disturb the run
        self._jobs.replace(
            lambda job: _costs(networks, config, images, timed, job.cancelled), done, lambda _: done({})
        )


def _costs(
    networks: dict[Fit, Network],
    config: TrainConfig,
    images: ImageSet,
    timed: bool,
    cancelled: Callable[[], bool],
) -> dict[Fit, str]:
    from cnnplay.training.estimate import estimate  # torch: in the thread

    reports = {fit: infer(network) for fit, network in networks.items()}
    return {
        fit: estimate(
            network,
            reports[fit],
            msgspec.structs.replace(config, fit=fit),
            images,
            timed=timed,
            stop_timing=cancelled,
        ).summary
        for fit, network in networks.items()
        if reports[fit].valid
    }


def _suggested_size(network: Network, images: ImageSet) -> tuple[int, int] | None:
    """The size to start with where the images have none of their own, or a large one; else None."""
    suggested = suggested_shape(images, network.input.shape)
    return None if suggested == images.shape else suggested[1:]


def _resize_title(own: tuple[int, int, int], image_shape: tuple[int, int, int] | None) -> str:
    """The label of the button that fits the images to the network."""
    if image_shape is None or image_shape[1:] != own[1:]:
        return "Resize the images"
    return "Keep the input" if image_shape == own else "Convert the images"


def _as_published(network: Network) -> bool:
    from cnnplay.network.presets import preset

    try:
        return preset(network.preset).network == network
    except KeyError:
        return False
