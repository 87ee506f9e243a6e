"""Notes and tags of a run: whole after any writing, checked on reading."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.runs.notes import (
    LONGEST_NOTE,
    MOST_TAGS,
    TAG,
    Notes,
    read_notes,
    tags_in,
    write_notes,
)
from cnnplay.runs.record import RunError, RunWriteError

SIGNS = st.characters(exclude_categories=["Cs"])


@given(
    note=st.text(SIGNS, max_size=200),
    tags=st.lists(st.from_regex(TAG, fullmatch=True, alphabet=SIGNS), max_size=MOST_TAGS, unique=True),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, note: str, tags: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    about = Notes(note=note, tags=tuple(tags))
    write_notes(folder, about)
    assert read_notes(folder) == about
    assert [file.name for file in folder.iterdir()] == ["about.json"]


def test_a_run_without_notes_has_neither(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == Notes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "note and tags"),
        ('{"note": 3}', "note"),
        ('{"version": 9}', "newer"),
        ('{"tags": ["two words"]}', "without spaces"),
        ('{"note": "' + "x" * (LONGEST_NOTE + 1) + '"}', "at most 10,000"),
        ('{"tags": [' + ",".join(f'"t{n}"' for n in range(MOST_TAGS + 1)) + "]}", "at most 32"),
    ],
)
def test_a_file_that_breaks_a_limit_is_named(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "about.json").write_text(content)
    with pytest.raises(RunError, match=words) as caught:
        read_notes(tmp_path)
    assert "about.json" in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_in_its_place_keeps_no_reader_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "about.json")
    with pytest.raises(RunError, match=r"about\.json: expected a regular file"):
        read_notes(tmp_path)


def test_what_breaks_a_limit_is_not_written(tmp_path: Path) -> None:
    write_notes(tmp_path, Notes(note="before"))
    with pytest.raises(RunError, match="without spaces"):
        write_notes(tmp_path, Notes(tags=("a:b",)))
    assert read_notes(tmp_path).note == "before"


def test_a_missing_folder_is_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(RunWriteError, match="cannot be written"):
        write_notes(tmp_path / "gone", Notes(note="x"))


def test_tags_are_separated_by_spaces_and_commas() -> None:
    assert tags_in(" good, best  good,,lecture ") == ("good", "best", "lecture")
