"""What tests of the Build workspace take hold of."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.kit.views.fields import FieldEditor

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def editor_of(work: BuildWorkspace) -> EditorModel:
    return work.stack_panel.view.editor


def field(work: BuildWorkspace, name: str) -> FieldEditor:
    assert work.properties.form is not None
    return work.properties.form.editors[name]


def type_into(widget: QWidget, text: str) -> None:
    """Replaces a field's text with the keyboard."""
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(widget, text)


def point_of(work: BuildWorkspace, widget: QWidget, point: QPoint) -> QPoint:
    return widget.mapTo(work.window(), point)
