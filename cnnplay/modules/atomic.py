"""Files written to a neighbour, flushed and renamed over the old one: a kill leaves the one or the other."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Neighbours to write in place of `paths`: put there together when the block ends without an error.

    When anything fails, OSError or what was raised in the block comes out, the files that were there
    before are there again, and no neighbour is left. A symbolic link goes on pointing at its file.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    marks = [secrets.token_hex(4) for _ in targets]
    neighbours = tuple(t.with_name(f".{t.name[:100]}.{m}.part") for t, m in zip(targets, marks, strict=True))
    formers = [t.with_name(f".{t.name[:100]}.{m}.former") for t, m in zip(targets, marks, strict=True)]
    try:
        modes = [_made(n, target) for n, target in zip(neighbours, targets, strict=True)]
        yield neighbours
        for neighbour, mode in zip(neighbours, modes, strict=True):
            neighbour.chmod(mode)  # safetensors makes files that nobody else can read
            _flush(neighbour)
        _rename(neighbours, targets, formers)
    finally:
        for left in (*neighbours, *formers):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Puts a file with this content in place of the one that was there. OSError when it cannot be done."""
    with replacing(path) as (neighbour,):
        neighbour.write_bytes(content)


def _made(neighbour: Path, target: Path) -> int:
    """Makes an empty neighbour; gives the mode that it shall have: the old file's, or a new one's usual."""
    if target.exists() and not target.is_file():
        # A rename would take a device's or a pipe's place: /dev/null would be a file from then on.
        raise OSError(errno.EINVAL, "no plain file is there, but a folder, a device or a pipe", str(target))
    with neighbour.open("xb"):
        return stat.S_IMODE((target if target.exists() else neighbour).stat().st_mode)


def _rename(neighbours: tuple[Path, ...], targets: list[Path], formers: list[Path]) -> None:
    """Renames one after the other; when one fails, those before get their former content back."""
    several = len(targets) > 1
    done: list[tuple[Path, Path | None]] = []
    try:
        for neighbour, target, former in zip(neighbours, targets, formers, strict=True):
            kept = _keep(target, former) if several else None
            neighbour.replace(target)
            done.append((target, kept))
    except BaseException:
        for target, kept in reversed(done):
            with suppress(OSError):
                if kept is None:
                    target.unlink()
                else:
                    kept.replace(target)
        raise
    for folder in {target.parent for target in targets}:
        _flush_folder(folder)


def _keep(target: Path, former: Path) -> Path | None:
    """A second name for the file that is about to be replaced; None when there is none."""
    if not target.exists():
        return None
    try:
        former.hardlink_to(target)
    except OSError:  # a file system without hard links
        shutil.copy2(target, former)
    return former


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Makes the new names last. Windows cannot, and some network file systems will not."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
