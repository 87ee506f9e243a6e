"""The style sheet: every length is filled in, and a control's state is visible."""

import re
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QPushButton, QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.stylesheet import stylesheet
from cnnplay.ui.kit.views.theme import TEXT_SIZES, role, theme

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture(autouse=True)
def default_theme() -> Iterator[None]:
    theme().install("dark")
    yield
    theme().install("dark")


def ground(widget: QWidget) -> str:
    """The color of a button's surface, left of its text."""
    page = widget.parentWidget()
    assert page is not None
    at = widget.geometry()
    return page.grab().toImage().pixelColor(at.left() + 6, at.center().y()).name()


@pytest.mark.parametrize("kind", [QPushButton, QToolButton])
def test_a_disabled_primary_button_does_not_look_on(
    qtbot: QtBot, kind: type[QPushButton | QToolButton]
) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    button = kind(page)
    button.setText("Train")
    role(button, "primary")
    button.resize(120, 32)
    page.show()
    assert ground(button) == theme().color("accent").name()
    button.setEnabled(False)
    assert ground(button) != theme().color("accent").name()


@pytest.mark.parametrize("scale", TEXT_SIZES)
def test_every_length_is_filled_in_and_a_sliders_handle_is_round(qtbot: QtBot, scale: float) -> None:
    theme().install("dark", scale)
    text = stylesheet(theme()).split("*/", 1)[1]
    assert "@" not in text
    rule = re.search(r"QSlider::handle:horizontal \{([^}]*)\}", text)
    assert rule is not None
    width, height, radius = (
        int(found.group(1))
        for found in (re.search(rf"{key}: (\d+)px", rule[1]) for key in ("width", "height", "border-radius"))
        if found is not None
    )
    assert width == height == 2 * radius
    slider = QSlider()
    slider.setOrientation(slider.orientation().Horizontal)
    qtbot.addWidget(slider)
    slider.ensurePolished()
    assert slider.sizeHint().height() >= height
