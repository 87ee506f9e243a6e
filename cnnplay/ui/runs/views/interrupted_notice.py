"""A run was interrupted: resume it, show it, or dismiss the notice."""

from PySide6.QtCore import Slot

from cnnplay.ui.kit.views.notice import Notice, NoticeStack
from cnnplay.ui.runs.interrupted_run import InterruptedRunModel

RESUME_HINT = (
    "Open its network and settings, and train the remaining epochs from its last checkpoint. The "
    "result is the same as without the interruption."
)


class InterruptedRunNotice(NoticeStack):
    """Hidden while there is nothing to offer."""

    def __init__(self, model: InterruptedRunModel) -> None:
        super().__init__()
        self._model = model
        self.notice = Notice(
            "panel",
            ("Resume", RESUME_HINT, model.resume),
            ("Show", "Show its curves in Runs", model.show),
            ("Dismiss", "Does not ask again. The run is kept in Runs.", model.dismiss),
        )
        self.add(self.notice)
        model.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the current offer."""
        found = self._model.found
        if found is not None:  # the header's Resume may continue other weights, in another epoch
            self.notice.buttons[0].setText(f"Resume in epoch {found.epoch:,}")
        self.notice.set_text(self._model.text if self._model.offered else "")
