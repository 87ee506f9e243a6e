"""The progress of a run in the header: its epoch and the time left, over a thin bar."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.views.compact_level import CompactLevel
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.train.curves import best_text
from cnnplay.ui.train.run import RunModel

WIDTH = 208
"""In design pixels: room for `epoch 14 / 20` and `9 min 59 s left`."""
LEAST_WIDTH = 112
BAR, GAP = 4, 4


class RunProgress(QWidget):
    """``epoch 14 / 20`` and ``3 s left`` over a thin bar.

    Painted by hand: with labels and a styled bar, each change of text would lay out the header again, which
    costs 1 % of the run's speed.
    """

    def __init__(self, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._compact_level = CompactLevel.FULL
        self.position = self.remaining = ""
        self.fraction = 0.0
        self.setAccessibleName("Progress of the run")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        run.recorder.shown.connect(self.refresh)
        run.state_changed.connect(self.refresh)
        run.weights_cache.changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self.refresh()

    def width_at(self, level: CompactLevel) -> int:
        """Pixels; 0 if hidden: there is nothing to show, or the run is over and others need the room."""
        if not self._tells or (level >= CompactLevel.NO_FINISHED_RUN and not self._run.active):
            return 0
        return theme().px(WIDTH if level < CompactLevel.NO_DETAILS else LEAST_WIDTH)

    def set_compact(self, level: CompactLevel) -> None:
        self._compact_level = level
        self.setVisible(bool(self.width_at(level)))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self.width_at(self._compact_level), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(LEAST_WIDTH), self._height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font())
        line = QRect(0, 0, self.width(), painter.fontMetrics().height())
        painter.setPen(theme().color("text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, self.position)
        if (
            self.width() >= theme().px(WIDTH) - 1
        ):  # in a narrow window the epoch is more important than the time
            painter.setPen(theme().color("text_muted"))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, self.remaining)
        height = theme().px(BAR)
        track = QRectF(0, self.height() - height, self.width(), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("line"))
        painter.drawRoundedRect(track, height / 2, height / 2)
        if self.fraction > 0:
            track.setWidth(max(height, self.fraction * self.width()))
            painter.setBrush(theme().color("accent"))
            painter.drawRoundedRect(track, height / 2, height / 2)
        painter.end()

    @Slot()
    def refresh(self) -> None:
        shown = bool(self.width_at(self._compact_level))
        if shown == self.isHidden():
            self.setVisible(shown)
        shown_now = (self._position_text(), self._remaining_text(), self._share())
        if shown_now != (self.position, self.remaining, self.fraction):
            self.position, self.remaining, self.fraction = shown_now
            self.setAccessibleDescription(f"{self.position}, {self.remaining}")
            self.update()

    @property
    def _tells(self) -> bool:
        """Whether there is a run of this network to show."""
        return self._run.history_is_current and (self._run.active or not self._run.history.empty)

    @Slot()
    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def _height(self) -> int:
        return QFontMetrics(theme().font()).height() + theme().px(GAP) + theme().px(BAR)

    def _share(self) -> float:
        """The fraction of epochs done: of this run's own, or of all requested ones once it is over."""
        if self._run.state == "starting":
            return 0.0
        if self._run.active:
            return self._run.recorder.progress.fraction
        history = self._run.history
        return min(history.last_x / history.target, 1.0) if history.target else 0.0

    def _position_text(self) -> str:
        if self._run.state == "starting":
            return "starting …"
        if self._run.active:
            return self._run.recorder.progress.position_text
        last = self._run.history.last
        count = last.epoch if last is not None else 0
        return "1 epoch" if count == 1 else f"{count:,} epochs"

    def _remaining_text(self) -> str:
        run = self._run
        if run.state == "paused":
            return run.recorder.progress.paused_text
        if run.state == "stopping":
            return "stopping …"
        if run.pausing:
            return "pausing …"
        if run.active:
            return run.recorder.progress.remaining_text
        return best_text(run.history)
