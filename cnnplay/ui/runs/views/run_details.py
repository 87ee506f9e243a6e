"""One chosen run: its note and tags to write, and what it says of itself."""

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

from cnnplay.runs.about import TAG
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.runs.run_deeds import RunDeeds
from cnnplay.ui.runs.run_facts import facts
from cnnplay.ui.runs.runs import RunsModel

NOTE_HINT = "What you want to remember of it; kept in the run's folder (about.json)"
NARROW = 240
"""Pixels of the design."""
TAGS_HINT = "Words to find it by, parted by blanks: good lecture-3. The filter finds tag:good"


class RunDetailsPanel(Panel):
    """Note and tags are written as they are typed."""

    def __init__(self, runs: RunsModel, deeds: RunDeeds, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent=parent)
        self._runs, self._deeds = runs, deeds
        self._path = ""
        self._filling = False
        self._facts: list[tuple[QLabel, QLabel]] = []
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("Tags")
        self.tags.setAccessibleName("tags of the run")
        self.tags.setToolTip(TAGS_HINT)
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText("Note")
        self.note.setAccessibleName("note on the run")
        self.note.setToolTip(NOTE_HINT)
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
        runs.chosen_changed.connect(self.refresh)
        runs.told_changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()

    @Slot()
    def refresh(self) -> None:
        """Shows the one chosen run; what is being typed is left alone."""
        rows = self._runs.chosen_rows
        if len(rows) != 1:
            return
        row, fresh = rows[0], rows[0].path != self._path
        self._path = row.path
        self.set_title(row.name or "Run")
        self.set_muted(row.title)
        about = self._deeds.about(row.path)
        self._filling = True
        if fresh or not self.tags.hasFocus():
            self.tags.setText(" ".join(about.tags))
        if (fresh or not self.note.hasFocus()) and self.note.toPlainText() != about.note:
            self.note.setPlainText(about.note)
        self._filling = False
        self._show_facts(facts(row))

    def _show_facts(self, found: list[tuple[str, str]]) -> None:
        if len(self._facts) != len(found):
            self._make_rows(len(found))
        for (name, words), (title, text) in zip(self._facts, found, strict=True):
            name.setText(title)
            words.setText(_breakable(text) if title == "folder" else text)

    def _make_rows(self, count: int) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._facts = [(QLabel(), QLabel()) for _ in range(count)]
        for name, words in self._facts:
            role(name, "muted")
            name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            words.setWordWrap(True)
            words.setMinimumWidth(1)  # else its longest word would make all of it wider than the panel
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._form.addRow(name, words)

    @Slot(str)
    def _tag(self, line: str) -> None:
        bad = next((word for word in line.replace(",", " ").split() if not TAG.match(word)), "")
        self.tags.setProperty("fault", "true" if bad else "false")
        self.tags.style().unpolish(self.tags)
        self.tags.style().polish(self.tags)
        if bad:
            self.tags.setToolTip(
                f"{TAGS_HINT}\n“{bad}” is no tag: at most 40 signs, none of : ; < > = or quotes."
            )
            return
        self.tags.setToolTip(TAGS_HINT)
        self._deeds.tag(self._path, line)

    @Slot()
    def _note(self) -> None:
        if not self._filling and self._path:
            self._deeds.note(self._path, self.note.toPlainText())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wrap()

    def _wrap(self) -> None:
        """Names stand above their facts where both have too little room beside one another."""
        policy = QFormLayout.RowWrapPolicy
        narrow = self.width() < theme().px(NARROW)
        self._form.setRowWrapPolicy(policy.WrapAllRows if narrow else policy.DontWrapRows)

    @Slot()
    def _restyle(self) -> None:
        px = theme().px
        self.note.setFixedHeight(px(72))
        self._form.setHorizontalSpacing(px(12))
        self._form.setVerticalSpacing(px(4))
        self._wrap()


def _breakable(path: str) -> str:
    """A path has no blanks: it may be broken behind its strokes and hyphens."""
    return path.replace("/", "/\u200b").replace("-", "-\u200b")
