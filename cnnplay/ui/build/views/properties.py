"""The fields of the selection, built from their declarations, with the formulas below."""

from typing import Any

import msgspec
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from cnnplay.network.fields import FieldInfo, fields_of
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Classification, Input, find, locate
from cnnplay.network.nodes import Node
from cnnplay.shapes.formulas import formulas
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.views.formulas import FormulaView
from cnnplay.ui.build.views.stack.tooltips import rich_text
from cnnplay.ui.kit.views.form import FieldForm
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import Panel, wrapped
from cnnplay.ui.kit.views.theme import follow_theme, theme
from cnnplay.ui.kit.views.whole_rows import WholeRows

_NOTHING_SELECTED = "Select a layer in the stack to edit it, or the input to change the image size."


class PropertiesPanel(Panel):
    """Edits the selected layers (several of one kind together), or the input and the number of classes.

    `content_changed`: the content may need another height.
    """

    content_changed = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Properties", parent=parent)
        self._editor = editor
        self._forms: dict[object, FieldForm] = {}
        self.form: FieldForm | None = None
        self.input_buttons: list[QToolButton] = []
        self.hint = wrapped()
        self.formulas = FormulaView()
        inner = QWidget()
        self._column = vbox(self.hint, self.formulas, None, into=inner)
        self._scroll = WholeRows(inner)
        self._scroll.resized.connect(self._fit)
        self.body.addWidget(self._scroll)
        editor.changed.connect(self._refresh)
        editor.selection_changed.connect(self._refresh)
        follow_theme(self._restyle)
        self._refresh()

    def full_height(self) -> int:
        """The height at which nothing has to scroll."""
        return self.title_height() + self.body_margins() + self._scroll.full_height()

    def height_within(self, available: int) -> int:
        """The largest height up to `available` that does not cut a row."""
        frame = self.title_height() + self.body_margins()
        return frame + self._scroll.last_end(available - frame)

    def add_input_action(self, action: QAction) -> None:
        """Adds a button for an action below the input's fields."""
        button = QToolButton()
        button.setDefaultAction(action)
        button.setAccessibleName(action.text().replace("&", "").rstrip("…"))
        self._column.insertWidget(self._column.indexOf(self.hint), button)
        self.input_buttons.append(button)
        self._refresh()

    def focus_first(self) -> None:
        """Gives the first field the keyboard focus."""
        if self.form is not None:
            self.form.focus_first()

    # Content

    def _restyle(self) -> None:
        self._column.setSpacing(theme().px(6))
        # Deferred: the fields get the new font first.
        QTimer.singleShot(0, self, self._fit)

    @Slot()
    def _fit(self) -> None:
        if self.form is not None:
            self.form.fit(self._scroll.viewport().width())
            self._scroll.cut_between_rows()
            self.content_changed.emit()

    def _refresh(self) -> None:
        self._show_selection()
        self.content_changed.emit()

    def _show_selection(self) -> None:
        editor = self._editor
        if editor.current == "input" and editor.place is None and not editor.selected:
            self._show_input()
        elif len(editor.selected) == 1:
            self._show_node(find(editor.network, editor.selected[0]))
        elif editor.selected:
            self._show_several(tuple(find(editor.network, node_id) for node_id in editor.selected))
        else:
            self.set_title("Properties")
            self.set_muted("")
            self._use(None, _NOTHING_SELECTED)
            self.formulas.set_formulas(())

    def _show_input(self) -> None:
        network = self._editor.network
        self.set_title("input")
        self.set_muted("image size and number of classes")
        form = self._form(Input, (*fields_of(Input), *fields_of(Classification)))
        self._use(form, "")
        values = {**msgspec.structs.asdict(network.input), "classes": network.task.classes}
        form.set_values(values, self._input_problems())
        self.formulas.set_formulas(())

    def _show_node(self, node: Node) -> None:
        kind = kind_of(node)
        parent = locate(self._editor.network, node.id)[1].parent
        self.set_title(node.id)
        self.set_muted(f"{kind.name} in {parent}" if parent else kind.name)
        form = self._form(type(node), fields_of(type(node)))
        self._use(form, "" if form.editors else rich_text(" ".join(kind.help.split())))
        problems: dict[str, str] = {}
        for problem in self._editor.report.problems_of(node.id):
            problems.setdefault(problem.field, problem.message)
        form.set_values({name: getattr(node, name) for name in form.editors}, problems)
        self.formulas.set_formulas(formulas(self._editor.report, node.id), node)

    def _show_several(self, nodes: tuple[Node, ...]) -> None:
        kinds = {type(node) for node in nodes}
        self.set_title(f"{len(nodes)} layers")
        self.formulas.set_formulas(())
        if len(kinds) > 1:
            self.set_muted("of different kinds")
            self._use(None, "Layers of the same kind can be edited together: select layers of one kind only.")
            return
        self.set_muted(f"{kind_of(nodes[0]).name}: a change applies to all of them")
        form = self._form(type(nodes[0]), fields_of(type(nodes[0])))
        self._use(form, "" if form.editors else "These layers have no settings.")
        values: dict[str, Any] = {}
        for name in form.editors:
            first = getattr(nodes[0], name)
            values[name] = first if all(getattr(node, name) == first for node in nodes) else None
        form.set_values(values, {})

    def _input_problems(self) -> dict[str, str]:
        """The network's own problems by the field that they belong to."""
        found: dict[str, str] = {}
        for problem in self._editor.report.problems_of(""):
            found.setdefault(problem.input_field or problem.field, problem.message)
        return found

    # Forms

    def _form(self, key: object, fields: tuple[FieldInfo, ...]) -> FieldForm:
        """One form per kind, created when first needed."""
        if key not in self._forms:
            form = FieldForm(fields)
            form.edited.connect(self._edited)
            form.hide()
            self._column.insertWidget(0, form)
            self._forms[key] = form
        return self._forms[key]

    def _use(self, form: FieldForm | None, text: str) -> None:
        if self.form is not form and self.form is not None:
            self.form.hide()
        self.form = form
        for button in self.input_buttons:
            button.setVisible(form is not None and form is self._forms.get(Input))
        if form is not None:
            form.fit(self._scroll.viewport().width())
            form.show()
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _edited(self, name: str, value: object) -> None:
        editor = self._editor
        if editor.selected:
            editor.set_fields(editor.selected, name, value)
        elif name == "classes" and isinstance(value, int):
            editor.set_classes(value)
        elif isinstance(value, int):
            editor.set_input(**{name: value})
