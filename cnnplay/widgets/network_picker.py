"""The network's name in the header; it opens the list of presets."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from cnnplay.network.presets import presets
from cnnplay.shapes.infer import infer
from cnnplay.viewmodels.counts import short_count
from cnnplay.viewmodels.editor import EditorModel


class NetworkPicker(QPushButton):
    """Shows which network is open. `gallery_asked`: somebody wants the presets as cards."""

    gallery_asked = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.setAccessibleName("Network")
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        editor.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        network = self._editor.network
        self.setText(f"{network.name}   ")
        self.setToolTip(f"The network on screen: {network.name}. Opens another; undo brings this one back.")

    def _fill(self) -> None:
        self._menu.clear()
        for preset in presets():
            action = self._menu.addAction(f"{preset.key}\t{short_count(infer(preset.network).parameters)}")
            action.setToolTip(f"{preset.title}, {preset.year}. {preset.remark}")
            action.setData(preset.key)
            action.triggered.connect(self._chosen)
        self._menu.addSeparator()
        self._menu.addAction("All presets as cards…").triggered.connect(self.gallery_asked)

    def _chosen(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self._editor.load_preset(action.data())
