"""Where studies are stored: any Optuna storage; by default an SQLite file in the user's data."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import platformdirs
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cnnplay.data.lock import locked
from cnnplay.data.paths import expand_user
from cnnplay.data.regular_file import open_regular
from cnnplay.search.errors import SearchError, SearchFailure

HEARTBEAT_S, GRACE_S = 20, 90
"""Seconds between a worker's heartbeats, and without one until its trial is requeued."""
SQLITE = b"SQLite format 3\0"
"""The first bytes of an SQLite file."""
PATIENCE_S = 60
"""Seconds that a worker waits for another one to write an SQLite file."""


def default_url() -> str:
    """The storage if none is given."""
    path = platformdirs.user_data_path("cnnplay", appauthor=False) / "studies.sqlite3"
    return f"sqlite:///{path}"


def url_of(text: str | None) -> str:
    """The URL of a storage; a plain path means an SQLite file."""
    if text is None:
        return default_url()
    return text if "://" in text else f"sqlite:///{expand_user(text)}"


def display_url(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # a port that is no number
        return url


@contextmanager
def storage_at(url: str, heartbeat_s: int = HEARTBEAT_S, grace_s: int = GRACE_S) -> Iterator[RDBStorage]:
    """Opens a storage and creates missing tables. SearchError for an invalid URL; SearchFailure if it cannot
    be reached, or fails later."""
    try:
        with storage_failures(url):
            storage = _opened(url, heartbeat_s, grace_s)
    except SearchError:
        raise
    except (ImportError, ArgumentError, ValueError, TypeError) as error:  # the driver's, for its options
        expected = "an Optuna storage URL with an installed driver, such as sqlite:///studies.sqlite3"
        why = str(error).partition("\n")[0]
        raise SearchError(f"--storage must be {expected}; got {display_url(url)}: {why}") from None
    try:
        with storage_failures(url):
            yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


@contextmanager
def storage_failures(url: str) -> Iterator[None]:
    """Turns a storage's errors into SearchFailure."""
    try:
        yield
    except ArgumentError:
        raise
    except (OptunaError, SQLAlchemyError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
        message = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
        raise SearchFailure(f"{display_url(url)}: the study storage cannot be used: {message}") from error


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
            raise SearchFailure(
                f"{path}: another program has been creating this file for {PATIENCE_S} seconds"
            )

    try:
        if url == default_url():
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.parent.is_dir():  # do not create a folder for a mistyped path
            raise SearchError(f"--storage must be in an existing folder; got {path.parent}")
        # Two programs that create the same tables at once would fail.
        with locked(path.with_name(f"{path.name}.lock"), waiting):
            return _made(url, heartbeat_s, grace_s, arguments)
    except OSError as error:
        raise SearchFailure(f"{path}: cannot be created ({error.strerror or error})") from None


def _check_file(path: Path, url: str) -> None:
    """SearchFailure for an existing file that is not SQLite, SearchError for another program's, before a lock
    file is put next to it."""
    try:
        with open_regular(path) as found:
            start = found.read(len(SQLITE))
    except FileNotFoundError:
        return
    except OSError as error:
        raise SearchFailure(f"{path}: cannot be read ({error.strerror or error})") from None
    if start not in (b"", SQLITE):  # SQLite itself creates an empty file first
        raise SearchFailure(f"{display_url(url)}: the study storage cannot be used: file is not a database")
    if start and not _is_for_studies(path):
        raise SearchError(f"--storage must be a file of studies; {path} is another program's database")


def _is_for_studies(path: Path) -> bool:
    """Whether a database has Optuna's tables or none: in any other one, tables would be added."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:  # damaged or locked; opening it will say why
        return True
    return not tables or "studies" in tables


def _made(url: str, heartbeat_s: int, grace_s: int, arguments: dict[str, dict[str, int]]) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            url, engine_kwargs=dict(arguments), heartbeat_interval=heartbeat_s, grace_period=grace_s
        )
