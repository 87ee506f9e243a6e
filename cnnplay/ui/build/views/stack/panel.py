"""The stack in its panel, with the network's name and the button that adds a classifier head."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.view import StackView
from cnnplay.ui.kit.views.panel import MARGINS, SCROLL_BAR, Panel
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip


class StackPanel(Panel):
    """One per workspace, all with the same models: they show the same stack at the same scroll position."""

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel,
        actions: StackActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(editor.network.name, parent=parent)
        self._editor = editor
        self._status = ""
        self.view = StackView(editor, model, actions)
        self.head_button = role(QPushButton("Add classifier head"), "primary")
        self.head_button.clicked.connect(self._add_head)
        self.body.addWidget(self.view, 1)
        self._below = QHBoxLayout()
        self._below.addWidget(self.head_button)
        self.body.addLayout(self._below)
        follow_theme(self._restyle)
        editor.changed.connect(self._refresh)
        self._refresh()

    def set_muted(self, text: str) -> None:
        """Sets the text next to the name, such as "unsaved changes · 49,930 parameters"."""
        self._status = text
        super().set_muted(text or self._editor.parameter_text)

    def _restyle(self) -> None:
        # The scroll bar is in the panel's margin, so that the cards have equal space on both sides.
        left, top, right, bottom = MARGINS
        beside = max(2, right - theme().px(SCROLL_BAR))
        self.set_margins(left, top, beside, bottom, right - beside)
        self._below.setContentsMargins(0, 0, right - beside, 0)

    def _refresh(self) -> None:
        self.set_title(self._editor.network.name)
        self.set_muted(self._status)
        classes = self._editor.network.task.classes
        missing = not self._editor.disabled_reason("add_head")
        self.head_button.setVisible(missing)
        self.head_button.setToolTip(
            tip(
                f"The network does not end in one score for each of the {classes:,} classes yet:"
                " append what is missing."
            )
        )

    def _add_head(self) -> None:
        self._editor.add_head()
