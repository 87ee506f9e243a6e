"""Which files of a folder are images of which class and split, and what is left out.

Each subfolder is a class, unless the folder holds its splits: ``train`` with ``val`` (or ``valid``,
``validation``), ``test`` or both, each with the same class folders (at least half of them). Images may be in
nested folders of a class. Every folder is read once: a link to one that was read already is left out, and so
is a link to a folder that holds the data set itself.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from cnnplay.data.decode import SUFFIXES
from cnnplay.data.images import DataError
from cnnplay.data.left_out import LeftOut
from cnnplay.data.paths import is_utf8, printable

Part: TypeAlias = Literal["", "train", "validation", "test"]
"""The split that a folder names; "" if the split is chosen by file names."""

SPLITS: dict[str, Part] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""The names of folders that are splits, in lowercase."""
ORDER: tuple[Part, ...] = ("", "train", "validation", "test")

_SYSTEM = frozenset(["__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "lost+found", "#recycle"])
"""Besides all names that begin with a dot or an @ (network storage keeps thumbnails in @eaDir)."""

_RUN = ("run.json", "events.jsonl")
"""A folder with these files is a run's."""


class FoundFile(NamedTuple):
    """A file whose name is an image's: its class's index and its split."""

    path: Path
    label: int
    part: Part


class Tree(NamedTuple):
    """The files, by split and class. The names of classes are composed Unicode (NFC)."""

    root: Path
    classes: tuple[str, ...]
    files: list[FoundFile]
    left_out: list[LeftOut]
    remarks: tuple[str, ...] = ()
    """What a user should know of its form."""


def read_tree(root: Path) -> Tree:
    """The files of a folder. DataError if it is not a data set."""
    left_out: list[LeftOut] = []
    folders = _subfolders(root, left_out)
    splits = _split_folders(folders)
    if splits:
        left_out += [
            LeftOut("outside", printable(folder), "not a split folder")
            for folder in folders
            if folder not in splits.values()
        ]
    classes: dict[str, list[tuple[Path, Part]]] = {}
    places: dict[Part, Path] = splits or {"": root}
    for part, folder in places.items():
        for inner in _subfolders(folder, left_out) if splits else folders:
            classes.setdefault(_composed(inner.name), []).append((inner, part))
    names = tuple(sorted(classes, key=natural_key))
    _check_names(root, names, classes)
    walk = _Walk(root, left_out)
    files = [
        file for label, name in enumerate(names) for folder, part in classes[name]
        for file in walk.files_below(folder, label, part)
    ]  # fmt: skip
    files += walk.follow_links()
    files.sort(key=lambda file: (ORDER.index(file.part), file.label))
    remark = "" if splits else _unlike_splits(folders)
    return Tree(root, names, files, left_out, (remark,) if remark else ())


def natural_key(name: str) -> tuple[tuple[int | str, ...], str]:
    """A sort key in which 2 comes before 10."""
    parts = re.split(r"(\d+)", name)
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts)), name


def _subfolders(folder: Path, left_out: list[LeftOut]) -> list[Path]:
    """The folders in a folder that may be classes; notes what else is there."""
    try:
        if not folder.is_dir():
            found = "a file" if folder.exists() else "nothing"
            raise DataError(f"{folder}: expected a folder with one subfolder per class; found {found}")
        entries = sorted(folder.iterdir())
        found_folders = []
        for entry in entries:
            if _is_system(entry.name):
                if entry.is_dir() and entry.name != ".git":
                    left_out.append(LeftOut("hidden", printable(entry), "a hidden or system file"))
            elif entry.is_dir():
                if _is_run(entry):
                    left_out.append(LeftOut("run", printable(entry), "a run folder"))
                else:
                    found_folders.append(entry)
            elif entry.suffix.lower() in SUFFIXES:
                left_out.append(LeftOut("outside", printable(entry), "not in a class folder"))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from None
    return found_folders


def _split_folders(folders: list[Path]) -> dict[Part, Path]:
    """The folder of each split; {} unless there is one of training images and they hold the same classes."""
    found: dict[Part, Path] = {}
    for folder in folders:
        part = SPLITS.get(folder.name.lower())
        if part is not None:
            if part in found:  # val and valid: not the usual layout
                return {}
            found[part] = folder
    inside = {part: _class_folders(folder) for part, folder in found.items()}
    training = inside.get("train", set())
    same = {part for part, names in inside.items() if len(names & training) * 2 >= len(names | training)}
    if "train" not in same or len(same) < 2 or len(training) < 2:
        return {}
    return {part: found[part] for part in ORDER if part in same}


def _unlike_splits(folders: list[Path]) -> str:
    """What is said if folders are classes although they are named as splits: they hold other folders."""
    named = [folder for folder in folders if SPLITS.get(folder.name.lower())]
    inside = {folder.name: sorted(_class_folders(folder)) for folder in named}
    if len(named) < 2 or not any(inside.values()):
        return ""
    held = "; ".join(f"{name}: {listed(names) if names else 'none'}" for name, names in inside.items())
    return (
        f"{listed(tuple(inside))} are taken for classes: to be splits, they must hold the same class "
        f"folders, in the same spelling ({held})"
    )


def listed(names: Sequence[str]) -> str:
    """The first five names, in quotes."""
    return ", ".join(repr(name) for name in names[:5]) + (" …" if len(names) > 5 else "")


def _class_folders(folder: Path) -> set[str]:
    try:
        return {
            _composed(entry.name)
            for entry in folder.iterdir()
            if not _is_system(entry.name) and entry.is_dir()
        }
    except OSError:
        return set()


def _check_names(root: Path, names: tuple[str, ...], classes: dict[str, list[tuple[Path, Part]]]) -> None:
    for name in (str(root.resolve()), *names):
        if not is_utf8(name):  # it could not be stored in a run or a project
            raise DataError(f"{printable(name)}: expected a UTF-8 name; found other bytes: rename it")
    for name, folders in classes.items():
        parts = [part for _, part in folders]
        if len(set(parts)) < len(parts):
            raise DataError(f"{root}: expected class folders of different names; found {name!r} twice")
    if len(names) < 2:
        found = f"one, {names[0]!r}" if names else "none"
        raise DataError(f"{root}: expected two or more subfolders, one per class; found {found}")


class _Walk:
    """Reads folders, each real one once; links to folders come last."""

    def __init__(self, root: Path, left_out: list[LeftOut]) -> None:
        self._real_root = root.resolve()
        self._left_out = left_out
        self._read: set[tuple[int, int]] = set()
        self._links: list[tuple[Path, int, Part]] = []

    def files_below(self, folder: Path, label: int, part: Part) -> Iterator[FoundFile]:
        for parent, inner, names in os.walk(folder, onerror=_refuse):
            self._read.add(_identity(Path(parent)))
            inner[:] = [name for name in sorted(inner) if self._goes_into(Path(parent, name), label, part)]
            for name in sorted(names):
                path = Path(parent, name)
                if _is_system(name):
                    if path.suffix.lower() in SUFFIXES:
                        self._leave("hidden", path, "a hidden or system file")
                elif path.suffix.lower() in SUFFIXES:
                    yield FoundFile(path, label, part)
                else:
                    self._leave("other", path, "not an image file name")

    def follow_links(self) -> list[FoundFile]:
        """The files behind the links to folders that were not read yet."""
        files: list[FoundFile] = []
        while self._links:
            link, label, part = self._links.pop(0)
            target = link.resolve()
            if target == self._real_root or target in self._real_root.parents:
                self._leave("link", link, "a link to the data set's own folder or its parent")
            elif _identity(target) in self._read:
                self._leave("link", link, "a link to a folder that was read already")
            else:
                files += self.files_below(link, label, part)
        return files

    def _goes_into(self, folder: Path, label: int, part: Part) -> bool:
        if _is_system(folder.name):
            self._leave("hidden", folder, "a hidden or system file")
        elif folder.is_symlink():
            self._links.append((folder, label, part))
        elif _is_run(folder):
            self._leave("run", folder, "a run folder")
        else:
            return True
        return False

    def _leave(self, kind: Literal["link", "run", "other", "hidden"], path: Path, reason: str) -> None:
        self._left_out.append(LeftOut(kind, printable(path), reason))


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read ({error.strerror})")


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _is_run(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _RUN)


def _is_system(name: str) -> bool:
    return name.startswith((".", "@")) or name in _SYSTEM


def _composed(name: str) -> str:
    """The name in composed form: a Mac's folders decompose an umlaut into two characters."""
    return unicodedata.normalize("NFC", name)
