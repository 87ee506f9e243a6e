"""Notices of a run that must not be missed, however many there are."""

from pytestqt.qtbot import QtBot

from cnnplay.spec.events import Noted
from cnnplay.ui.train.views.notices import RunNotices
from tests.train_bench import Bench, bench


def note(one: Bench, first: int, last: int) -> None:
    one.run.history.extend(Noted(run="r", message=f"picture {n} is damaged") for n in range(first, last + 1))
    one.run.recorder.changed.emit()


def test_of_very_many_notes_the_last_is_read_and_the_others_are_counted(qtbot: QtBot) -> None:
    with bench() as one:
        notices = RunNotices(one.run, one.settings)
        qtbot.addWidget(notices)
        note(one, 1, 500)
        assert notices.note.label.text() == "picture 500 is damaged (and 499 more)"
        assert len(notices.note.toolTip().splitlines()) == 20
        notices.note.buttons[0].click()
        assert notices.note.isHidden()
        note(one, 501, 502)
        assert notices.note.label.text() == "picture 502 is damaged (and 1 more)"
        assert notices.note.toolTip().splitlines() == ["picture 501 is damaged", "picture 502 is damaged"]
