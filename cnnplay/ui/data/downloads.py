"""Downloads of data sets: one at a time, in a thread, while everything else continues."""

import threading
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.kit.cancellable_thread import CancellableThread
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller

State: TypeAlias = Literal["idle", "downloading", "failed"]


class DownloadResult(msgspec.Struct, frozen=True):
    """The end of a download: `error` says why it failed; "" when it succeeded."""

    request: int
    error: str = ""


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
        self._box = Mailbox()
        self._poller = MailboxPoller(self._box, self._deliver, self)
        self._thread = CancellableThread("cnnplay-download")

    @property
    def state(self) -> State:
        if self._thread.running:
            return "downloading"
        return "failed" if self._error else "idle"

    @property
    def busy(self) -> bool:
        return self._thread.running

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
        self._cancel()
        self._key, self._error, self._note, self._progress = key, "", "", (0, 0)
        box = self._box
        self._thread.start(lambda request, cancel: _download(request, key, box, cancel))
        self._poller.start()
        self.changed.emit()

    @Slot()
    def retry(self) -> None:
        """Resumes the failed download."""
        if self.state == "failed":
            self.start(self._key)

    @Slot()
    def cancel(self) -> None:
        """Cancels the download. A later one resumes from the part that is on the disk."""
        if self._thread.running:
            self._cancel()
            self._key = ""
            self.changed.emit()

    @Slot()
    def dismiss(self) -> None:
        """Clears the error."""
        if self.state == "failed":
            self._key = self._error = ""
            self.changed.emit()

    def shutdown(self) -> None:
        """Joins the thread, which checks for it ten times a second. Nothing is delivered afterwards."""
        self._cancel()
        self._thread.shutdown()

    def _cancel(self) -> None:
        self._thread.cancel()
        self._poller.stop()

    def _deliver(self, mail: Mail) -> None:
        for name, news in mail.latest.items():
            if news[0] == self._thread.request:
                if name == "progress":
                    self._progress = news[1]
                else:
                    self._note = news[1]
        if self._thread.running:
            self.changed.emit()
        for message in mail.messages:
            if message.request == self._thread.request:  # ignore late replies of a cancelled download
                self._finish(message)

    def _finish(self, result: DownloadResult) -> None:
        self._thread.finish()
        key = self._key
        self._error = result.error
        if not result.error:
            self._key = ""
        self._poller.stop()
        self.changed.emit()
        if not result.error:
            self.downloaded.emit(key)


def _download(request: int, key: str, box: Mailbox, cancel: threading.Event) -> None:
    from cnnplay.data.catalog import DataError, LoadCancelled, download

    def progress(done: int, whole: int) -> None:
        box.post("progress", (request, (done, whole)))

    def note(text: str) -> None:
        box.post("note", (request, text))

    try:
        download(key, progress, cancel.is_set, note)
        box.put(DownloadResult(request))
    except LoadCancelled:
        return
    except DataError as error:
        box.put(DownloadResult(request, str(error)))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        box.put(DownloadResult(request, f"{place}{error.strerror or error}"))
    except Exception as error:
        # Any other network or disk failure must end in a message, not in a silent wait.
        box.put(DownloadResult(request, f"{type(error).__name__}: {error}"))
