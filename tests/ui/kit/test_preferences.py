"""Preferences come back at the next start, whatever characters they contain."""

from pathlib import Path

import pytest

from cnnplay.ui.kit.preferences import MAX_RECENT, Preferences


@pytest.mark.parametrize("name", ["plain", "12:30 lesson", 'a;b, "c" = d%20', "käfer 猫", "two\nlines"])
def test_recent_files_come_back_at_the_next_start_whatever_their_names(tmp_path: Path, name: str) -> None:
    projects = [tmp_path / f"{name}.cnnplay", tmp_path / "other.cnnplay"]
    first = Preferences(tmp_path / "preferences.ini")
    for path in projects:
        path.touch()
        first.add_recent(path)
    first.sync()
    assert Preferences(tmp_path / "preferences.ini").recent() == (projects[1], projects[0])


def test_recent_files_are_the_newest_existing_ones_without_duplicates(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "preferences.ini")
    paths = [tmp_path / f"{number}.cnnplay" for number in range(MAX_RECENT + 2)]
    for path in (*paths, paths[5]):
        path.touch()
        preferences.add_recent(path)
    paths[-1].unlink()
    recent = preferences.recent()
    assert recent[0] == paths[5]
    assert len(recent) == len(set(recent)) == MAX_RECENT - 1
    assert paths[0] not in recent


@pytest.mark.parametrize(
    ("stored", "found"),
    [("folder:/a\nfolder:/b", ("folder:/a", "folder:/b")), ("", ()), ("5", ()), ('["/a", 5, ""]', ("/a",))],
)
def test_texts_stored_in_another_format_are_read_as_far_as_possible(
    tmp_path: Path, stored: str, found: tuple[str, ...]
) -> None:
    preferences = Preferences(tmp_path / "preferences.ini")
    preferences.set("folders", stored)
    assert preferences.texts("folders") == found
