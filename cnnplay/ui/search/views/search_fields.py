"""What varies, ticked field by field: a row for each, with its range or its choices where it is ticked."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.search.space import Choices, Range, Value
from cnnplay.search.variables import Variable
from cnnplay.ui.kit.views.fields import read_number
from cnnplay.ui.kit.views.inputs import RIGHT, ComboBox
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.whole_rows import WholeRows
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_space import SpaceModel, VaryGroup, VaryRow, entry_words

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
        """Of each what it says while it is empty, and where its rows stand."""
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, theme().px(12), 0)
        self._column.setSpacing(theme().px(2))
        self.settled = SettledSpace()
        self.area, self.settled_area = _scrolled(inner), _scrolled(self.settled)
        self.settled_area.setToolTip("The study has begun: choose New search to vary something else")
        self._pages = QStackedLayout()
        for area in (self.area, self.settled_area):
            self._pages.addWidget(area)
        self.body.addLayout(self._pages, 1)
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
        self.settled.show_variables(self._model.variables)
        self._pages.setCurrentWidget(self.settled_area if begun else self.area)
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
            empty = QLabel(group.empty)
            empty.setWordWrap(True)
            role(empty, "muted")
            for part in (title, empty):
                self._column.addWidget(part)
            self._column.addLayout(layout)
            self._groups[group.key] = (empty, layout)
        empty, layout = self._groups[group.key]
        empty.setVisible(not group.rows)
        for place, row in enumerate(group.rows):
            kept = self.rows.get(row.name)
            if kept is not None and not kept.suits(row):
                self._drop(row.name)
            if row.name not in self.rows:
                self.rows[row.name] = FieldRow(self._space, row)
                layout.insertWidget(place, self.rows[row.name])
            self.rows[row.name].show_row(row)


class SettledSpace(QWidget):
    """What a study varies that has begun: a line each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Variable, ...] = ()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, theme().px(12), 0)
        self._form.setHorizontalSpacing(theme().px(16))
        self._form.setVerticalSpacing(theme().px(8))

    def show_variables(self, variables: tuple[Variable, ...]) -> None:
        """Of a study on screen."""
        if variables == self._shown:
            return
        self._shown = variables
        while self._form.rowCount():
            self._form.removeRow(0)
        for variable in variables:
            words = QLabel(entry_words(variable.entry))
            words.setWordWrap(True)
            role(words, "muted")
            self._form.addRow(QLabel(variable.label), words)


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
        self.range: RangeEditor | None = None
        self.chips: ChoiceChips | None = None
        self._ranges = isinstance(row.entry, Range)
        self.fault = QLabel()
        self.fault.setWordWrap(True)
        role(self.fault, "fault")
        self._line = QHBoxLayout()
        self._line.setSpacing(theme().px(6))
        self._line.addWidget(self.tick, 1)
        self._line.addWidget(self.present)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(4))
        self._column.addLayout(self._line)
        self._column.addWidget(self.fault)
        theme().changed.connect(self._restyle)
        self._restyle()

    def suits(self, row: VaryRow) -> bool:
        """Whether it has what edits this: a file may list choices where else a range stands."""
        return isinstance(row.entry, Range) == self._ranges

    def show_row(self, row: VaryRow) -> None:
        """What the model holds."""
        with QSignalBlocker(self.tick):
            self.tick.setChecked(row.ticked)
        if row.ticked:
            self._make_editor(row)
        editor = self.range if self._ranges else self.chips
        if self.range is not None:
            self.range.show_row(row)
        if self.chips is not None and isinstance(row.entry, Choices):
            self.chips.show_choices(row.entry)
        if editor is not None:
            editor.setVisible(row.ticked)
        without = row.ticked and editor is None
        self.present.setText(entry_words(row.entry) if without else row.present)
        self.present.setVisible(not row.ticked or not self._ranges)
        self.fault.setText(row.fault)
        self.fault.setVisible(row.ticked and bool(row.fault))

    def _make_editor(self, row: VaryRow) -> None:
        """Not before it is ticked: most never are. Of a flag there is nothing to choose."""
        if self._ranges and self.range is None:
            self.range = RangeEditor(self._space, row)
            self._line.addWidget(self.range)
        if not self._ranges and self.chips is None and row.field.choices:
            self.chips = ChoiceChips(self._space, row)
            self._column.insertWidget(1, self.chips)

    def _restyle(self) -> None:
        self.tick.setMinimumHeight(theme().px(28))


class RangeEditor(QWidget):
    """From, to, and the scale between."""

    def __init__(self, space: SpaceModel, row: VaryRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._space, self._name, self._label = space, row.name, row.variable.label
        self._row = row
        self.low, self.high = self._end("low", "from"), self._end("high", "to")
        self.scale = ComboBox(row.scales)
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

    def show_choices(self, entry: Choices) -> None:
        for choice, button in self.buttons.items():
            button.setChecked(choice in entry.choices)


def _scrolled(inner: QWidget) -> WholeRows:
    area = WholeRows(inner)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _setter(space: SpaceModel, name: str, choice: Value) -> Callable[[bool], None]:
    return lambda wanted: space.set_choice(name, choice, wanted)


def _mark(line: QLineEdit, faulty: bool) -> None:
    if bool(line.property("fault")) != faulty:
        line.setProperty("fault", "true" if faulty else "")
        line.style().unpolish(line)
        line.style().polish(line)
