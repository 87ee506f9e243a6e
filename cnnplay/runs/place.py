"""Where runs lie: the store's folder in the user's data, and single runs elsewhere that it remembers."""

from pathlib import Path

import msgspec
import platformdirs

from cnnplay.modules.atomic import write_bytes

ELSEWHERE = "elsewhere.json"
LARGEST = 2**20
"""A longer list is none of ours."""
MOST = 1000
"""So many runs elsewhere are remembered, the newest."""


class Elsewhere(msgspec.Struct, frozen=True):
    """Folders of runs that lie outside the store, the newest last."""

    version: int = 1
    folders: tuple[str, ...] = ()


def store_folder() -> Path:
    """The folder in which runs are made where nobody names another; it need not be there yet."""
    return platformdirs.user_data_path("cnnplay", appauthor=False) / "runs"


def index_path() -> Path:
    """The index over the runs: on this machine, beside whatever else can be made anew."""
    return platformdirs.user_cache_path("cnnplay", appauthor=False) / "runs.sqlite"


def elsewhere(store: Path) -> tuple[Path, ...]:
    """The remembered folders; a list that is absent or damaged counts as empty."""
    try:
        with (store / ELSEWHERE).open("rb") as file:
            found = msgspec.json.decode(file.read(LARGEST), type=Elsewhere)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(Path(folder) for folder in found.folders)


def remember(store: Path, folder: Path) -> None:
    """Adds a run outside the store to the list; one inside it needs none. OSError from the disk."""
    folder = folder.resolve()
    if folder.parent != store.resolve():
        _write(store, [*(one for one in elsewhere(store) if one != folder), folder])


def forget(store: Path, folder: Path) -> None:
    """Takes a folder off the list; nothing in it changes. OSError from the disk."""
    known = elsewhere(store)
    if folder in known:
        _write(store, [one for one in known if one != folder])


def _write(store: Path, folders: list[Path]) -> None:
    store.mkdir(parents=True, exist_ok=True)
    listed = Elsewhere(folders=tuple(str(folder) for folder in folders[-MOST:]))
    write_bytes(store / ELSEWHERE, msgspec.json.encode(listed))
