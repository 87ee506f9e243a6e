"""The progress of a download with Cancel, or why it failed with Try again."""

from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.data.downloads import DownloadModel
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.kit.views.notice import Notice, NoticeStack
from cnnplay.ui.kit.views.theme import follow_theme, theme

BAR = 4
REFRESH_MS = 250
"""Between progress updates: each change of the text makes the window lay itself out."""
CANCEL_HINT = "Cancel the download. The downloaded part is kept, so that you can resume later"


class ThinBar(QWidget):
    """A progress bar that is four pixels high."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fraction = 0.0
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self._restyle)

    def show_fraction(self, fraction: float) -> None:
        """Sets the progress, from 0 to 1."""
        if fraction != self.fraction:
            self.fraction = fraction
            self.setAccessibleDescription(f"{fraction * 100:.0f} %")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("line"))
        painter.setBrush(theme().color("line"))
        height = self.height()
        track = QRectF(0.5, 0.5, self.width() - 1, height - 1)
        painter.drawRoundedRect(track, height / 2, height / 2)
        if self.fraction > 0:
            track.setWidth(max(height, self.fraction * track.width()))
            painter.setPen(theme().color("accent"))
            painter.setBrush(theme().color("accent"))
            painter.drawRoundedRect(track, height / 2, height / 2)
        painter.end()

    def _restyle(self) -> None:
        self.setFixedHeight(theme().px(BAR))


class DownloadNotice(NoticeStack):
    """The download notice of the window; hidden while there is no download."""

    def __init__(self, model: DownloadModel) -> None:
        super().__init__(spacing=0)
        self._model = model
        self.busy = Notice("panel", ("Cancel", CANCEL_HINT, model.cancel))
        self.bar = ThinBar("Progress of the download")
        self.failure = Notice(
            "fault",
            ("Try again", "Try all mirrors again; the download resumes where it stopped", model.retry),
            ("Dismiss", "Hide this message", model.dismiss),
        )
        self.add(self.busy, self.bar, self.failure)
        self._state = ""
        self._soon = Throttle(self.refresh, REFRESH_MS, self)
        model.changed.connect(self._changed)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the current state."""
        state = self._state = self._model.state
        self.busy.set_text(self._model.status_text if state == "downloading" else "")
        self.failure.set_text(self._model.status_text if state == "failed" else "")
        self.bar.setVisible(state == "downloading")
        self.bar.show_fraction(self._model.fraction)

    @Slot()
    def _changed(self) -> None:
        """Shows start and end immediately, progress at intervals."""
        if self._model.state != self._state:
            self.refresh()
        else:
            self._soon.request()
