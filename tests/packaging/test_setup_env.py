"""When a set-up may be skipped, and when it must be done again."""

from pathlib import Path

import setup_env
from setup_env import Stamp, fingerprint_of, read_stamp


def test_a_stamp_reads_back_as_it_was_written(tmp_path: Path) -> None:
    stamp = Stamp("abc", {"onnx", "test"}, {"offscreen", "xcb"})
    stamp.write(tmp_path / "stamp.json")
    assert read_stamp(tmp_path / "stamp.json", "abc") == stamp


def test_a_stamp_of_another_fingerprint_counts_for_nothing(tmp_path: Path) -> None:
    Stamp("old", {"onnx"}, {"offscreen"}).write(tmp_path / "stamp.json")
    assert read_stamp(tmp_path / "stamp.json", "new") == Stamp("new")


def test_a_damaged_or_absent_stamp_counts_for_nothing(tmp_path: Path) -> None:
    for content in (
        "",
        "{",
        "[]",
        '{"fingerprint": "abc"}',
        '{"fingerprint": "abc", "extras": 3, "screens": []}',
    ):
        (tmp_path / "stamp.json").write_text(content)
        assert read_stamp(tmp_path / "stamp.json", "abc") == Stamp("abc")
    assert read_stamp(tmp_path / "none.json", "abc") == Stamp("abc")


def test_the_fingerprint_changes_with_any_file_the_python_and_the_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    prints = {fingerprint_of([one, two], "3.11", "/here")}
    prints.add(fingerprint_of([one, two], "3.12", "/here"))
    prints.add(fingerprint_of([one, two], "3.11", "/there"))
    two.write_text("3")
    prints.add(fingerprint_of([one, two], "3.11", "/here"))
    assert len(prints) == 4


def test_the_fingerprint_tells_where_one_file_ends_and_the_next_begins(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    before = fingerprint_of([one, two])
    one.write_text("a")
    two.write_text("bc")
    assert fingerprint_of([one, two]) != before


def test_a_missing_interpreter_is_not_a_usable_environment(tmp_path: Path) -> None:
    assert not setup_env._is_usable(tmp_path / "bin" / "python")
