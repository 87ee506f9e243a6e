"""What run.py starts, with a screen and without one."""

from pathlib import Path

import pytest
import run
from console import SetupError, run_watched, tail
from qt_check import OFFSCREEN, Screen, screen_of


def test_the_environment_says_what_kind_of_screen_there_is() -> None:
    assert screen_of({"DISPLAY": ":0"}, "linux").plugins == ["xcb"]
    assert screen_of({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux").plugins == ["wayland", "xcb"]
    assert screen_of({"DISPLAY": ""}, "linux") == Screen()
    assert screen_of({}, "darwin").visible
    assert screen_of({}, "win32").name == "native"


def test_without_a_screen_qt_is_told_to_draw_offscreen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    assert not Screen().visible
    assert Screen().environment()["QT_QPA_PLATFORM"] == "offscreen"
    assert "QT_QPA_PLATFORM" not in Screen(x11=True).environment()
    assert OFFSCREEN.name == Screen().name == "offscreen"


def test_the_users_own_choice_of_platform_is_kept() -> None:
    screen = screen_of({"DISPLAY": ":0", "QT_QPA_PLATFORM": "xcb;offscreen"}, "linux")
    assert screen.visible
    assert screen.plugins == ["xcb", "offscreen"]
    assert screen.environment()["QT_QPA_PLATFORM"] == "xcb;offscreen"


def test_with_a_screen_and_no_arguments_the_window_opens() -> None:
    assert run.arguments_for(Screen(x11=True), []) == []


def test_arguments_are_passed_on_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.arguments_for(Screen(), ["summary", "lenet-5", "--json"]) == ["summary", "lenet-5", "--json"]
    assert capsys.readouterr().out == ""


def test_without_a_screen_the_demonstration_runs_and_its_folder_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ROOT", tmp_path)
    assert run.arguments_for(Screen(), []) == ["demo", str(tmp_path / "cnnplay-demo")]
    assert "no screen" in (said := capsys.readouterr().out).lower()
    assert str(tmp_path / "cnnplay-demo") in said


def test_opening_a_file_without_a_screen_is_refused_with_the_reason() -> None:
    with pytest.raises(SetupError, match="DISPLAY"):
        run.arguments_for(Screen(), ["open", "net.cnnplay"])


def test_the_demonstration_never_writes_over_an_earlier_one(tmp_path: Path) -> None:
    wanted = tmp_path / "demo"
    assert run.free_folder(wanted) == wanted
    wanted.mkdir()
    (tmp_path / "demo-2").mkdir()
    assert run.free_folder(wanted) == tmp_path / "demo-3"


def test_a_watched_command_leaves_its_output_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run_watched(["sh", "-c", "echo first; echo second >&2"], log)
    assert not run_watched(["sh", "-c", "echo third; exit 3"], log)
    assert tail(log, 1) == "third"
    assert {"first", "second"} <= set(log.read_text().splitlines())
