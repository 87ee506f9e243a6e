import os
from pathlib import Path

import pytest

from cnnplay.modules.atomic import replacing, write_bytes


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _fill(*paths: Path, fails: bool = False) -> None:
    with replacing(*paths) as temporaries:
        for temporary in temporaries:
            temporary.write_bytes(b"new")
        if fails:
            raise ValueError("half done")


def test_a_file_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert _names(tmp_path) == {"a.bin"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_has_the_default_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with replacing(tmp_path / "a") as (temporary,):
        temporary.unlink()
        temporary.touch(0o600)
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_error_in_the_block_leaves_only_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    with pytest.raises(ValueError, match="half"):
        _fill(path, fails=True)
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == {"a.bin"}


def test_a_rename_that_fails_leaves_all_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    one.write_bytes(b"old 1")
    three.write_bytes(b"old 3")
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.suffix == ".part" and Path(target).name == "3":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        _fill(one, two, three)
    assert one.read_bytes() == b"old 1"
    assert not two.exists()
    assert three.read_bytes() == b"old 3"
    assert _names(tmp_path) == {"1", "3"}


def test_several_files_appear_together(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"old")
    with replacing(tmp_path / "1", tmp_path / "2") as temporaries:
        for temporary in temporaries:
            temporary.write_bytes(b"new")
        assert (tmp_path / "1").read_bytes() == b"old"
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() == b"new"
    assert _names(tmp_path) == {"1", "2"}


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
def test_a_symbolic_link_keeps_pointing_at_its_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "folder" / "real")
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "real").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "folder").mkdir()
    for path in (pipe, tmp_path / "folder"):
        with pytest.raises(OSError, match="not a regular file"):
            write_bytes(path, b"new")
    assert pipe.is_fifo()
    assert _names(tmp_path) == {"pipe", "folder"}


def test_a_folder_that_does_not_exist_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_bytes(tmp_path / "nowhere" / "a", b"x")
