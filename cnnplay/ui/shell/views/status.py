"""The status bar: the network's cost at the left, a message in the middle, the run's state at the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolTip, QWidget

from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tooltip import tip


def figure(number: str, unit: str) -> str:
    """A number with its unit muted, as rich text."""
    from cnnplay.ui.kit.views.theme import theme

    muted = theme().color("text_muted").name()
    return f'{number} <span style="color:{muted}">{unit}</span>'


class StatusLine(QWidget):
    """Facts at the left, a message that fills the middle, the state at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._facts = QLabel()
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._message = role(ElidedLabel(), "muted")
        self._message.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.why = role(QPushButton(), "link")
        self.why.setAccessibleName("Why the run was set up like this")
        self.why.clicked.connect(self._explain)
        self.why.hide()
        self._state = QLabel()
        self._state.setTextFormat(Qt.TextFormat.RichText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(24)
        layout.addWidget(self._facts)
        layout.addWidget(self._message, 1)
        layout.addWidget(self.why)
        layout.addWidget(self._state)

    def set_facts(self, facts: list[tuple[str, str]]) -> None:
        """Takes number and unit of each fact, as in ``("61,706", "parameters")``."""
        self._facts.setText("&nbsp;&nbsp;&nbsp;&nbsp;".join(figure(*fact) for fact in facts))

    def set_message(self, text: str) -> None:
        self._message.setText(text)

    def set_why(self, question: str, answer: str) -> None:
        """A link that answers a question when it is pointed at or clicked; none for ""."""
        if question != self.why.text():
            self.why.setText(question)
            self.why.setVisible(bool(question))
        self.why.setToolTip(tip(answer))

    def _explain(self) -> None:
        QToolTip.showText(self.why.mapToGlobal(self.why.rect().topLeft()), self.why.toolTip(), self.why)

    def set_state(self, rich_text: str) -> None:
        self._state.setText(rich_text)

    def text(self) -> str:
        """All that the bar says."""
        return f"{self._facts.text()} · {self._message.text()} · {self._state.text()}"
