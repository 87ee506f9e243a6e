"""The small loss curve beside the progress, in every workspace, during a run."""

import numpy as np
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.curve_limits import top_without_spikes
from cnnplay.ui.plot.curve_settings import DEFAULT_SMOOTHING
from cnnplay.ui.plot.views.axes import Axes
from cnnplay.ui.train.run import RunModel

REDRAW_MS = 1000
"""The minimum interval between redraws; it grows when live views are slowed down."""


class Sparkline(QWidget):
    """Smoothed training loss and validation loss, from the first step to the last."""

    def __init__(self, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.redraws = 0
        self.setFixedSize(theme().px(72), theme().px(24))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Loss curve")
        run.recorder.changed.connect(Throttle(self._redraw, self._pause_ms, self).request)
        theme().changed.connect(self._resize)

    @Slot()
    def _resize(self) -> None:
        self.setFixedSize(theme().px(72), theme().px(24))
        self.update()

    def _pause_ms(self) -> int:
        return max(REDRAW_MS, round(1000 * self._run.redraw_rate.interval_s))

    @Slot()
    def _redraw(self) -> None:
        if not self.isVisible():
            return
        text = self._run.recorder.progress.step_text
        self.setToolTip(tip(f"Loss so far; {text}" if text else ""))
        self.redraws += 1
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        history = self._run.history
        if history.empty:
            return
        right = max(history.last_x, 1e-9)
        training = history.smoothed("loss", DEFAULT_SMOOTHING).between(0.0, right, self.width())
        validation = history.metric("validation_loss")
        values = np.concatenate([training.y, validation.y])
        values = values[np.isfinite(values)]
        if not len(values) or values.max() <= 0:
            return
        top = top_without_spikes(values)
        axes = Axes(QRectF(1, 1.5, self.width() - 2, self.height() - 3), 0.0, right, 0.0, top)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for curve, color in ((training, "training_curve"), (validation, "validation_curve")):
            painter.setPen(QPen(theme().color(color), 1.2))
            painter.drawPolyline(axes.points(Curve(curve.x, np.minimum(curve.y, top))))
        painter.end()
