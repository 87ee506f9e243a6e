"""The search space: a row per field, with its range or choices if it varies."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGridLayout,
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
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import Panel, wrapped
from cnnplay.ui.kit.views.theme import follow_theme, mark_invalid, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.kit.views.whole_rows import WholeRows
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_space import FieldGroup, Scale, SpaceField, SpaceModel, entry_text

END_WIDTH, SCALE_WIDTH = 66, 117
"""The widths of an end of a range and of its scale, in design pixels."""
CHIPS = 3
"""Choices per line."""
SCALE_HINT = (
    "uniform: every value is equally likely. log-uniform: every power of ten is equally likely, good for "
    "learning rates. "
    "step: only multiples of the step above the lower end"
)


class SpacePanel(Panel):
    """The list of all fields that can vary; for a study that has started, its fixed space."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("Search space", parent=parent)
        self._model, self._space = model, model.space
        self.rows: dict[str, FieldRow] = {}
        self._groups: dict[str, tuple[QLabel, QVBoxLayout]] = {}
        """For each group, the label shown while it is empty, and the layout of its rows."""
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, theme().px(12), 0)
        self._column.setSpacing(theme().px(2))
        self.study_space = StudySpace()
        self.area, self.study_area = _scrolled(inner), _scrolled(self.study_space)
        self.study_area.setToolTip("The study has started: choose New search to change its space")
        self._pages = QStackedLayout()
        for area in (self.area, self.study_area):
            self._pages.addWidget(area)
        self.body.addLayout(self._pages, 1)
        self._space.changed.connect(self.refresh)
        model.trials_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Updates the rows; remaining ones keep their widgets and the keyboard focus."""
        for group in self._space.groups:
            self._show_group(group)
        listed = {row.name for group in self._space.groups for row in group.rows}
        for name in self.rows.keys() - listed:
            self._drop(name)
        started = self._model.has_started
        self.study_space.show_variables(self._model.variables)
        self._pages.setCurrentWidget(self.study_area if started else self.area)
        self.set_muted("fixed for this study" if started else self._space.summary)

    def _drop(self, name: str) -> None:
        row = self.rows.pop(name)
        row.setParent(None)
        row.deleteLater()

    def _show_group(self, group: FieldGroup) -> None:
        if group.key not in self._groups:
            title = role(QLabel(group.title), "strong")
            title.setToolTip(tip(group.hint))
            layout = QVBoxLayout()
            layout.setSpacing(theme().px(2))
            if self._groups:
                self._column.addSpacing(theme().px(8))
            empty = wrapped(group.empty)
            for part in (title, empty):
                self._column.addWidget(part)
            self._column.addLayout(layout)
            self._groups[group.key] = (empty, layout)
        empty, layout = self._groups[group.key]
        empty.setVisible(not group.rows)
        for place, row in enumerate(group.rows):
            kept = self.rows.get(row.name)
            if kept is not None and not kept.matches(row):
                self._drop(row.name)
            if row.name not in self.rows:
                self.rows[row.name] = FieldRow(self._space, row)
                layout.insertWidget(place, self.rows[row.name])
            self.rows[row.name].show_row(row)


class StudySpace(QWidget):
    """The space of a study that has started, a line per parameter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Variable, ...] = ()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, theme().px(12), 0)
        self._form.setHorizontalSpacing(theme().px(16))
        self._form.setVerticalSpacing(theme().px(8))

    def show_variables(self, variables: tuple[Variable, ...]) -> None:
        """Shows the parameters of a study."""
        if variables == self._shown:
            return
        self._shown = variables
        while self._form.rowCount():
            self._form.removeRow(0)
        for variable in variables:
            entry = wrapped(entry_text(variable.entry))
            self._form.addRow(QLabel(variable.label), entry)


class FieldRow(QWidget):
    """A check box with the field's name, and its current value or the range in which it varies."""

    def __init__(self, space: SpaceModel, row: SpaceField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._space, self._name = space, row.name
        self.checkbox = QCheckBox(row.variable.label)
        self.checkbox.setToolTip(tip(row.field.help))
        self.checkbox.setAccessibleName(f"search {row.variable.label}")
        self.checkbox.clicked.connect(lambda varied: space.set_varied(self._name, varied))
        self.current = role(QLabel(), "muted")
        self.current.setAlignment(RIGHT)
        self.range: RangeEditor | None = None
        self.chips: ChoiceChips | None = None
        self._ranges = isinstance(row.entry, Range)
        self.problem = wrapped("", "fault")
        self._line = hbox((self.checkbox, 1), self.current, spacing=6)
        self._column = vbox(self._line, self.problem, spacing=4, into=self)
        follow_theme(self._restyle)

    def matches(self, row: SpaceField) -> bool:
        """Whether its editor fits: a file may list choices for a field that usually has a range."""
        return isinstance(row.entry, Range) == self._ranges

    def show_row(self, row: SpaceField) -> None:
        """Shows the row of the model."""
        with QSignalBlocker(self.checkbox):
            self.checkbox.setChecked(row.varied)
        if row.varied:
            self._make_editor(row)
        editor = self.range if self._ranges else self.chips
        if self.range is not None:
            self.range.show_row(row)
        if self.chips is not None and isinstance(row.entry, Choices):
            self.chips.show_choices(row.entry)
        if editor is not None:
            editor.setVisible(row.varied)
        without = row.varied and editor is None
        self.current.setText(entry_text(row.entry) if without else row.current)
        self.current.setVisible(not row.varied or not self._ranges)
        self.problem.setText(row.problem)
        self.problem.setVisible(row.varied and bool(row.problem))

    def _make_editor(self, row: SpaceField) -> None:
        """Only when it varies: most never do. A flag needs no editor."""
        if self._ranges and self.range is None:
            self.range = RangeEditor(self._space, row)
            self._line.addWidget(self.range)
        if not self._ranges and self.chips is None and row.field.choices:
            self.chips = ChoiceChips(self._space, row)
            self._column.insertWidget(1, self.chips)

    def _restyle(self) -> None:
        self.checkbox.setMinimumHeight(theme().px(28))


class RangeEditor(QWidget):
    """The ends of a range, and its scale."""

    def __init__(self, space: SpaceModel, row: SpaceField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._space, self._name, self._label = space, row.name, row.variable.label
        self._row = row
        self.low, self.high = self._end("low", "from"), self._end("high", "to")
        self._scales: list[Scale] = []
        self.scale = ComboBox(())
        self.scale.setAccessibleName(f"{self._label}: scale")
        self.scale.setToolTip(tip(SCALE_HINT))
        self.scale.activated.connect(lambda index: space.set_scale(self._name, self._scales[index]))
        dash = role(QLabel("–"), "muted")
        hbox(self.low, dash, self.high, self.scale, spacing=4, into=self)
        follow_theme(self._restyle)

    def show_row(self, row: SpaceField) -> None:
        """Shows the range, except an end that is being edited."""
        self._row = row
        assert isinstance(row.entry, Range)
        for line, value in ((self.low, row.entry.low), (self.high, row.entry.high)):
            if not line.hasFocus():
                line.setText(f"{value:g}" if isinstance(value, float) else str(value))
            mark_invalid(line, bool(row.problem))
        for scale in row.scales:
            if scale not in self._scales:
                self._scales.append(scale)
                self.scale.addItem(scale.label)
        assert row.scale is not None
        self.scale.setCurrentIndex(self._scales.index(row.scale))

    def _end(self, which: str, word: str) -> QLineEdit:
        line = QLineEdit()
        line.setAlignment(RIGHT)
        line.setAccessibleName(f"{self._label}: {word}")
        line.setToolTip(tip(f"{self._label}, {word}: {self._row.field.help}"))
        line.textEdited.connect(lambda text: self._typed(line, which, text))
        line.editingFinished.connect(lambda: self._finished(line))
        return line

    def _typed(self, line: QLineEdit, which: str, text: str) -> None:
        number = read_number(text)
        if number is None:
            mark_invalid(line, True)
        elif which == "low":
            self._space.set_ends(self._name, low=number)
        else:
            self._space.set_ends(self._name, high=number)

    def _finished(self, line: QLineEdit) -> None:
        """Restores the last number if the text is not one."""
        if read_number(line.text()) is None:
            entry = self._row.entry
            assert isinstance(entry, Range)
            value = entry.low if line is self.low else entry.high
            line.setText(f"{value:g}")
            mark_invalid(line, bool(self._row.problem))

    def _restyle(self) -> None:
        for line in (self.low, self.high):
            line.setFixedWidth(theme().px(END_WIDTH))
        self.scale.setFixedWidth(theme().px(SCALE_WIDTH))


class ChoiceChips(QWidget):
    """A button per choice; checked ones are sampled."""

    def __init__(self, space: SpaceModel, row: SpaceField, parent: QWidget | None = None) -> None:
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
            button.setToolTip(tip(f"Turn off to leave {choice} out"))
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
