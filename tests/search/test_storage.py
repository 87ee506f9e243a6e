"""Storages from outside: a clear error before anything is written."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cnnplay.search.errors import SearchError, SearchFailure
from cnnplay.search.storage import storage_at, url_of


def _opened(text: str) -> None:
    with storage_at(url_of(text)):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "foo://bar",
        "sqlite://x",
        "sqlite:///x.db?timeout=abc",
        "mysql://a:b@c:xyz/d",
        "://",
        "sqlite:///a\0b",
        "postgresql://nowhere/x",
    ],
)
def test_a_malformed_url_is_the_users_mistake(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SearchError, match="--storage must be") as caught:
        _opened(url)
    assert "\n" not in str(caught.value)


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table photos (name)")
        database.commit()
    before = path.read_bytes()
    with pytest.raises(SearchError, match=r"other\.db is another program's database"):
        _opened(str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_studies_is_opened_again(tmp_path: Path) -> None:
    _opened(str(tmp_path / "studies.db"))
    _opened(str(tmp_path / "studies.db"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "studies.db")
    with pytest.raises(SearchFailure, match="expected a regular file"):
        _opened(str(tmp_path / "studies.db"))
