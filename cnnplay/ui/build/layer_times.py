"""Measured time of each layer, for the costs: one batch on this machine, in a background thread.

Never while something else needs the machine: a run, a search or a range test cancels a measurement at once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnplay.network.network import Network
from cnnplay.probing.probes import PROBES
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.background import Background
from cnnplay.ui.kit.time_text import ms_text

if TYPE_CHECKING:
    from cnnplay.probing.layer_profile import LayerProfile

AFTER_RUN_MS = 3000
"""The pause after a run before its network is timed: whoever ends one often starts the next."""

MAX_UNASKED = 20_000_000_000
"""Multiply-adds of a batch above which a network is timed on request only: each pass would take seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was asked for, and the times or the reason why there are none."""

    network: Network
    config: TrainConfig
    profile: LayerProfile | None = None
    error: str = ""


class LayerTimesModel(QObject):
    """`changed`: the times, whether they are outdated, or whether they can be measured changed."""

    changed = Signal()

    def __init__(self, editor: EditorModel, config: TrainConfig, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._config = editor, config
        self._shown: Measurement | None = None
        self._busy = ""
        self._trained: Network | None = None
        """The network of the run that is in progress, or that ended and is not timed yet."""
        self._jobs = Background("layer-times", self, "abandon")
        """A pass of a large layer takes seconds: closing does not wait for it."""
        self._after_run = QTimer(self, interval=AFTER_RUN_MS, singleShot=True)
        self._after_run.timeout.connect(self._measure_trained)
        editor.changed.connect(self.changed)
        editor.reset_done.connect(self._forget)

    # What is shown

    @property
    def profile(self) -> LayerProfile | None:
        """The newest times; of an earlier network or other settings if outdated."""
        return self._shown.profile if self._shown is not None else None

    @property
    def outdated(self) -> bool:
        """Whether network, batch size, device, threads or precision changed after the measurement."""
        shown = self._shown
        if shown is None or shown.profile is None:
            return False
        return not shown.network.same_structure(self._editor.network) or _differ(shown.config, self._config)

    @property
    def measuring(self) -> bool:
        return not self._jobs.idle

    @property
    def text(self) -> str:
        """What the times belong to and their sums, or why there are none; "" before the first request."""
        if self.measuring:
            return f"Measuring a batch of {self._config.batch_size:,} …"
        if self._shown is None:
            return ""
        found = self._shown.profile
        if found is None:
            return f"No times: {self._shown.error}."
        threads = "1 thread" if found.threads == 1 else f"{found.threads} threads"
        where = threads if found.device == "cpu" else found.device
        forward, backward = found.total
        most = found.total.both
        return (
            f"{'Outdated: b' if self.outdated else 'B'}atch of {found.batch_size:,}, {where}: "
            f"forward {ms_text(forward, most)}, backward {ms_text(backward, most)}"
        )

    def disabled_reason(self) -> str:
        """Why the time cannot be measured now; "" if it can."""
        if self._busy:
            return self._busy
        if not self._editor.network.stack:
            return "the network is empty: add layers first"
        return "" if self._editor.report.valid else "fix the network's problems first"

    # Measuring

    @Slot()
    def measure(self) -> None:
        """Measures the network in the editor, unless there is a `disabled_reason`."""
        if self.disabled_reason():
            return
        self._after_run.stop()
        network, config = self._editor.network, self._config
        self._jobs.replace(
            lambda job: PROBES["layer-time"].load()(network, config, job.cancelled),
            lambda profile: self._show(Measurement(network, config, profile)),
            lambda error: self._fail(network, config, error),
        )
        self.changed.emit()

    @Slot()
    def cancel(self) -> None:
        """Ends the measurement, if there is one, and keeps the earlier times."""
        self._after_run.stop()
        if self.measuring:
            self._jobs.cancel()
            self.changed.emit()

    def set_config(self, config: TrainConfig) -> None:
        """The settings that the next run would have."""
        if config is not self._config:
            differ = _differ(config, self._config)
            self._config = config
            if differ:
                self.changed.emit()

    def follow_run(self, network: Network) -> None:
        """A run trains this network: it is timed once the run ended."""
        self._trained = network

    def set_busy(self, reason: str) -> None:
        """Why the machine is needed for something else; "" if it is not."""
        if reason == self._busy:
            return
        self._busy = reason
        if reason:
            self.cancel()
        elif self._trained is not None:
            self._after_run.start()
        self.changed.emit()

    @Slot()
    def _measure_trained(self) -> None:
        """Nothing is measured if the network is large, or was edited or measured meanwhile."""
        trained, self._trained = self._trained, None
        known = self.profile is not None and not self.outdated
        if (
            trained is None
            or known
            or self._editor.report.multiply_adds * self._config.batch_size > MAX_UNASKED
        ):
            return
        if trained.same_structure(self._editor.network):
            self.measure()

    @Slot()
    def _forget(self) -> None:
        """Another document: the times belong to the network before."""
        self._trained = self._shown = None
        self._after_run.stop()
        self._jobs.cancel()

    def _show(self, measured: Measurement) -> None:
        self._shown = measured
        self.changed.emit()

    def _fail(self, network: Network, config: TrainConfig, error: Exception) -> None:
        # ProbeError and DeviceError, too little memory, or a defect
        log.error("no times of the layers", exc_info=error)
        self._show(Measurement(network, config, error=str(error).partition("\n")[0]))


def _differ(first: TrainConfig, second: TrainConfig) -> bool:
    """Whether times measured with these settings differ."""
    names = ("batch_size", "device", "threads", "precision")
    return any(getattr(first, name) != getattr(second, name) for name in names)
