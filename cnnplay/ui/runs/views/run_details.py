"""One selected run: its note and tags to edit, and its details."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from cnnplay.runs.notes import TAG
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import follow_theme, mark_invalid, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_facts import facts
from cnnplay.ui.runs.runs import RunsModel

NOTE_HINT = "Your note on this run; saved in its folder (about.json)"
NARROW_WIDTH = 240
"""Design pixels; narrower panels put the names above the values."""
TAGS_HINT = "Tags separated by spaces, such as: good lecture-3. Filter by them with tag:good"


class RunDetailsPanel(Panel):
    """Note and tags are saved as you type."""

    def __init__(self, runs: RunsModel, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent=parent)
        self._runs, self._actions = runs, actions
        self._path = ""
        self._filling = False
        self._facts: list[tuple[QLabel, QLabel]] = []
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("Tags")
        self.tags.setAccessibleName("tags of the run")
        self.tags.setToolTip(tip(TAGS_HINT))
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText("Note")
        self.note.setAccessibleName("note on the run")
        self.note.setToolTip(tip(NOTE_HINT))
        self.note.setTabChangesFocus(True)
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, theme().px(8), 0)
        column.addWidget(self.tags)
        column.addWidget(self.note)
        column.addLayout(self._form)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inner)
        self.body.addWidget(self.area, 1)
        self.tags.textEdited.connect(self._tag)
        self.note.textChanged.connect(self._note)
        runs.selection_changed.connect(self.refresh)
        runs.values_changed.connect(self.refresh)
        follow_theme(self._restyle)

    @Slot()
    def refresh(self) -> None:
        """Shows the selected run; does not overwrite what is being typed."""
        rows = self._runs.selected_rows
        if len(rows) != 1:
            return
        row, other = rows[0], rows[0].path != self._path
        self._path = row.path
        self.set_title(row.name or "Run")
        self.set_muted(row.title)
        notes = self._actions.notes(row.path)
        self._filling = True
        if other or not self.tags.hasFocus():
            self.tags.setText(" ".join(notes.tags))
        if (other or not self.note.hasFocus()) and self.note.toPlainText() != notes.note:
            self.note.setPlainText(notes.note)
        self._filling = False
        self._show_facts(facts(row))

    def _show_facts(self, found: list[tuple[str, str]]) -> None:
        if len(self._facts) != len(found):
            self._make_rows(len(found))
        for (name, value), (title, text) in zip(self._facts, found, strict=True):
            name.setText(title)
            value.setText(_breakable(text) if title == "folder" else text)

    def _make_rows(self, count: int) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._facts = [(QLabel(), QLabel()) for _ in range(count)]
        for name, value in self._facts:
            role(name, "muted")
            name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            value.setWordWrap(True)
            value.setMinimumWidth(1)  # else its longest word would make the form wider than the panel
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._form.addRow(name, value)

    @Slot(str)
    def _tag(self, line: str) -> None:
        bad = next((word for word in line.replace(",", " ").split() if not TAG.match(word)), "")
        mark_invalid(self.tags, bool(bad))
        if bad:
            self.tags.setToolTip(
                tip(f"{TAGS_HINT}\n“{bad}” is not a tag: at most 40 characters, without : ; < > = or quotes.")
            )
            return
        self.tags.setToolTip(tip(TAGS_HINT))
        self._actions.set_tags(self._path, line)

    @Slot()
    def _note(self) -> None:
        if not self._filling and self._path:
            self._actions.set_note(self._path, self.note.toPlainText())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wrap()

    def _wrap(self) -> None:
        """Puts names above values if the panel is too narrow for both side by side."""
        policy = QFormLayout.RowWrapPolicy
        narrow = self.width() < theme().px(NARROW_WIDTH)
        self._form.setRowWrapPolicy(policy.WrapAllRows if narrow else policy.DontWrapRows)

    @Slot()
    def _restyle(self) -> None:
        px = theme().px
        self.note.setFixedHeight(px(72))
        self._form.setHorizontalSpacing(px(12))
        self._form.setVerticalSpacing(px(4))
        self._wrap()


def _breakable(path: str) -> str:
    """Lets a path wrap after slashes and hyphens: it has no spaces."""
    return path.replace("/", "/\u200b").replace("-", "-\u200b")
