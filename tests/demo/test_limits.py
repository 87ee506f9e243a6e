"""The demonstration's time limits."""

import threading
from pathlib import Path

import pytest

from cnnplay.demo.limits import FAILED, TimeLimits


class Ended:
    """Stands in for the end of the process."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.cleaned = 0
        self.reached = threading.Event()

    def clean(self) -> None:
        self.cleaned += 1

    def end(self, status: int) -> None:
        self.statuses.append(status)
        self.reached.set()


def test_a_step_that_hangs_ends_the_process_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    ended = Ended()
    limits = TimeLimits(3600, ended.clean, ended.end)
    with limits.step("saving the project", 0.01):
        assert ended.reached.wait(60)
    limits.stop()
    assert ended.statuses == [FAILED]
    assert ended.cleaned == 1
    line = capsys.readouterr().err
    assert "saving the project" in line
    assert line.count("\n") == 1


def test_the_whole_is_limited_although_each_step_may_take_longer(capsys: pytest.CaptureFixture[str]) -> None:
    ended = Ended()
    limits = TimeLimits(0.01, ended.clean, ended.end)
    with limits.step("training", 3600):
        assert ended.reached.wait(60)
    limits.stop()
    assert ended.statuses == [FAILED]
    assert "training" in capsys.readouterr().err


def test_steps_that_end_in_time_end_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ended = Ended()
    limits = TimeLimits(3600, ended.clean, ended.end)
    for _ in range(3):
        with limits.step("a step", 3600), limits.step("a step in it", 3600):
            pass
    limits.stop()
    assert (ended.statuses, ended.cleaned) == ([], 0)
    assert capsys.readouterr().err == ""


def test_what_was_not_seen_ends_the_demonstration_with_words_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cnnplay.demo import demo
    from cnnplay.demo.limits import expect

    monkeypatch.setattr(demo, "_drive", lambda *_: expect(False, "the skip must be there"))
    assert demo.run(tmp_path / "out") == FAILED
    assert capsys.readouterr().err == "cnnplay demo: the skip must be there\n"
    assert not (tmp_path / "out" / "demo.json").exists()
