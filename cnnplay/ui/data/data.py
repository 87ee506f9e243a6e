"""The data set in use: selected by key and loaded in a thread, with progress, cancel and error texts."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.data.input_size import size_text
from cnnplay.network.describe import shape_text
from cnnplay.ui.data.downloads import DownloadModel
from cnnplay.ui.data.left_out import notes
from cnnplay.ui.kit.background import Background, Job
from cnnplay.ui.kit.mailbox import Mail

if TYPE_CHECKING:
    from cnnplay.data.catalog import DataInfo
    from cnnplay.data.images import ImageSet

State: TypeAlias = Literal["empty", "loading", "ready"]
FOLDER = "folder:"
MAX_FOLDERS = 8


class DataModel(QObject):
    """Holds one data set. It stays in use while another one is loading, and if that fails.

    `changed`: `images` is another data set. `state_changed`: state, progress or error changed.
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
        self._jobs = Background("data", self)
        self.downloads = DownloadModel(self)
        """Downloads of data sets; the one in use stays meanwhile."""
        self._key_before_download = ""
        self.downloads.downloaded.connect(self._downloaded)

    @property
    def images(self) -> "ImageSet | None":
        return self._images

    @property
    def key(self) -> str:
        """The data set in use, or the one that is being loaded; "" for none."""
        return self._wanted or (self._images.key if self._images is not None else "")

    @property
    def state(self) -> State:
        if not self._jobs.idle:
            return "loading"
        return "ready" if self._images is not None else "empty"

    @property
    def error(self) -> str:
        """Why the last requested data set could not be loaded; "" when it was."""
        return self._error

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the data set, in one line, and a line for each remark on its images."""
        return notes(self._images) if self._images is not None else ()

    @property
    def progress(self) -> tuple[int, int]:
        """(images read, total); (0, 0) while unknown."""
        return self._progress

    @property
    def choices(self) -> "tuple[DataInfo, ...]":
        """The data sets of the catalog."""
        from cnnplay.data.catalog import catalog

        return catalog()

    @property
    def folders(self) -> tuple[str, ...]:
        """Keys of the folders loaded in this session or remembered, newest first."""
        return tuple(self._recent)

    def remember(self, folders: tuple[str, ...]) -> None:
        """Adds folder keys of earlier sessions."""
        self._recent = list(dict.fromkeys((*self._recent, *folders)))[:MAX_FOLDERS]

    @property
    def title(self) -> str:
        return title_of(self.key)

    @property
    def detail(self) -> str:
        """``4,000 + 1,000``: training and validation images; runs do not use the test split."""
        if self._images is None:
            return ""
        return f"{len(self._images.train):,} + {len(self._images.validation):,}"

    @property
    def summary(self) -> str:
        """A description for a tooltip or an empty panel."""
        if self.state == "loading":
            done, whole = self._progress
            return f"loading {self.title}" + (f": {done:,} of {whole:,} images" if whole else "…")
        if self._images is None:
            return self._error or "no data set selected"
        shape = self._images.shape
        size = shape_text(shape) if shape else size_text(self._images)
        splits = splits_text(len(self._images.train), len(self._images.validation), len(self._images.test))
        return f"{self._images.title}: {len(self._images.classes)} classes, {splits}, {size}"

    def choose(self, key: str, again: bool = False) -> None:
        """Loads a data set in a thread; cancels a load in progress.

        Does nothing for the one in use, except for a folder with `again`: its images may have changed.
        """
        again = again and key.startswith(FOLDER) and self.state != "loading"
        if key == self.key and not self._error and not again:
            return
        self._wanted, self._error, self._progress = key, "", (0, 0)
        self._jobs.replace(
            lambda job: _load(key, job),
            self.use,
            lambda error: self._fail(_error_text(key, error)),
            self._progressed,
        )
        self.state_changed.emit()

    def choose_folder(self, path: str | Path) -> None:
        """Loads a folder of images, one subfolder per class; reads it again if it is in use."""
        self.choose(f"{FOLDER}{Path(path)}", again=True)

    def choose_or_download(self, key: str) -> None:
        """Loads a data set selected in the list, after downloading it if necessary."""
        info = next((info for info in self.choices if info.key == key), None)
        if info is None or info.available:
            self.choose(key, again=True)
        else:
            self.download(key)

    def download(self, key: str) -> None:
        """Downloads a data set of the catalog, then loads it unless another was selected meanwhile.

        The one in use stays until then.
        """
        self._key_before_download = self.key
        self.downloads.start(key)

    def use(self, images: "ImageSet") -> None:
        """Uses a data set that is loaded."""
        self._jobs.cancel()
        self._images, self._wanted, self._error = images, "", ""
        if images.key.startswith(FOLDER):
            self._recent = [images.key, *(key for key in self._recent if key != images.key)][:MAX_FOLDERS]
        self.state_changed.emit()
        self.changed.emit()

    def cancel(self) -> None:
        """Cancels the load in progress; the data set in use stays."""
        if self.state == "loading":
            self._jobs.cancel()
            self._wanted = ""
            self.state_changed.emit()

    @Slot(str)
    def _downloaded(self, key: str) -> None:
        if self.key == self._key_before_download:
            self.choose(key)

    def _progressed(self, mail: Mail) -> None:
        self._progress = mail.latest["progress"]
        self.state_changed.emit()

    def _fail(self, reason: str) -> None:
        self._wanted, self._error = "", reason
        self.state_changed.emit()


def title_of(key: str) -> str:
    """``mnist-sample``; for a folder, its name without the path."""
    return (Path(key.removeprefix(FOLDER)).name or key) if key.startswith(FOLDER) else key


def splits_text(train: int, validation: int, test: int) -> str:
    """``48,000 train / 12,000 validation / 10,000 test (held out)``."""
    text = f"{train:,} train / {validation:,} validation"
    return f"{text} / {test:,} test (held out)" if test else text


def choice_text(info: "DataInfo", downloads: DownloadModel) -> tuple[str, str]:
    """(entry, tooltip) of a data set in the list."""
    from cnnplay.data.sources import megabytes

    text = f"{info.key}   {info.classes} classes, {info.size:,} images"
    hint = f"{info.title}\n{splits_text(info.train, info.validation, info.test)}\n{info.licence}"
    if info.available:
        return text, hint
    if downloads.busy and downloads.key == info.key:
        return f"{text} · downloading: {downloads.amount or '…'}", f"{hint}\nDownloading"
    size = megabytes(info.download)
    how = f"Not downloaded yet: click to download it ({size}) and use it"
    if downloads.busy:
        how += f"; this cancels the download of {downloads.key}"
    return f"{text} · download {size}", f"{hint}\n{how}"


def _load(key: str, job: Job) -> "ImageSet":
    from cnnplay.data.catalog import load

    return load(key, lambda done, whole: job.post("progress", (done, whole)), job.cancelled)


def _error_text(key: str, error: Exception) -> str:
    """Why a data set could not be loaded. Any failure with external files must end in a message."""
    from cnnplay.data.catalog import DataError, NotDownloaded

    if isinstance(error, NotDownloaded):
        return f"{key} is not downloaded yet: select it in the data set list above to download it"
    return str(error) if isinstance(error, DataError) else f"{title_of(key)} could not be loaded: {error}"
