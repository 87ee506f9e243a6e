"""The browser's list of what a folder holds besides the images of the data set."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.left_out import groups, whole_list
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import ElidedLabel, Panel
from cnnplay.ui.kit.views.theme import follow_theme, role, theme

HIGHEST = 228
LIST_SIZE = (720, 480)


class LeftOutPanel(Panel):
    """What was left out, by kind, with the first of each; below it what a user should know of the images.

    Hidden while there is neither.
    """

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Left out")
        self._model = model
        self._shown: object = None
        self.list: LeftOutList | None = None
        self.lines: list[ElidedLabel] = []
        self.whole = role(QPushButton("Show all"), "link")
        self.whole.setToolTip("List every file and folder that was left out, with the reason")
        self.whole.clicked.connect(self._show_all)
        self.add_corner(self.whole)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self._area)
        model.changed.connect(self.refresh)
        follow_theme(self._restyle)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Lists what was left out of another data set."""
        images = self._model.images
        if images is self._shown:
            return
        self._shown = images
        self.lines = []
        if images is not None:
            for title, examples in groups(images):
                self.lines.append(role(ElidedLabel(title), "strong"))
                self.lines += [role(ElidedLabel(line), "muted") for line in examples]
            self.lines += [ElidedLabel(remark) for remark in images.remarks]
            count = len(images.left_out)
            self.set_title("Left out" if count else "Remarks")
            self.set_muted(f"{count:,} files and folders" if count > 1 else "")
        inner = QWidget()
        vbox(*self.lines, None, spacing=2, into=inner)
        self._area.setWidget(inner)
        self.setVisible(bool(self.lines))
        self._restyle()

    @Slot()
    def _show_all(self) -> None:
        images = self._model.images
        if images is not None:
            self.list = LeftOutList(images.title, whole_list(images), self.window())
            self.list.show()

    def _restyle(self) -> None:
        inner = self._area.widget()
        wanted = inner.sizeHint().height() if inner is not None else 0
        self._area.setFixedHeight(min(wanted, theme().px(HIGHEST)))


class LeftOutList(QDialog):
    """The whole list, to read, search and copy."""

    def __init__(self, title: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Left out of {title}")
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Files and folders that were left out")
        self.text.setToolTip("Select lines and press Ctrl+C to copy them")
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        resize_first(self, QSize(theme().px(LIST_SIZE[0]), theme().px(LIST_SIZE[1])))
