"""How the curves of a run, or of several, are shown: what, how smooth, on which scale."""

from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

Role: TypeAlias = Literal["loss", "primary"]
"""What a plot shows: the loss, or the primary metric of the run's task."""
SMOOTHINGS = (1, 2, 4, 7, 14, 30, 60, 120, 250, 500)
DEFAULT_SMOOTHING = 14


class CurveSettings(QObject):
    """Smoothing and the scale of the loss. `changed`: redraw."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.smoothing = DEFAULT_SMOOTHING
        """Over about how many steps; 1 means none."""
        self.logarithmic = False
        """Whether the loss is drawn on a logarithmic scale."""

    def set_smoothing(self, steps: int) -> None:
        if steps != self.smoothing:
            self.smoothing = steps
            self.changed.emit()

    def set_logarithmic(self, logarithmic: bool) -> None:
        if logarithmic != self.logarithmic:
            self.logarithmic = logarithmic
            self.changed.emit()
