"""Where studies lie: Optuna's own storages. An SQLite file in the user's data, unless another is named."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import platformdirs
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cnnplay.data.lock import locked
from cnnplay.data.paths import at_home
from cnnplay.search.errors import SearchError, SearchTrouble

HEARTBEAT_S, GRACE_S = 20, 90
"""A worker says so often that it lives; one that was not heard for so long is gone, and its trial free."""
SQLITE = b"SQLite format 3\0"
"""What each such file begins with."""
PATIENCE_S = 60
"""So long a worker waits for another one's writing of an SQLite file."""


def default_url() -> str:
    """The storage where nobody names one."""
    path = platformdirs.user_data_path("cnnplay", appauthor=False) / "studies.sqlite3"
    return f"sqlite:///{path}"


def url_of(text: str | None) -> str:
    """The URL of ``sqlite:///studies.sqlite3``, ``mysql://…`` and so on; a plain path is an SQLite file."""
    if text is None:
        return default_url()
    return text if "://" in text else f"sqlite:///{at_home(text)}"


def shown(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


@contextmanager
def storage_at(url: str, heartbeat_s: int = HEARTBEAT_S, grace_s: int = GRACE_S) -> Iterator[RDBStorage]:
    """The storage, its tables made where they are lacking. SearchError for a URL that names none;
    SearchTrouble where it cannot be reached, and for whatever goes wrong in it later."""
    try:
        with troubles(url):
            storage = _opened(url, heartbeat_s, grace_s)
    except (ImportError, ArgumentError) as error:
        expected = "a URL of Optuna's storages whose driver is installed, as sqlite:///studies.sqlite3"
        raise SearchError(f"--storage must be {expected}; got {shown(url)}: {error}") from None
    try:
        with troubles(url):
            yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


@contextmanager
def troubles(url: str) -> Iterator[None]:
    """What goes wrong in a storage, in words."""
    try:
        yield
    except ArgumentError:
        raise
    except (OptunaError, SQLAlchemyError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
        words = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
        raise SearchTrouble(f"{shown(url)}: the storage of studies cannot be used: {words}") from error


def _opened(url: str, heartbeat_s: int, grace_s: int) -> RDBStorage:
    parts = make_url(url)
    file = parts.database if parts.get_backend_name() == "sqlite" else None
    if not file or file == ":memory:":
        return _made(url, heartbeat_s, grace_s, {})
    path = Path(file)
    _check_file(path, url)
    arguments = {"connect_args": {"timeout": PATIENCE_S}}
    start = monotonic()

    def waiting() -> None:
        if monotonic() - start > PATIENCE_S:
            raise SearchTrouble(f"{path}: another program has been making this file for {PATIENCE_S} seconds")

    try:
        if url == default_url():
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.parent.is_dir():  # a mistyped path must not become a folder
            raise SearchError(f"--storage must be in an existing folder; {path.parent} is none")
        # Two programs that make the same tables at once would trip over one another.
        with locked(path.with_name(f"{path.name}.lock"), waiting):
            return _made(url, heartbeat_s, grace_s, arguments)
    except OSError as error:
        raise SearchTrouble(f"{path}: cannot be made ({error.strerror or error})") from None


def _check_file(path: Path, url: str) -> None:
    """SearchTrouble, before anything is laid beside it, for what is there and no SQLite file."""
    try:
        with path.open("rb") as found:
            start = found.read(len(SQLITE))
    except FileNotFoundError:
        return
    except OSError as error:
        raise SearchTrouble(f"{path}: cannot be read ({error.strerror or error})") from None
    if start not in (b"", SQLITE):  # SQLite itself makes an empty file first
        raise SearchTrouble(f"{shown(url)}: the storage of studies cannot be used: file is not a database")


def _made(url: str, heartbeat_s: int, grace_s: int, arguments: dict[str, dict[str, int]]) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            url, engine_kwargs=dict(arguments), heartbeat_interval=heartbeat_s, grace_period=grace_s
        )
