"""Fetching a data set into the cache: from the first mirror that gives what was published, then unpacked.

A file that was broken off is gone on with where it ended. What lies in the cache folder under the file's own
name (copied there by hand, on a machine without a network) is taken where its checksum is right.
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
from cnnplay.data.folder import Cancelled, LoadCancelled, Progress
from cnnplay.data.idx import read_idx
from cnnplay.data.images import DataError
from cnnplay.data.lock import locked
from cnnplay.data.sources import Source, SourceFile, megabytes
from cnnplay.data.store import check_labels, folder_of, is_here, keep
from cnnplay.data.transfer import STALL_S, Transfer, TransferError

ROUNDS = 10
"""The mirrors are asked one after another so many times at most."""
_BLOCK = 2**20
Note = Callable[[str], None]


class FetchError(DataError):
    """No mirror gave the file as it was published (the message names each, and what it gave), or there is no
    room for it."""


def fetch(
    source: Source,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    note: Note | None = None,
    stall_s: float = STALL_S,
) -> bool:
    """Puts the data set into the cache; whether there was anything to do.

    `progress` hears (bytes, all); `note` hears in words what is being done. LoadCancelled where `cancelled()`
    says so: what came so far stays for the next time. FetchError where no mirror helped or there is no room,
    OSError where it cannot be written.
    """
    if is_here(source):
        return False
    folder = folder_of(source)
    folder.mkdir(parents=True, exist_ok=True)
    tell = note or (lambda _: None)
    told = False

    def breathe() -> None:
        if cancelled is not None and cancelled():
            raise LoadCancelled(f"fetching {source.title} was cancelled")

    def waiting() -> None:
        nonlocal told
        breathe()
        if not told:
            tell(f"another program is fetching {source.title}: waiting for it")
            told = True

    with locked(folder / ".lock", waiting):
        if is_here(source):
            return False
        _Fetching(source, folder, progress or (lambda *_: None), breathe, tell, stall_s).run()
    return True


class _Fetching:
    """One data set, while the lock on its folder is held."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        progress: Progress,
        breathe: Callable[[], None],
        tell: Note,
        stall_s: float,
    ) -> None:
        self._source, self._folder = source, folder
        self._progress, self._breathe, self._tell, self._stall_s = progress, breathe, tell, stall_s
        self._before = 0
        """Bytes of the files that are here already."""

    def run(self) -> None:
        ours = []
        for file in self._source.files:
            path = self._folder / file.name
            if not (path.is_file() and self._is_published(path, file)):
                self._check_room()
                self._get(file, path)
                ours.append(path)
            self._before += file.size
            self._say(0)
        self._tell(f"unpacking {self._source.title}")
        pictures, labels = self._unpack()
        self._breathe()
        keep(self._source, pictures, labels)
        for path in ours:  # what somebody put here by hand stays
            path.unlink(missing_ok=True)

    def _get(self, file: SourceFile, path: Path) -> None:
        """One file, from the mirrors in turn: each goes on where the one before ended. They are asked again
        as long as that gives something."""
        part = path.with_name(f"{file.name}.part")
        problems: dict[str, str] = {}
        for _ in range(ROUNDS):
            before = _size(part)
            for mirror in self._source.mirrors:
                try:
                    self._from(mirror + file.name, file, part)
                except TransferError as error:
                    host = urlsplit(mirror).netloc
                    problems[mirror] = f"{host}: {error}"
                    self._tell(f"{file.name}, {host}: {error}")
                    continue
                part.replace(path)
                return
            if _size(part) <= before:
                break
        where = "its mirror" if len(problems) == 1 else f"one of its {len(problems)} mirrors"
        raise FetchError(
            f"{file.name} of {self._source.title}: expected {file.size:,} bytes from {where}; found: "
            f"{'; '.join(problems.values())}"
        )

    def _from(self, url: str, file: SourceFile, part: Path) -> None:
        """Fills `part` from one mirror. TransferError where it does not become the published file."""
        inherited = _size(part)
        if inherited < file.size:
            self._receive(url, file, part)
        size = _size(part)
        if size < file.size:
            raise TransferError(f"it ended early: expected {file.size:,} bytes, found {size:,}")
        found = "" if size > file.size else self._digest(part)
        if found == file.sha256:
            return
        part.unlink()
        if inherited:  # the wrong bytes may be those that were here before
            self._from(url, file, part)
            return
        what = f"found {found}" if found else f"found more than {file.size:,} bytes"
        raise TransferError(f"wrong content: expected the SHA-256 {file.sha256}, {what}")

    def _receive(self, url: str, file: SourceFile, part: Path) -> None:
        start = _size(part)
        with Transfer(url, start, self._breathe, self._stall_s) as transfer:
            began = transfer.began()
            if began.size is not None and began.size != file.size:
                raise TransferError(f"another file: expected {file.size:,} bytes, found {began.size:,}")
            with part.open("r+b" if part.exists() else "wb") as out:
                out.seek(began.start)
                out.truncate()
                self._say(began.start)
                done = began.start
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
            pictures, labels = read_cifar(
                paths[0], source.members, source.shape, source.label_bytes, self._breathe
            )
        else:
            size = source.shape[1:]
            train = read_idx(paths[0], (source.train, *size), self._breathe)
            test = read_idx(paths[2], (source.test, *size), self._breathe)
            pictures = np.concatenate([train, test])[..., None]
            labels = np.concatenate([read_idx(paths[1], (source.train,)), read_idx(paths[3], (source.test,))])
        check_labels(labels, len(source.classes), str(self._folder))
        return pictures, labels

    def _is_published(self, path: Path, file: SourceFile) -> bool:
        return _size(path) == file.size and self._digest(path) == file.sha256

    def _digest(self, path: Path) -> str:
        made = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
                self._breathe()
        return made.hexdigest()

    def _check_room(self) -> None:
        needed = self._source.download_bytes - self._before + self._source.unpacked_bytes
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise FetchError(
                f"{self._folder}: expected {megabytes(needed)} of free disk for {self._source.title}; "
                f"found {megabytes(free)}"
            )

    def _say(self, done: int) -> None:
        self._progress(self._before + done, self._source.download_bytes)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
