"""The data set in use: chosen by key, loaded in a thread, with progress, cancel and errors in words."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.data.fetching import FetchModel
from cnnplay.ui.kit.cancellable_thread import CancellableThread
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller

if TYPE_CHECKING:
    from cnnplay.data.catalogue import DataInfo
    from cnnplay.data.images import ImageSet

State: TypeAlias = Literal["empty", "loading", "ready"]
FOLDER = "folder:"
MAX_FOLDERS = 8


class Loaded(msgspec.Struct, frozen=True):
    """What a loading thread brings back: pictures, or words that say why there are none."""

    request: int
    key: str
    images: "ImageSet | None" = None
    error: str = ""
    cancelled: bool = False


class DataModel(QObject):
    """Holds one data set. While another is loaded, and where that fails, the one before stays in use.

    `changed`: `images` is another data set. `state_changed`: state, progress, or error is new.
    """

    changed = Signal()
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images: ImageSet | None = None
        self._wanted = ""
        self._error = ""
        self._progress = (0, 0)
        self._recent: list[str] = []
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._thread = CancellableThread("cnnplay-data")
        self.fetching = FetchModel(self)
        """Data sets that come over the network; the one in use stays meanwhile."""
        self._before_fetch = ""
        self.fetching.fetched.connect(self._fetched)

    @property
    def images(self) -> "ImageSet | None":
        return self._images

    @property
    def key(self) -> str:
        """The data set in use, or the one that is being loaded; "" for none."""
        return self._wanted or (self._images.key if self._images is not None else "")

    @property
    def state(self) -> State:
        if self._thread.running:
            return "loading"
        return "ready" if self._images is not None else "empty"

    @property
    def error(self) -> str:
        """Why the last data set asked for could not be had; "" when it could."""
        return self._error

    @property
    def problems(self) -> tuple[str, ...]:
        """What was left out of the data set, a line each."""
        return self._images.problems if self._images is not None else ()

    @property
    def progress(self) -> tuple[int, int]:
        """Pictures read, and all of them; (0, 0) while that is unknown."""
        return self._progress

    @property
    def choices(self) -> "tuple[DataInfo, ...]":
        """The data sets with a name of their own."""
        from cnnplay.data.catalogue import catalogue

        return catalogue()

    @property
    def folders(self) -> tuple[str, ...]:
        """Keys of the folders that were loaded in this session, newest first."""
        return tuple(self._recent)

    def remember(self, folders: tuple[str, ...]) -> None:
        """Offers these folders' keys too, as those of an earlier start."""
        self._recent = list(dict.fromkeys((*self._recent, *folders)))[:MAX_FOLDERS]

    @property
    def title(self) -> str:
        return title_of(self.key)

    @property
    def detail(self) -> str:
        """``4,000 + 1,000``: training and validation pictures; a test part is for no run."""
        if self._images is None:
            return ""
        return f"{len(self._images.train):,} + {len(self._images.validation):,}"

    @property
    def words(self) -> str:
        """What to tell about it, for a tooltip or an empty panel."""
        if self.state == "loading":
            done, whole = self._progress
            return f"loading {self.title}" + (f": {done:,} of {whole:,} pictures" if whole else " …")
        if self._images is None:
            return self._error or "no data set is chosen"
        shape = self._images.shape
        size = " × ".join(str(part) for part in shape) if shape else "mixed sizes"
        parts = parts_words(len(self._images.train), len(self._images.validation), len(self._images.test))
        return f"{self._images.title}: {len(self._images.classes)} classes, {parts}, {size}"

    def choose(self, key: str, again: bool = False) -> None:
        """Loads that data set in a thread. What was being loaded before is given up.

        The one in use is left as it is, but for a folder asked for `again`: its pictures may be others now.
        """
        again = again and key.startswith(FOLDER) and self.state != "loading"
        if key == self.key and not self._error and not again:
            return
        self._give_up()
        self._wanted, self._error, self._progress = key, "", (0, 0)
        box = self._box
        self._thread.start(lambda request, cancel: _load(request, key, box, cancel))
        self._postman.work()
        self.state_changed.emit()

    def choose_folder(self, path: str | Path) -> None:
        """A folder of pictures, one sub-folder a class; read anew where it is in use already."""
        self.choose(f"{FOLDER}{Path(path)}", again=True)

    def want(self, key: str) -> None:
        """A person chose it from the list: it is fetched first where it is not here yet."""
        info = next((info for info in self.choices if info.key == key), None)
        if info is None or info.available:
            self.choose(key, again=True)
        else:
            self.fetch(key)

    def fetch(self, key: str) -> None:
        """Brings a data set of the catalogue to this disk, and then loads it: unless another was chosen
        meanwhile. The one in use stays until then."""
        self._before_fetch = self.key
        self.fetching.start(key)

    def use(self, images: "ImageSet") -> None:
        """Takes a data set that is already loaded."""
        self._give_up()
        self._hold(images)
        self.state_changed.emit()
        self.changed.emit()

    def cancel(self) -> None:
        """Gives up what is being loaded; the data set before stays."""
        if self._thread.running:
            self._give_up()
            self._wanted = ""
            self.state_changed.emit()

    def shutdown(self) -> None:
        """Joins the threads. Nothing is delivered afterwards."""
        self.fetching.shutdown()
        self._give_up()
        self._thread.shutdown()

    @Slot(str)
    def _fetched(self, key: str) -> None:
        if self.key == self._before_fetch:
            self.choose(key)

    def _give_up(self) -> None:
        self._thread.cancel()
        self._postman.rest()

    def _deliver(self, mail: Mail) -> None:
        progress = mail.pictures.get("progress")
        if progress is not None and progress[0] == self._thread.request:
            self._progress = progress[1:]
            self.state_changed.emit()
        for letter in mail.letters:
            # A late reply to a request that was given up says nothing any more.
            if letter.request == self._thread.request:
                self._finish(letter)

    def _finish(self, loaded: Loaded) -> None:
        self._thread.ended()
        self._postman.rest()
        self._wanted, self._error = "", loaded.error
        if loaded.images is not None:
            self._hold(loaded.images)
        self.state_changed.emit()
        if loaded.images is not None:
            self.changed.emit()

    def _hold(self, images: "ImageSet") -> None:
        self._images, self._wanted, self._error = images, "", ""
        if images.key.startswith(FOLDER):
            self._recent = [images.key, *(key for key in self._recent if key != images.key)][:MAX_FOLDERS]


def title_of(key: str) -> str:
    """``mnist-sample``; of a folder its last name."""
    return (Path(key.removeprefix(FOLDER)).name or key) if key.startswith(FOLDER) else key


def parts_words(train: int, validation: int, test: int) -> str:
    """``48,000 train / 12,000 validation / 10,000 test, kept apart``."""
    words = f"{train:,} train / {validation:,} validation"
    return f"{words} / {test:,} test, kept apart" if test else words


def choice_words(info: "DataInfo", fetching: FetchModel) -> tuple[str, str]:
    """(entry, tooltip) of a data set in the list."""
    from cnnplay.data.sources import megabytes

    text = f"{info.key}   {info.classes} classes, {info.size:,} pictures"
    hint = f"{info.title}\n{parts_words(info.train, info.validation, info.test)}\n{info.licence}"
    if info.available:
        return text, hint
    if fetching.busy and fetching.key == info.key:
        return f"{text} · coming: {fetching.amount or '…'}", f"{hint}\nIt is being fetched"
    size = megabytes(info.download)
    how = f"Not on this disk yet: a click fetches it from the internet ({size}), and then uses it"
    if fetching.busy:
        how += f"; {fetching.key}, which is coming, is given up for it"
    return f"{text} · fetch {size}", f"{hint}\n{how}"


def _load(request: int, key: str, box: Mailbox, cancel: threading.Event) -> None:
    from cnnplay.data.catalogue import DataError, LoadCancelled, NotHere, load

    def progress(done: int, whole: int) -> None:
        box.post("progress", (request, done, whole))

    try:
        box.put(Loaded(request, key, load(key, progress, cancel.is_set)))
    except LoadCancelled:
        box.put(Loaded(request, key, cancelled=True))
    except NotHere:
        words = f"{key} is not on this disk yet: choose it above, in the list of data sets, to fetch it"
        box.put(Loaded(request, key, error=words))
    except DataError as error:
        box.put(Loaded(request, key, error=str(error)))
    except Exception as error:
        # Whatever else goes wrong with files from outside ends in words, not in a silent wait.
        box.put(Loaded(request, key, error=f"{title_of(key)} could not be loaded: {error}"))
