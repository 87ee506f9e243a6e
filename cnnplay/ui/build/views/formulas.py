"""Formulas with the layer's numbers inserted: ``⌊(n + 2p − f) / s⌋ + 1 = ⌊(32 + 2·1 − 3) / 2⌋ + 1 = 16``."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from cnnplay.network.nodes import Node
from cnnplay.shapes.formula import Formula
from cnnplay.shapes.letters import explained
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip


class FormulaView(QFrame):
    """A line for each formula: its name in muted text, then the formula with the result in bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "sunken")
        self.setAccessibleName("Formulas")
        self._rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(theme().px(12))
        self._grid.setVerticalSpacing(theme().px(2))
        self._grid.setColumnStretch(1, 1)
        theme().changed.connect(self._restyle)
        self._formulas: tuple[Formula, ...] = ()
        self._node: Node | None = None

    def set_formulas(self, formulas: tuple[Formula, ...], node: Node | None = None) -> None:
        """Shows these formulas of a node; hides the frame where there are none. The letters of each are
        explained in its tooltip.
        """
        self._formulas, self._node = formulas, node
        self.setVisible(bool(formulas))
        while len(self._rows) < len(formulas):
            self._add_row()
        for index, (name, value) in enumerate(self._rows):
            shown = index < len(formulas)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                formula = formulas[index]
                letters = explained(formula, node) if node is not None else ()
                name.setText(formula.name)
                value.setText(_rich(formula))
                for label in (name, value):
                    label.setToolTip(tip("\n".join(letters)))

    def text(self) -> str:
        """All formulas as plain lines."""
        return "\n".join(formula.text for formula in self._formulas)

    def _add_row(self) -> None:
        name, value = QLabel(), QLabel()
        role(name, "muted")
        value.setWordWrap(True)
        value.setTextFormat(Qt.TextFormat.RichText)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._rows)
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._rows.append((name, value))

    def _restyle(self) -> None:
        self.set_formulas(self._formulas, self._node)


def _rich(formula: Formula) -> str:
    parts = [escape(part) for part in (formula.symbols, formula.numbers) if part]
    if formula.result:
        parts.append(f"<b>{escape(formula.result)}</b>")
    text = " = ".join(parts)
    if not formula.remark:
        return text
    muted = theme().color("text_muted").name()
    return f"{text} <span style='color:{muted}'>&nbsp;{escape(formula.remark)}</span>"
