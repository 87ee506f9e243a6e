"""Downloads of data sets: one at a time, in a thread, while everything else continues."""

from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.kit.background import Background, Job
from cnnplay.ui.kit.mailbox import Mail

State: TypeAlias = Literal["idle", "downloading", "failed"]


class DownloadModel(QObject):
    """The current download with its progress, and why the last one failed.

    `changed`: any of these changed. `downloaded(str)`: the data set with this key is on the disk now.
    """

    changed = Signal()
    downloaded = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key = self._error = self._note = ""
        self._progress = (0, 0)
        self._jobs = Background("download", self)

    @property
    def state(self) -> State:
        if self.busy:
            return "downloading"
        return "failed" if self._error else "idle"

    @property
    def busy(self) -> bool:
        return not self._jobs.idle

    @property
    def key(self) -> str:
        """The data set that is downloading, or whose download failed; "" for none."""
        return self._key

    @property
    def progress(self) -> tuple[int, int]:
        """(bytes downloaded, total); (0, 0) while unknown."""
        return self._progress

    @property
    def fraction(self) -> float:
        done, whole = self._progress
        return done / whole if whole else 0.0

    @property
    def error(self) -> str:
        """Why the last download failed; "" when it did not, or after `dismiss`."""
        return self._error

    @property
    def amount(self) -> str:
        """``3.2 of 11.6 MB``; "" while the size is unknown."""
        from cnnplay.data.sources import megabytes

        done, whole = self._progress
        if not whole:
            return ""
        first = megabytes(done) if whole < 1e8 else f"{done / 1e6:,.0f} MB"
        return f"{first.removesuffix(' MB')} of {megabytes(whole)}"

    @property
    def status_text(self) -> str:
        """The progress, or why the download failed."""
        if self.state == "failed":
            return f"{self._key} could not be downloaded: {self._error}"
        if self.state == "idle":
            return ""
        more = f" · {self._note}" if self._note else ""
        return f"Downloading {self._key}: {self.amount or 'connecting…'}{more}"

    def start(self, key: str) -> None:
        """Downloads a data set; cancels the download of another one."""
        if self.state == "downloading" and key == self._key:
            return
        self._key, self._error, self._note, self._progress = key, "", "", (0, 0)
        self._jobs.replace(lambda job: _download(key, job), self._done, self._fail, self._progressed)
        self.changed.emit()

    @Slot()
    def retry(self) -> None:
        """Resumes the failed download."""
        if self.state == "failed":
            self.start(self._key)

    @Slot()
    def cancel(self) -> None:
        """Cancels the download. A later one resumes from the part that is on the disk."""
        if self.busy:
            self._jobs.cancel()
            self._key = ""
            self.changed.emit()

    @Slot()
    def dismiss(self) -> None:
        """Clears the error."""
        if self.state == "failed":
            self._key = self._error = ""
            self.changed.emit()

    def _progressed(self, mail: Mail) -> None:
        self._progress = mail.latest.get("progress", self._progress)
        self._note = mail.latest.get("note", self._note)
        self.changed.emit()

    def _done(self, key: str) -> None:
        self._key = ""
        self.changed.emit()
        self.downloaded.emit(key)

    def _fail(self, error: Exception) -> None:
        self._error = _error_text(error)
        self.changed.emit()


def _download(key: str, job: Job) -> str:
    from cnnplay.data.catalog import download

    download(
        key,
        lambda done, whole: job.post("progress", (done, whole)),
        job.cancelled,
        lambda text: job.post("note", text),
    )
    return key


def _error_text(error: Exception) -> str:
    """Why a download failed. Any network or disk failure must end in a message, not in a silent wait."""
    from cnnplay.data.catalog import DataError

    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    return f"{type(error).__name__}: {error}"
