"""Estimated time and memory of a run on this machine, updated with the network, settings and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.network import Network
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, Job
from cnnplay.ui.kit.devices import torch_is_imported
from cnnplay.ui.kit.text import bytes_text, duration_text
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.estimate import Estimate

SETTLE_MS = 200
"""Changes must pause for this long before an estimate is made."""
RELEASE_MS = 2000
"""The pause after a run: whoever ends one often starts the next."""
AGAIN_MS = (500, 1000, 2000, 4000, 8000)
"""Delays before it is repeated, if the program itself was computing meanwhile (as at startup)."""


@dataclass(frozen=True, eq=False)
class EstimateRequest:
    """The inputs of an estimate, captured when it is requested."""

    network: Network
    report: Report
    config: TrainConfig
    images: ImageSet


class EstimateModel(QObject):
    """`changed`: text or advice changed. Nothing is computed before torch is imported elsewhere: the window
    appears first. While held, only memory is estimated: timing layers would disturb the run. A pending
    estimate is cancelled.
    """

    changed = Signal()

    def __init__(
        self, editor: EditorModel, settings: SettingsModel, data: DataModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data = editor, settings, data
        self._estimate: Estimate | None = None
        self._last_request: EstimateRequest | None = None
        self._problem = ""
        self._is_outdated = False
        """Whether the newest estimate is of another network or data set."""
        self.held = False
        self._again = 0
        self._jobs = Background("estimate", self, "abandon")
        self._timer = Throttle(self._ask, SETTLE_MS, self, "settle")
        for signal in (editor.changed, settings.changed, data.changed):
            signal.connect(self.refresh)
        self._timer.request()

    @property
    def estimate(self) -> Estimate | None:
        """The newest estimate; None while there is none for the network and the data set in use."""
        return None if self._is_outdated else self._estimate

    @property
    def text(self) -> str:
        """``about 3.2 s per epoch, 1 min 4 s in total; 240 MB of 18 GB free``; "" while unknown.

        Without times if it was made while held.
        """
        found = self.estimate
        if found is None:
            return "estimating time and memory …" if self._is_outdated else self._problem
        memory = self.memory_text
        if not found.fits:
            return f"needs {memory}"
        if not found.seconds_per_epoch:
            return memory
        whole = found.seconds_per_epoch * self._settings.config.epochs
        return f"about {_short(found.seconds_per_epoch)} per epoch, {_short(whole)} in total; {memory}"

    @property
    def memory_text(self) -> str:
        """``240 MB of 18 GB free``; "" while unknown."""
        found = self.estimate
        if found is None:
            return ""
        return f"{bytes_text(found.bytes)} of {bytes_text(found.available_bytes)} free"

    @property
    def fits(self) -> bool:
        """Whether the run fits into memory, as far as known."""
        return self.estimate is None or self.estimate.fits

    @property
    def advice(self) -> str:
        """What to change if the run does not fit into memory; "" if it does."""
        found = self.estimate
        if found is None or found.fits:
            return ""
        batch = self._settings.config.batch_size
        needed, free = bytes_text(found.bytes), bytes_text(found.available_bytes)
        needs = f"batch size {batch:,} needs {needed}; {free} are free"
        if found.largest_batch:
            return f"{needs}. The largest batch size that fits is {found.largest_batch:,}"
        return f"{needs}. Not even one image fits: use a smaller network or smaller images"

    @property
    def fix_label(self) -> str:
        """The label of `fix`; "" if it cannot help."""
        found = self.estimate
        if found is None or found.fits or not found.largest_batch:
            return ""
        return f"Use batch size {found.largest_batch:,}"

    @Slot()
    def fix(self) -> None:
        """Sets the largest batch size that fits."""
        found = self.estimate
        if found is not None and not found.fits and found.largest_batch:
            self._settings.set("batch_size", found.largest_batch)

    @property
    def largest_batch(self) -> int | None:
        """The largest power of two that fits and that the training split fills at least once; None while
        unknown, or if the current batch size does not fit (then use `fix`).

        The largest size that fits leaves no room for errors of the estimate; the power of two below it
        does, and it suits the hardware.
        """
        found, images = self.estimate, self._data.images
        if found is None or not found.fits or not found.largest_batch or images is None:
            return None
        most = min(found.largest_batch, len(images.train))
        return 1 << (most.bit_length() - 1) if most else None

    @property
    def largest_label(self) -> str:
        """``largest batch: 512``; "" if the settings have it, or a larger one that fits."""
        largest = self.largest_batch
        if largest is None or largest <= self._settings.config.batch_size:
            return ""
        return f"largest batch: {largest:,}"

    @property
    def largest_hint(self) -> str:
        """What `use_largest` would do, and the trade-off."""
        found, images, largest = self.estimate, self._data.images, self.largest_batch
        if found is None or images is None or largest is None:
            return ""
        all_of_them = (found.largest_batch or 0) >= len(images.train)
        limit = (
            f"there are {len(images.train):,} training images"
            if all_of_them
            else f"{found.largest_batch:,} would just fit into free memory, this leaves some room"
        )
        steps = max(1, len(images.train) // largest)
        each = "1 step" if steps == 1 else f"{steps:,} steps"
        return (
            f"Set the batch size to {largest:,}, the largest power of two: {limit}.\nA large batch computes "
            f"faster and has a less noisy gradient, but an epoch has only {each}: it often needs a higher "
            "learning rate or more epochs."
        )

    @Slot()
    def use_largest(self) -> None:
        largest = self.largest_batch
        if largest is not None:
            self._settings.set("batch_size", largest)
            self.changed.emit()  # done: offer nothing while the next estimate is pending

    @Slot()
    def refresh(self) -> None:
        """Requests a new estimate after a pause in changes."""
        self._again = 0
        self._timer.request()
        shown = self._last_request
        outdated = shown is not None and not (
            shown.images is self._data.images and shown.network.same_structure(self._editor.network)
        )
        if outdated != self._is_outdated:
            self._is_outdated = outdated
            self.changed.emit()

    def hold(self, held: bool) -> None:
        """Whether something (a run, for example) needs the machine to itself."""
        if held == self.held:
            return
        self.held = held
        if not held:
            self._again = 0
            self._timer.start(RELEASE_MS)
        elif not self._jobs.idle:
            self._jobs.cancel()
            self.refresh()

    @Slot()
    def _ask(self) -> None:
        if not self._jobs.idle:
            return  # asked again when the result arrives
        images = self._data.images
        if images is None or not self._editor.report.valid or self._settings.problems:
            self._show(None, None, "")
            return
        if not torch_is_imported():
            self._timer.start(2 * SETTLE_MS)
            return
        request = EstimateRequest(self._editor.network, self._editor.report, self._settings.config, images)
        known = self._last_request is not None and not self._request_differs(self._last_request)
        if known and (self.held or not self._unreliable):
            return
        timed = not self.held
        self._jobs.replace(
            lambda job: _compute(request, timed, job),
            lambda found: self._receive(request, found, ""),
            # A missing estimate must not keep anybody from training.
            lambda error: self._receive(request, None, f"no estimate: {error}"),
        )

    @property
    def _unreliable(self) -> bool:
        found = self._estimate
        return found is not None and found.fits and not (found.reliable and found.seconds_per_epoch)

    def _request_differs(self, asked: EstimateRequest) -> bool:
        return (
            asked.network is not self._editor.network
            or asked.config != self._settings.config
            or asked.images is not self._data.images
        )

    def _receive(self, request: EstimateRequest, estimate: Estimate | None, problem: str) -> None:
        if self._request_differs(request):
            self.refresh()
        else:
            self._show(request, estimate, problem)
            if self._unreliable and not self.held and self._again < len(AGAIN_MS):
                self._timer.start(AGAIN_MS[self._again])
                self._again += 1

    def _show(self, request: EstimateRequest | None, estimate: Estimate | None, problem: str) -> None:
        changed = self._is_outdated or (estimate, problem) != (self._estimate, self._problem)
        self._last_request, self._estimate, self._problem = request, estimate, problem
        self._is_outdated = False
        if changed:
            self.changed.emit()


def _compute(request: EstimateRequest, timed: bool, job: Job) -> Estimate:
    from cnnplay.training.estimate import estimate

    asked = (request.network, request.report, request.config, request.images)
    return estimate(*asked, timed=timed, stop_timing=job.cancelled)


def _short(seconds: float) -> str:
    """With a decimal for short times, which people multiply by the number of epochs."""
    return f"{max(0.1, seconds):.1f} s" if seconds < 9.95 else duration_text(seconds)
