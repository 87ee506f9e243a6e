"""Files are written under a temporary name, flushed and renamed: a kill leaves the old or the new file."""

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
    """Yields temporary files to write; they replace `paths` together when the block ends without an error.

    On failure, OSError or the block's own error is raised, the files that were there before are there again,
    and no temporary file is left. A symbolic link keeps pointing at its file.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    tokens = [secrets.token_hex(4) for _ in targets]
    temporaries = tuple(
        t.with_name(f".{t.name[:100]}.{m}.part") for t, m in zip(targets, tokens, strict=True)
    )
    backups = [t.with_name(f".{t.name[:100]}.{m}.former") for t, m in zip(targets, tokens, strict=True)]
    try:
        modes = [_made(n, target) for n, target in zip(temporaries, targets, strict=True)]
        yield temporaries
        for temporary, mode in zip(temporaries, modes, strict=True):
            temporary.chmod(mode)  # safetensors creates files that only the owner can read
            _flush(temporary)
        _rename(temporaries, targets, backups)
    finally:
        for left in (*temporaries, *backups):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces a file by one with this content, atomically. OSError if that fails."""
    with replacing(path) as (temporary,):
        temporary.write_bytes(content)


def _made(temporary: Path, target: Path) -> int:
    """Creates an empty temporary file; returns the mode it must get: the old file's, or the default."""
    if target.exists() and not target.is_file():
        # A rename would replace a device or a pipe: /dev/null would be a regular file from then on.
        raise OSError(errno.EINVAL, "not a regular file, but a folder, device or pipe", str(target))
    with temporary.open("xb"):
        return stat.S_IMODE((target if target.exists() else temporary).stat().st_mode)


def _rename(temporaries: tuple[Path, ...], targets: list[Path], backups: list[Path]) -> None:
    """Renames one after the other; if one fails, the earlier ones get their old content back."""
    several = len(targets) > 1
    done: list[tuple[Path, Path | None]] = []
    try:
        for temporary, target, backup in zip(temporaries, targets, backups, strict=True):
            kept = _keep(target, backup) if several else None
            temporary.replace(target)
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


def _keep(target: Path, backup: Path) -> Path | None:
    """A backup name for the file that is about to be replaced; None if there is no file."""
    if not target.exists():
        return None
    try:
        backup.hardlink_to(target)
    except OSError:  # a file system without hard links
        shutil.copy2(target, backup)
    return backup


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Makes the renames durable. Windows and some network file systems do not support it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
