"""Where runs are: the store's folder in the user's data, and remembered runs elsewhere."""

import secrets
from datetime import datetime
from pathlib import Path

import msgspec
import platformdirs

from cnnplay.data.regular_file import open_regular
from cnnplay.modules.atomic import write_bytes

ELSEWHERE = "elsewhere.json"
LARGEST = 2**20
"""Bytes; a longer list is not ours."""
MOST = 1000
"""The most runs elsewhere that are remembered; the oldest are dropped."""


class Elsewhere(msgspec.Struct, frozen=True):
    """Folders of runs outside the store, the newest last."""

    version: int = 1
    folders: tuple[str, ...] = ()


def store_folder() -> Path:
    """The default folder for runs; it need not exist yet."""
    return platformdirs.user_data_path("cnnplay", appauthor=False) / "runs"


def new_run_folder(name: str) -> Path:
    """A new folder in the store for a run of this network, with the date, the time and a random suffix."""
    plain = "".join(char if char.isalnum() else "-" for char in name.lower()).strip("-") or "run"
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    # Four digits are too few: two trials that started within a second once got the same name.
    return store_folder() / f"{plain[:40]}-{now}-{secrets.token_hex(4)}"


def index_path() -> Path:
    """The path of the index of the runs, in the user's cache."""
    return platformdirs.user_cache_path("cnnplay", appauthor=False) / "runs.sqlite"


def elsewhere(store: Path) -> tuple[Path, ...]:
    """The remembered folders; a missing or damaged list counts as empty."""
    try:
        with open_regular(store / ELSEWHERE) as file:
            found = msgspec.json.decode(file.read(LARGEST), type=Elsewhere)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    # A path with a NUL byte cannot be opened.
    return tuple(Path(folder) for folder in found.folders if "\0" not in folder)


def remember(store: Path, folder: Path) -> None:
    """Adds a run to the list unless it is in the store. OSError from the disk."""
    folder = folder.resolve()
    if folder.parent != store.resolve():
        _write(store, [*(one for one in elsewhere(store) if one != folder), folder])


def forget(store: Path, folder: Path) -> None:
    """Removes a folder from the list; its files stay. OSError from the disk."""
    known = elsewhere(store)
    if folder in known:
        _write(store, [one for one in known if one != folder])


def _write(store: Path, folders: list[Path]) -> None:
    store.mkdir(parents=True, exist_ok=True)
    listed = Elsewhere(folders=tuple(str(folder) for folder in folders[-MOST:]))
    write_bytes(store / ELSEWHERE, msgspec.json.encode(listed))
