"""The application's stylesheet: one place that says how standard widgets look."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnplay.widgets.theme import Theme

_TEMPLATE = """
QMainWindow, QDialog, QWidget#page { background: @window; }
QWidget { color: @text; }
QToolTip { background: @surface; color: @text; border: 1px solid @line; padding: 6px; }
QFrame[role="panel"] { background: @surface; border: 1px solid @line; border-radius: 6px; }
QFrame[role="sunken"] { background: @surface_sunken; border: none; border-radius: 6px; }
QFrame[role="fault"] { background: @surface; border: 1px solid @fault; border-radius: 6px; }
QFrame[role="line"] { background: @line; border: none; max-height: 1px; min-height: 1px; }
QLabel { background: transparent; border: none; }
QLabel[role="muted"] { color: @text_muted; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="title"] { font-weight: 600; font-size: @{title}px; }
QLabel[role="fault"] { color: @fault; }
QLabel[role="good"] { color: @good; }
QPushButton, QToolButton {
  background: @surface; border: 1px solid @line; border-radius: 6px; padding: @{4}px @{12}px; min-height: @{18}px;
}
QToolButton { padding: @{4}px @{8}px; }
QPushButton:hover, QToolButton:hover { background: @surface_sunken; border-color: @text_muted; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked, QPushButton:checked { background: @selection; }
QPushButton:focus, QToolButton:focus { border-color: @accent; }
QPushButton:disabled, QToolButton:disabled { color: @text_muted; background: transparent; }
QPushButton[role="primary"], QToolButton[role="primary"] {
  background: @accent; color: @on_accent; border-color: @accent; font-weight: 600;
}
QPushButton[role="primary"]:focus { border-color: @text; }
QPushButton[role="primary"]:disabled { background: transparent; color: @text_muted; border-color: @line; }
QPushButton[role="link"], QToolButton[role="link"] {
  background: transparent; border: 1px solid transparent; color: @accent; font-weight: 600; padding: @{2}px @{4}px;
}
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus { border-color: @accent; }
QPushButton[role="link"]:disabled { color: @text_muted; }
QPushButton[role="tab"] {
  background: transparent; border: none; border-bottom: 2px solid transparent; border-radius: 0;
  padding: @{12}px @{12}px @{10}px; color: @text_muted;
}
QPushButton[role="tab"]:hover { color: @text; }
QPushButton[role="tab"]:checked { color: @text; border-bottom-color: @accent; font-weight: 600; }
QPushButton[role="tab"]:focus { border-bottom-color: @text_muted; }
QPushButton[role="tab"]:checked:focus { border-bottom-color: @accent; }
QPushButton::menu-indicator, QToolButton::menu-indicator {
  image: url(@icons/chevron-down-@theme.svg); subcontrol-position: right center; right: @{4}px;
}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
  background: @surface_sunken; border: 1px solid @line; border-radius: 6px; padding: @{4}px @{8}px;
  min-height: @{18}px; selection-background-color: @selection; selection-color: @text;
}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus { border-color: @accent; }
QLineEdit[fault="true"], QSpinBox[fault="true"], QDoubleSpinBox[fault="true"], QComboBox[fault="true"] {
  border-color: @fault;
}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: @text_muted; }
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {
  border: none; background: transparent; width: @{16}px;
}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url(@icons/chevron-up-@theme.svg); width: @{10}px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url(@icons/chevron-down-@theme.svg); width: @{10}px; }
QComboBox::drop-down { border: none; width: @{22}px; }
QComboBox::down-arrow { image: url(@icons/chevron-down-@theme.svg); width: @{12}px; }
QComboBox QAbstractItemView {
  background: @surface; border: 1px solid @line; selection-background-color: @selection; selection-color: @text;
  outline: none; padding: @{4}px;
}
QCheckBox, QRadioButton { spacing: @{8}px; background: transparent; }
QCheckBox::indicator { width: @{14}px; height: @{14}px; border: 1px solid @text_muted; border-radius: 3px; background: @surface_sunken; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(@icons/check-@theme.svg); }
QCheckBox::indicator:focus { border-color: @accent; }
QCheckBox::indicator:disabled { border-color: @line; }
QSlider::groove:horizontal { height: @{4}px; background: @line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal { width: @{14}px; height: @{14}px; margin: -@{5}px 0; border-radius: @{7}px; background: @accent; }
QSlider::handle:horizontal:focus { background: @text; }
QProgressBar { background: @line; border: none; border-radius: 2px; max-height: @{4}px; min-height: @{4}px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }
QScrollArea, QAbstractScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar:vertical { background: transparent; width: @{10}px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: @{10}px; margin: 0; }
QScrollBar::handle { background: @line; border-radius: @{4}px; min-height: @{24}px; min-width: @{24}px; margin: 1px; }
QScrollBar::handle:hover { background: @text_muted; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent; border: none; height: 0; width: 0; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @selection; }
QMenuBar { background: @surface; border-bottom: 1px solid @line; }
QMenuBar::item { padding: @{4}px @{10}px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @selection; }
QMenu { background: @surface; border: 1px solid @line; padding: @{4}px; }
QMenu::item { padding: @{5}px @{24}px @{5}px @{12}px; border-radius: 4px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @text_muted; }
QMenu::separator { height: 1px; background: @line; margin: @{4}px @{8}px; }
QListView, QTreeView, QTableView {
  background: transparent; border: none; outline: none; gridline-color: @line;
  selection-background-color: @selection; selection-color: @text; alternate-background-color: @surface_sunken;
}
QListView::item, QTreeView::item { padding: @{3}px; border-radius: 4px; }
QListView::item:hover { background: @surface_sunken; }
QListView::item:selected { background: @selection; color: @text; }
QHeaderView::section { background: @surface; color: @text_muted; border: none; border-bottom: 1px solid @line; padding: @{4}px @{8}px; }
QTabWidget::pane { border: none; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @text_muted; padding: @{4}px @{10}px @{6}px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; font-weight: 600; }
QTabBar::tab:hover { color: @text; }
QStatusBar { background: @surface; border-top: 1px solid @line; }
QStatusBar::item { border: none; }
QWidget#header { background: @surface; border-bottom: 1px solid @line; }
QWidget#statusbar { background: @surface; border-top: 1px solid @line; }
"""


def stylesheet(theme: "Theme") -> str:
    """The stylesheet in a theme's colours, its lengths scaled with the text."""
    from cnnplay.widgets.theme import tokens

    text = _TEMPLATE
    colours = [key for key, value in tokens()[theme.name].items() if isinstance(value, str)]
    for key in sorted(colours, key=len, reverse=True):
        text = text.replace(f"@{key}", theme.colour(key).name())
    text = text.replace("@icons", _icons().as_posix()).replace("@theme", theme.name)
    text = text.replace("@{title}", str(theme.px(tokens()["type_px"]["title"])))
    parts = text.split("@{")
    scaled = [parts[0]]
    for part in parts[1:]:
        number, rest = part.split("}", 1)
        scaled.append(f"{theme.px(float(number))}{rest}")
    return "".join(scaled)


def _icons() -> Path:
    # The package is installed unpacked (wheels and editable installs), so that this is the folder itself.
    with as_file(files("cnnplay.resources").joinpath("icons")) as folder:
        return folder
