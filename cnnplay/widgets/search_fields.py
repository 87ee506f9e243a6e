"""What varies, ticked field by field: a row for each, with its range or its choices where it is ticked."""

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.search.space import Choices, Range, Value
from cnnplay.search.values import value_words
from cnnplay.viewmodels.search import SearchModel
from cnnplay.viewmodels.search_space import SpaceModel, VaryGroup, VaryRow
from cnnplay.widgets.fields import read_number
from cnnplay.widgets.inputs import RIGHT, Choice
from cnnplay.widgets.panel import Panel
from cnnplay.widgets.theme import role, theme

END_WIDTH, SCALE_WIDTH = 66, 78
"""Of an end of a range and of its scale, in the design's pixels."""
CHIPS = 3
"""So many choices stand beside one another."""
SCALE_HINT = (
    "even: each number is as likely. log: each power of ten is, as for rates. step: only the first number "
    "and every so many after it"
)


class SpacePanel(Panel):
    """The list of all that may vary. Of a study that has begun it shows what it varies, and lets it be."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("What varies", parent=parent)
        self._model, self._space = model, model.space
        self.rows: dict[str, FieldRow] = {}
        self._groups: dict[str, tuple[QLabel, QVBoxLayout]] = {}
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, theme().px(12), 0)
        self._column.setSpacing(theme().px(2))
        self.area.setWidget(self._inner)
        self.body.addWidget(self.area, 1)
        self._space.changed.connect(self.refresh)
        model.trials_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the fields there are; those that stay keep their widgets, and the keyboard."""
        for group in self._space.groups:
            self._show_group(group)
        listed = {row.name for group in self._space.groups for row in group.rows}
        for name in self.rows.keys() - listed:
            self._drop(name)
        begun = self._model.begun
        self._inner.setEnabled(not begun)
        self.area.setToolTip("The study has begun: choose New search to vary something else" if begun else "")
        self.set_muted("of the study: settled when it began" if begun else self._space.words)

    def _drop(self, name: str) -> None:
        row = self.rows.pop(name)
        row.setParent(None)
        row.deleteLater()

    def _show_group(self, group: VaryGroup) -> None:
        if group.key not in self._groups:
            title = QLabel(group.title)
            role(title, "strong")
            title.setToolTip(group.hint)
            layout = QVBoxLayout()
            layout.setSpacing(theme().px(2))
            if self._groups:
                self._column.addSpacing(theme().px(8))
            self._column.addWidget(title)
            self._column.addLayout(layout)
            self._groups[group.key] = (title, layout)
        _, layout = self._groups[group.key]
        for place, row in enumerate(group.rows):
            kept = self.rows.get(row.name)
            if kept is not None and not kept.suits(row):
                self._drop(row.name)
            if row.name not in self.rows:
                self.rows[row.name] = FieldRow(self._space, row)
                layout.insertWidget(place, self.rows[row.name])
            self.rows[row.name].show_row(row)


class FieldRow(QWidget):
    """A tick and the field's name; beside it what it is now, or the range in which it varies."""

    def __init__(self, space: SpaceModel, row: VaryRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._space, self._name = space, row.name
        self.tick = QCheckBox(row.variable.label)
        self.tick.setToolTip(row.field.help)
        self.tick.setAccessibleName(f"vary {row.variable.label}")
        self.tick.clicked.connect(lambda ticked: space.tick(self._name, ticked))
        self.present = QLabel()
        role(self.present, "muted")
        self.present.setAlignment(RIGHT)
        self.range = RangeEditor(space, row) if isinstance(row.entry, Range) else None
        self.chips = ChoiceChips(space, row) if isinstance(row.entry, Choices) else None
        self.fault = QLabel()
        self.fault.setWordWrap(True)
        role(self.fault, "fault")
        line = QHBoxLayout()
        line.setSpacing(theme().px(6))
        line.addWidget(self.tick, 1)
        line.addWidget(self.present)
        if self.range is not None:
            line.addWidget(self.range)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(4))
        column.addLayout(line)
        if self.chips is not None:
            column.addWidget(self.chips)
        column.addWidget(self.fault)
        self._line = line
        theme().changed.connect(self._restyle)
        self._restyle()

    def suits(self, row: VaryRow) -> bool:
        """Whether it has what edits this: a file may list choices where else a range stands."""
        return isinstance(row.entry, Range) == (self.range is not None)

    def show_row(self, row: VaryRow) -> None:
        """What the model holds."""
        with QSignalBlocker(self.tick):
            self.tick.setChecked(row.ticked)
        self.present.setText(row.present)
        self.present.setVisible(not row.ticked or self.range is None)
        if self.range is not None and isinstance(row.entry, Range):
            self.range.show_row(row)
            self.range.setVisible(row.ticked)
        if self.chips is not None and isinstance(row.entry, Choices):
            self.chips.show_choices(row.entry)
            self.chips.setVisible(row.ticked and self.chips.worth_showing)
            if row.ticked and not self.chips.worth_showing:
                self.present.setText(" or ".join(map(value_words, row.entry.choices)))
        self.fault.setText(row.fault)
        self.fault.setVisible(row.ticked and bool(row.fault))

    def _restyle(self) -> None:
        self.tick.setMinimumHeight(theme().px(28))


class RangeEditor(QWidget):
    """From, to, and the scale between."""

    def __init__(self, space: SpaceModel, row: VaryRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._space, self._name, self._label = space, row.name, row.variable.label
        self._row = row
        self.low, self.high = self._end("low", "from"), self._end("high", "to")
        self.scale = Choice(row.scales)
        self.scale.setAccessibleName(f"{self._label}: scale")
        self.scale.setToolTip(SCALE_HINT)
        self.scale.textActivated.connect(lambda text: space.set_scale(self._name, text))
        dash = QLabel("–")
        role(dash, "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme().px(4))
        for widget in (self.low, dash, self.high, self.scale):
            layout.addWidget(widget)
        theme().changed.connect(self._restyle)
        self._restyle()

    def show_row(self, row: VaryRow) -> None:
        """The range, but for an end that somebody is typing."""
        self._row = row
        assert isinstance(row.entry, Range)
        for line, value in ((self.low, row.entry.low), (self.high, row.entry.high)):
            if not line.hasFocus():
                line.setText(f"{value:g}" if isinstance(value, float) else str(value))
            _mark(line, bool(row.fault))
        if self.scale.findText(row.scale) < 0:
            self.scale.addItem(row.scale)
        self.scale.setCurrentIndex(self.scale.findText(row.scale))

    def _end(self, which: str, word: str) -> QLineEdit:
        line = QLineEdit()
        line.setAlignment(RIGHT)
        line.setAccessibleName(f"{self._label}: {word}")
        line.setToolTip(f"{self._label}, {word}: {self._row.field.help}")
        line.textEdited.connect(lambda text: self._typed(line, which, text))
        line.editingFinished.connect(lambda: self._finished(line))
        return line

    def _typed(self, line: QLineEdit, which: str, text: str) -> None:
        number = read_number(text)
        if number is None:
            _mark(line, True)
        elif which == "low":
            self._space.set_ends(self._name, low=number)
        else:
            self._space.set_ends(self._name, high=number)

    def _finished(self, line: QLineEdit) -> None:
        """What is no number goes back to the last that was one."""
        if read_number(line.text()) is None:
            entry = self._row.entry
            assert isinstance(entry, Range)
            value = entry.low if line is self.low else entry.high
            line.setText(f"{value:g}")
            _mark(line, bool(self._row.fault))

    def _restyle(self) -> None:
        for line in (self.low, self.high):
            line.setFixedWidth(theme().px(END_WIDTH))
        self.scale.setFixedWidth(theme().px(SCALE_WIDTH))


class ChoiceChips(QWidget):
    """A button a choice; those that are pressed are drawn from."""

    def __init__(self, space: SpaceModel, row: VaryRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[Value, QToolButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(theme().px(22), 0, 0, theme().px(4))
        grid.setSpacing(theme().px(4))
        for number, choice in enumerate(row.field.choices):
            button = QToolButton()
            button.setText(choice)
            button.setCheckable(True)
            button.setAccessibleName(f"{row.variable.label}: {choice}")
            button.setToolTip(f"Whether {choice} is among what is drawn")
            button.clicked.connect(_setter(space, row.name, choice))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(0)
            grid.addWidget(button, number // CHIPS, number % CHIPS)
            self.buttons[choice] = button

    @property
    def worth_showing(self) -> bool:
        """Of a flag there is nothing to choose, nor of numbers that a file lists."""
        return bool(self.buttons)

    def show_choices(self, entry: Choices) -> None:
        for choice, button in self.buttons.items():
            button.setChecked(choice in entry.choices)


def _setter(space: SpaceModel, name: str, choice: Value):  # type: ignore[no-untyped-def]
    return lambda wanted: space.set_choice(name, choice, wanted)


def _mark(line: QLineEdit, faulty: bool) -> None:
    if bool(line.property("fault")) != faulty:
        line.setProperty("fault", "true" if faulty else "")
        line.style().unpolish(line)
        line.style().polish(line)
