"""The context menu of a layer; disabled entries give the reason."""

from collections.abc import Callable

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.palette_search import kind_help
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip

_SECTIONS = (
    ("duplicate", "cut", "copy", "paste", "delete"),
    ("wrap", "unwrap", "add_branch", "remove_branch", "collapse"),
    ("move_up", "move_down"),
)


def layer_menu(editor: EditorModel, actions: StackActions, parent: QWidget) -> QMenu:
    """The menu for the selection. Disabled entries have their reason in parentheses."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    _insertion(menu, "Insert before", editor, lambda: editor.insertion_place(before=True))
    _insertion(menu, "Insert after", editor, editor.insertion_place)
    for names in _SECTIONS:
        menu.addSeparator()
        for name in names:
            _entry(menu, name, actions)
    if not editor.disabled_reason("add_head"):
        menu.addSeparator()
        _entry(menu, "add_head", actions)
    return menu


def _entry(menu: QMenu, name: str, actions: StackActions) -> None:
    command = actions.by_name[name]
    if not command.reason:
        menu.addAction(command)
        return
    # A separate action, so that the text in the menu bar does not change.
    disabled = menu.addAction(f"{command.text()}  ({command.reason})")
    disabled.setToolTip(command.toolTip())
    disabled.setEnabled(False)


def _insertion(menu: QMenu, title: str, editor: EditorModel, place: Callable[[], Place]) -> None:
    inner = menu.addMenu(title)
    inner.setToolTipsVisible(True)
    before = ""
    for kind in KINDS:
        if before and kind.family != before:
            inner.addSeparator()
        before = kind.family
        entry = inner.addAction(_dot(theme().family(kind.family)), kind.title)
        entry.setToolTip(tip(kind_help(kind)))
        entry.triggered.connect(_inserter(editor, kind.tag, place))


def _inserter(editor: EditorModel, tag: str, place: Callable[[], Place]) -> Callable[[], None]:
    def insert(_checked: bool = False) -> None:
        editor.insert(tag, place())

    return insert


def _dot(color: QColor) -> QIcon:
    size = theme().px(10)
    pixmap = QPixmap(size, size)
    pixmap.fill(color)
    return QIcon(pixmap)
