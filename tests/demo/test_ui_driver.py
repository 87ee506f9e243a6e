"""The driver of the demonstration: what it does with dialogs, and what its pictures show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QInputDialog, QMessageBox

from cnnplay.demo import demo, dialogs
from cnnplay.demo.limits import DemoError
from cnnplay.demo.ui_driver import UiDriver
from cnnplay.project.store import load
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.views.confirm_replace import confirm_replace
from cnnplay.ui.shell.views.main_window import MainWindow


@pytest.fixture
def driver(window: MainWindow, tmp_path: Path) -> Iterator[UiDriver]:
    made = UiDriver(window, tmp_path, log=lambda _: None)
    yield made
    made.finish()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs are driven without the waits that a busy machine needs."""
    monkeypatch.setattr(dialogs, "ACTIVE_WITHIN_S", 0.1)
    monkeypatch.setattr(dialogs, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(dialogs, "DIALOG_WITHIN_S", 1.0)


def drive(driver: UiDriver, dialog: QDialog, fill: Any) -> None:
    driver.with_dialog(QInputDialog, fill, dialog.exec)


def test_a_dialog_is_filled_in_until_it_is_closed(driver: UiDriver) -> None:
    """The first keys may be taken by something else."""
    seen = []

    def fill(dialog: QInputDialog) -> None:
        seen.append(dialog)
        if len(seen) == 3:
            dialog.accept()

    drive(driver, QInputDialog(driver.window), fill)
    assert len(seen) == 3


def test_a_dialog_that_stays_open_is_closed_and_said(driver: UiDriver) -> None:
    dialog = QInputDialog(driver.window, windowTitle="Save project")
    with pytest.raises(DemoError, match="Save project"):
        drive(driver, dialog, lambda _: None)
    assert not dialog.isVisible()


def test_an_error_while_a_dialog_is_filled_in_does_not_leave_it_open(driver: UiDriver) -> None:
    def fill(_: QDialog) -> None:
        raise LookupError("no such field")

    dialog = QInputDialog(driver.window)
    with pytest.raises(DemoError, match="no such field"):
        drive(driver, dialog, fill)
    assert not dialog.isVisible()


def test_the_question_whether_to_replace_files_is_answered_with_yes(driver: UiDriver, tmp_path: Path) -> None:
    """A folder may hold an earlier demonstration."""
    replaced = []

    def fill(dialog: QDialog) -> None:
        replaced.append(confirm_replace(dialog, [tmp_path / "net.pt"]))
        dialog.accept()

    drive(driver, QInputDialog(driver.window), fill)
    assert replaced == [True]


def test_a_message_inside_a_dialog_is_closed_and_said(driver: UiDriver) -> None:
    def fill(dialog: QDialog) -> None:
        QMessageBox.warning(dialog, "CNN Playground", "The disk is full.")
        dialog.accept()

    with pytest.raises(DemoError, match="The disk is full"):
        drive(driver, QInputDialog(driver.window), fill)


@pytest.mark.parametrize("kind", [QMessageBox, QDialog])
def test_a_dialog_that_nobody_expects_is_closed_and_fails_the_next_wait(
    driver: UiDriver, kind: type[QDialog]
) -> None:
    dialog = kind(driver.window)
    dialog.setWindowTitle("Surprise")
    dialog.exec()
    with pytest.raises(DemoError, match="while waiting for the digits"):
        driver.until(lambda: False, "the digits")


def test_a_project_is_saved_through_qts_file_dialog(driver: UiDriver, tmp_path: Path) -> None:
    path = tmp_path / "a.cnnplay"
    driver.save_as(path)
    finish_jobs(driver.window.session.document)
    assert load(path).network == driver.window.session.editor.network


def test_each_picture_of_building_shows_what_its_name_says(
    driver: UiDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on screen in the stack at each picture, and that no two pictures are the same."""
    on_screen: dict[str, list[str]] = {}
    pictures: dict[str, bytes] = {}
    take = UiDriver.shot

    def shot(self: UiDriver, name: str, compare: str = "") -> None:
        take(self, name, compare)
        panel = self.window.build.stack_panel
        on_screen[name] = [
            node.id
            for node in panel.view.editor.network.stack
            if (rect := panel.view.item_rect(node.id)) and panel.view.viewport().rect().intersects(rect)
        ]
        pictures[name] = Path(self.screenshots[-1]).read_bytes()

    monkeypatch.setattr(UiDriver, "shot", shot)
    demo.insert_and_wrap(driver)
    assert "conv-2" in on_screen["build-lenet-5"]
    new = set(on_screen["build-inserted"]) - set(on_screen["build-lenet-5"])
    assert any(name.startswith("conv-") for name in new), "the dragged convolution is on screen"
    wrapped = set(on_screen["build-wrapped"]) - set(on_screen["build-inserted"])
    assert any(name.startswith("skip-") for name in wrapped), "the skip is on screen"
    assert len(set(pictures.values())) == len(pictures)
