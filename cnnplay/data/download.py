"""Downloads a data set into the cache from the first mirror that has the published files, then unpacks it.

Interrupted downloads resume where they stopped. A file in the cache folder with the published name (copied
there by hand on a machine without a network) is used if its checksum is right.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.cifar import read_cifar
from cnnplay.data.idx import read_idx
from cnnplay.data.images import DataError
from cnnplay.data.loading import Cancelled, LoadCancelled, Progress
from cnnplay.data.lock import locked
from cnnplay.data.sources import Source, SourceFile, megabytes
from cnnplay.data.store import check_labels, data_folder, is_downloaded, save
from cnnplay.data.transfer import STALL_S, Transfer, TransferError

MAX_ROUNDS = 10
"""The mirrors are tried in turn at most this many times."""
_BLOCK = 2**20
Note = Callable[[str], None]


class DownloadError(DataError):
    """No mirror had the published file (the message names each mirror and what it returned), or there is not
    enough disk space.
    """


def download(
    source: Source,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    note: Note | None = None,
    stall_s: float = STALL_S,
) -> bool:
    """Downloads a data set into the cache. Returns False if it was there already.

    `progress` receives (bytes, total); `note` receives messages for the user. Raises LoadCancelled if
    `cancelled()`, and what was downloaded so far is kept for the next time. Raises DownloadError if no mirror
    worked or there is not enough disk space, OSError if a file cannot be written.
    """
    if is_downloaded(source):
        return False
    folder = data_folder(source)
    folder.mkdir(parents=True, exist_ok=True)
    report = note or (lambda _: None)
    announced = False

    def check_cancelled() -> None:
        if cancelled is not None and cancelled():
            raise LoadCancelled(f"downloading {source.title} was cancelled")

    def waiting() -> None:
        nonlocal announced
        check_cancelled()
        if not announced:
            report(f"another program is downloading {source.title}: waiting for it")
            announced = True

    with locked(folder / ".lock", waiting):
        if is_downloaded(source):
            return False
        _Download(source, folder, progress or (lambda *_: None), check_cancelled, report, stall_s).run()
    return True


class _Download:
    """One data set, while the lock on its folder is held."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        progress: Progress,
        check_cancelled: Callable[[], None],
        report: Note,
        stall_s: float,
    ) -> None:
        self._source, self._folder = source, folder
        self._progress, self._check_cancelled, self._report, self._stall_s = (
            progress,
            check_cancelled,
            report,
            stall_s,
        )
        self._completed = 0
        """The bytes of the files that are complete."""

    def run(self) -> None:
        downloaded = []
        for file in self._source.files:
            path = self._folder / file.name
            if not (path.is_file() and self._is_published(path, file)):
                self._check_disk_space()
                self._get(file, path)
                downloaded.append(path)
            self._completed += file.size
            self._say(0)
        self._report(f"unpacking {self._source.title}")
        images, labels = self._unpack()
        self._check_cancelled()
        save(self._source, images, labels)
        for path in downloaded:  # files that were put here by hand are kept
            path.unlink(missing_ok=True)

    def _get(self, file: SourceFile, path: Path) -> None:
        """One file, from the mirrors in turn: each continues where the previous one stopped. They are tried
        again as long as that makes progress.
        """
        part = path.with_name(f"{file.name}.part")
        if part.is_symlink():  # planted in a shared cache, to have the file that it leads to overwritten
            part.unlink()
        problems: dict[str, str] = {}
        for _ in range(MAX_ROUNDS):
            before = _size(part)
            for mirror in self._source.mirrors:
                try:
                    self._from(mirror + file.name, file, part)
                except TransferError as error:
                    host = urlsplit(mirror).netloc
                    problems[mirror] = f"{host}: {error}"
                    self._report(f"{file.name}, {host}: {error}")
                    continue
                part.replace(path)
                return
            if _size(part) <= before:
                break
        where = "its mirror" if len(problems) == 1 else f"one of its {len(problems)} mirrors"
        raise DownloadError(
            f"{file.name} of {self._source.title}: expected {file.size:,} bytes from {where}; got: "
            f"{'; '.join(problems.values())}"
        )

    def _from(self, url: str, file: SourceFile, part: Path) -> None:
        """Fills `part` from one mirror. Raises TransferError if the result is not the published file."""
        inherited = _size(part)
        if inherited < file.size:
            self._receive(url, file, part)
        size = _size(part)
        if size < file.size:
            raise TransferError(f"incomplete: expected {file.size:,} bytes, got {size:,}")
        found = "" if size > file.size else self._digest(part)
        if found == file.sha256:
            return
        part.unlink()
        if inherited:  # the wrong bytes may come from the earlier part
            self._from(url, file, part)
            return
        what = f"got {found}" if found else f"got more than {file.size:,} bytes"
        raise TransferError(f"wrong content: expected SHA-256 {file.sha256}, {what}")

    def _receive(self, url: str, file: SourceFile, part: Path) -> None:
        start = _size(part)
        with Transfer(url, start, self._check_cancelled, self._stall_s) as transfer:
            start_info = transfer.start()
            if start_info.size is not None and start_info.size != file.size:
                raise TransferError(f"wrong file: expected {file.size:,} bytes, got {start_info.size:,}")
            with open(part, "r+b" if part.exists() else "wb", opener=_open_no_link) as out:
                out.seek(start_info.start)
                out.truncate()
                self._say(start_info.start)
                done = start_info.start
                for piece in transfer:
                    out.write(piece)
                    done += len(piece)
                    self._say(min(done, file.size))
                    if done > file.size:
                        return
                out.flush()
                os.fsync(out.fileno())

    def _unpack(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        source = self._source
        paths = [self._folder / file.name for file in source.files]
        if source.format == "cifar":
            images, labels = read_cifar(
                paths[0], source.members, source.shape, source.label_bytes, self._check_cancelled
            )
        else:
            size = source.shape[1:]
            train = read_idx(paths[0], (source.train, *size), self._check_cancelled)
            test = read_idx(paths[2], (source.test, *size), self._check_cancelled)
            images = np.concatenate([train, test])[..., None]
            labels = np.concatenate([read_idx(paths[1], (source.train,)), read_idx(paths[3], (source.test,))])
        check_labels(labels, len(source.classes), str(self._folder))
        return images, labels

    def _is_published(self, path: Path, file: SourceFile) -> bool:
        return _size(path) == file.size and self._digest(path) == file.sha256

    def _digest(self, path: Path) -> str:
        made = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
                self._check_cancelled()
        return made.hexdigest()

    def _check_disk_space(self) -> None:
        needed = self._source.download_bytes - self._completed + self._source.unpacked_bytes
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise DownloadError(
                f"{self._folder}: expected {megabytes(needed)} of free disk space for {self._source.title}; "
                f"found {megabytes(free)}"
            )

    def _say(self, done: int) -> None:
        self._progress(self._completed + done, self._source.download_bytes)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
