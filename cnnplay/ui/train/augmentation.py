"""A few training images before and after augmentation, computed in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.network import Input
from cnnplay.spec.settings import TrainConfig, setting_problems
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.preprocessing_cache import PreprocessingCache
from cnnplay.ui.kit.background import Background
from cnnplay.ui.kit.devices import torch_is_imported
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

SETTLE_MS = 120
"""Changes must pause for this long before samples are redrawn: numbers are typed digit by digit."""
SAMPLES = 16
"""How many are drawn; a panel shows as many as fit."""

NO_DATA = "Choose a data set to see some of its images here, before and after augmentation."
SETTINGS_PROBLEMS = "Fix the settings to see images here, before and after augmentation."

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """One image, H × W × C, before and after; `mixed` is the class it was mixed with, "" without mixup."""

    before: Bytes
    after: Bytes
    label: str
    mixed: str = ""


@dataclass(frozen=True)
class DrawnSamples:
    """Samples of one draw; `lam` is mixup's λ, None without mixup."""

    samples: tuple[Sample, ...]
    lam: float | None = None

    varied: bool = True
    """Whether any augmentation is enabled."""

    @property
    def footer(self) -> str:
        """A note that applies to all samples."""
        if not self.varied:
            return "augmentation off: images unchanged"
        return "" if self.lam is None else f"λ {self.lam:.2f}"

    def text(self, number: int) -> str:
        """``7, mixed with 3, λ 0.71``: for the tooltip of an image."""
        sample = self.samples[number]
        if self.lam is None:
            return sample.label
        return f"{sample.label}, mixed with {sample.mixed}, λ {self.lam:.2f}"


@dataclass(frozen=True, eq=False)
class DrawRequest:
    """The inputs of one draw, captured when it is requested."""

    dataset: ImageSet
    input: Input
    config: TrainConfig
    draw: int

    def same(self, other: DrawRequest | None) -> bool:
        return other is not None and (
            (self.dataset is other.dataset, self.input, self.config, self.draw)
            == (True, other.input, other.config, other.draw)
        )


class AugmentationModel(QObject):
    """`changed`: `drawn` or `text` changed. Nothing is computed while no view is visible."""

    changed = Signal()

    def __init__(
        self, editor: EditorModel, settings: SettingsModel, data: DataModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data = editor, settings, data
        self.drawn: DrawnSamples | None = None
        self.text = ""
        """What to show in place of images."""
        self._draw, self._watched = 0, False
        self._last_request: DrawRequest | None = None
        self._preprocessing_cache = PreprocessingCache()
        self._jobs = Background("augmentation", self)
        self._timer = Throttle(self._ask, SETTLE_MS, self, "settle")
        for signal in (settings.changed, editor.changed, data.changed):
            signal.connect(self.refresh)

    def watch(self, watched: bool) -> None:
        """Sets whether a view is visible."""
        if watched != self._watched:
            self._watched = watched
            if watched:
                self._ask()
            else:
                self._timer.stop()

    @Slot()
    def resample(self) -> None:
        """The same images with other random numbers."""
        self._draw += 1
        self._ask()

    @Slot()
    def refresh(self) -> None:
        """Redraws after a pause in changes, if anything differs."""
        if self._watched:
            self._timer.request()

    @Slot()
    def _ask(self) -> None:
        if not self._watched or not self._jobs.idle:
            return  # asked again when the result arrives
        request, reason = self._request()
        if request is None:
            self._show(None, None, reason)
        elif not request.same(self._last_request):
            if not torch_is_imported():
                # It is imported elsewhere, after the first paint: importing it here would block the window.
                self._timer.start(2 * SETTLE_MS)
                return
            asked, cache = request, self._preprocessing_cache
            self._jobs.queue(
                lambda: draw(asked, cache),
                lambda drawn: self._receive(asked, drawn, ""),
                lambda error: self._receive(asked, None, str(error)),
            )

    def _request(self) -> tuple[DrawRequest | None, str]:
        dataset = self._data.images
        if dataset is None:
            return None, NO_DATA
        config = self._settings.config
        own = {field.name: getattr(config, field.name) for field in self._settings.of_group("augmentation")}
        # The other settings do not affect these images.
        config = TrainConfig(**own, seed=config.seed)
        if setting_problems(config):
            return None, SETTINGS_PROBLEMS
        return DrawRequest(dataset, self._editor.network.input, config, self._draw), ""

    def _receive(self, request: DrawRequest, drawn: DrawnSamples | None, problem: str) -> None:
        if self._watched:
            self._show(request, drawn, problem)
            self._ask()

    def _show(self, request: DrawRequest | None, drawn: DrawnSamples | None, text: str) -> None:
        self._last_request = request
        if drawn is not self.drawn or text != self.text:
            self.drawn, self.text = drawn, text
            self.changed.emit()


def draw(request: DrawRequest, cache: PreprocessingCache) -> DrawnSamples:
    """Augments some training images as the settings say. DataError if they cannot be fitted to the input."""
    import torch

    from cnnplay.modules.threads import use_one_thread
    from cnnplay.training.augmentation import augment, augments, mixup_pairs

    use_one_thread()
    dataset, config = request.dataset, request.config
    rows, labels = _rows(request)
    preprocessing = cache.get(None, dataset, request.input.shape)
    mean, std = (np.asarray(part, np.float32) for part in (preprocessing.mean, preprocessing.std))
    images = torch.from_numpy((rows.astype(np.float32) / 255 - mean) / std).permute(0, 3, 1, 2)
    numbers = torch.from_numpy(labels)
    varied, _ = augment(
        images, numbers, config, len(dataset.classes), preprocessing, config.seed, request.draw
    )
    values = varied.permute(0, 2, 3, 1).numpy() * std + mean
    after = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    names = [dataset.classes[label] for label in labels]
    mixed, lam = [""] * len(names), None
    if config.mixup > 0:
        lam, others = mixup_pairs(len(names), config.mixup, config.seed, request.draw)
        mixed = [names[other] for other in others]
    return DrawnSamples(tuple(map(Sample, rows, after, names, mixed)), lam, augments(config))


def _rows(request: DrawRequest) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """Training images fitted to the network's input, N × H × W × C bytes, and their labels."""
    from cnnplay.data.fitting import fit_rows
    from cnnplay.data.images import DataError

    dataset = request.dataset
    chosen = np.random.default_rng(request.config.seed).permutation(dataset.train)[: 2 * SAMPLES]
    rows, kept = [], []
    for index in chosen:
        try:
            image = dataset.image(int(index))
        except DataError:
            continue  # a file that disappeared after the data set was loaded
        rows.append(fit_rows(image[None], request.input.shape)[0])
        kept.append(dataset.labels[index])
        if len(rows) == SAMPLES:
            break
    if not rows:
        raise DataError(f"{dataset.title}: none of the training images can be read")
    return np.stack(rows), np.asarray(kept, np.int64)
