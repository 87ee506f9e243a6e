"""Data sets that come over the network: one at a time, in a thread, while everything else goes on."""

import threading
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.kit.cancellable_thread import CancellableThread
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller

State: TypeAlias = Literal["idle", "fetching", "failed"]


class Ended(msgspec.Struct, frozen=True):
    """How a fetch ended: `error` says why it failed; "" where the data set is here."""

    request: int
    error: str = ""


class FetchModel(QObject):
    """What is being fetched, how far it is, and why the last one failed.

    `changed`: any of these is new. `fetched(str)`: the data set of that key is on this disk now.
    """

    changed = Signal()
    fetched = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key = self._error = self._note = ""
        self._progress = (0, 0)
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._thread = CancellableThread("cnnplay-fetch")

    @property
    def state(self) -> State:
        if self._thread.running:
            return "fetching"
        return "failed" if self._error else "idle"

    @property
    def busy(self) -> bool:
        return self._thread.running

    @property
    def key(self) -> str:
        """The data set that is being fetched, or whose fetch failed; "" for none."""
        return self._key

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes that are here, and all; (0, 0) while that is unknown."""
        return self._progress

    @property
    def fraction(self) -> float:
        done, whole = self._progress
        return done / whole if whole else 0.0

    @property
    def error(self) -> str:
        """Why the last fetch failed; "" where none did, or it was dismissed."""
        return self._error

    @property
    def amount(self) -> str:
        """``3.2 of 11.6 MB``; "" while nothing is known."""
        from cnnplay.data.sources import megabytes

        done, whole = self._progress
        if not whole:
            return ""
        first = megabytes(done) if whole < 1e8 else f"{done / 1e6:,.0f} MB"
        return f"{first.removesuffix(' MB')} of {megabytes(whole)}"

    @property
    def words(self) -> str:
        """What to tell: how far it is and what it does, or why it failed."""
        if self.state == "failed":
            return f"{self._key} could not be fetched: {self._error}"
        if self.state == "idle":
            return ""
        more = f" · {self._note}" if self._note else ""
        return f"Fetching {self._key}: {self.amount or 'asking for it …'}{more}"

    def start(self, key: str) -> None:
        """Fetches a data set. One that is being fetched goes on; another is given up for it."""
        if self.state == "fetching" and key == self._key:
            return
        self._give_up()
        self._key, self._error, self._note, self._progress = key, "", "", (0, 0)
        box = self._box
        self._thread.start(lambda request, cancel: _fetch(request, key, box, cancel))
        self._postman.work()
        self.changed.emit()

    @Slot()
    def retry(self) -> None:
        """Goes on with what failed: what came so far is not fetched again."""
        if self.state == "failed":
            self.start(self._key)

    @Slot()
    def cancel(self) -> None:
        """Gives up what is being fetched. What came so far stays on the disk, for the next time."""
        if self._thread.running:
            self._give_up()
            self._key = ""
            self.changed.emit()

    @Slot()
    def dismiss(self) -> None:
        """The failure was read."""
        if self.state == "failed":
            self._key = self._error = ""
            self.changed.emit()

    def shutdown(self) -> None:
        """Joins the thread, which looks up ten times a second. Nothing is delivered afterwards."""
        self._give_up()
        self._thread.shutdown()

    def _give_up(self) -> None:
        self._thread.cancel()
        self._postman.rest()

    def _deliver(self, mail: Mail) -> None:
        for name, news in mail.pictures.items():
            if news[0] == self._thread.request:
                if name == "progress":
                    self._progress = news[1]
                else:
                    self._note = news[1]
        if self._thread.running:
            self.changed.emit()
        for letter in mail.letters:
            if letter.request == self._thread.request:  # not a late word of what was given up
                self._finish(letter)

    def _finish(self, ended: Ended) -> None:
        self._thread.ended()
        key = self._key
        self._error = ended.error
        if not ended.error:
            self._key = ""
        self._postman.rest()
        self.changed.emit()
        if not ended.error:
            self.fetched.emit(key)


def _fetch(request: int, key: str, box: Mailbox, cancel: threading.Event) -> None:
    from cnnplay.data.catalogue import DataError, LoadCancelled, fetch

    def progress(done: int, whole: int) -> None:
        box.post("progress", (request, (done, whole)))

    def note(words: str) -> None:
        box.post("note", (request, words))

    try:
        fetch(key, progress, cancel.is_set, note)
        box.put(Ended(request))
    except LoadCancelled:
        return
    except DataError as error:
        box.put(Ended(request, str(error)))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        box.put(Ended(request, f"{place}{error.strerror or error}"))
    except Exception as error:
        # Whatever else a network and a disk may do ends in words, not in a silent wait.
        box.put(Ended(request, f"{type(error).__name__}: {error}"))
