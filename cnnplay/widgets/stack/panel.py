"""The stack in its panel, with the network's name and the button for a classifier's head."""

from PySide6.QtWidgets import QPushButton, QWidget

from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.stack import StackModel
from cnnplay.widgets.panel import Panel
from cnnplay.widgets.stack.actions import StackActions
from cnnplay.widgets.stack.view import StackView
from cnnplay.widgets.theme import role


class StackPanel(Panel):
    """One for each workspace, all bound to the same models: they show the same stack at the same place."""

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel,
        actions: StackActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(editor.network.name, parent=parent)
        self._editor = editor
        self._said = ""
        self.view = StackView(editor, model, actions)
        self.head_button = QPushButton("Add classifier head")
        role(self.head_button, "primary")
        self.head_button.clicked.connect(self._add_head)
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.head_button)
        editor.changed.connect(self._refresh)
        self._refresh()

    def set_muted(self, text: str) -> None:
        """What stands beside the name, from the session: "unsaved changes · 49,930 parameters"."""
        self._said = text
        super().set_muted(text or self._counted())

    def _refresh(self) -> None:
        self.set_title(self._editor.network.name)
        self.set_muted(self._said)
        classes = self._editor.network.task.classes
        missing = not self._editor.why_not("add_head")
        self.head_button.setVisible(missing)
        self.head_button.setToolTip(
            f"The stack does not end in one number for each of the {classes:,} classes yet:"
            " this puts there what is missing."
        )

    def _counted(self) -> str:
        return f"{self._editor.report.parameters:,} parameters"

    def _add_head(self) -> None:
        self._editor.add_head()
