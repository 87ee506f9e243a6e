"""What is said to be free is what the system says, and the tightest limit counts."""

from pathlib import Path

import pytest

from cnnplay.data import memory


def test_something_is_free() -> None:
    assert memory.available_bytes() > 0


def test_a_containers_limit_counts_where_it_is_tighter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 100000\n")
    monkeypatch.setattr(memory, "_group_folders", lambda: [tmp_path])
    assert memory.available_bytes() == 400_000


def test_no_limit_leaves_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("700000\n")
    monkeypatch.setattr(memory, "_group_folders", lambda: [tmp_path])
    monkeypatch.setattr(memory, "_machine", lambda: 12345)
    assert memory.available_bytes() == 12345
