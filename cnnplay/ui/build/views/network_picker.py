"""The network's name in the header; it opens the list of presets."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.network.presets import presets
from cnnplay.shapes.infer import infer
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.counts import short_count
from cnnplay.ui.kit.views.picker import PickerButton


class NetworkPicker(PickerButton):
    """Shows which network is open. `gallery_asked`: somebody wants the presets as cards."""

    gallery_asked = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Network", parent)
        self._editor = editor
        editor.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the network in the editor."""
        name = self._editor.network.name
        self.set_choice(name)
        self.setToolTip(f"The network on screen: {name}. Opens another; undo brings this one back.")

    def fill(self, menu: QMenu) -> None:
        for preset in presets():
            text = f"{preset.key}\t{short_count(infer(preset.network).parameters)}"
            action = menu.addAction(text)
            action.setToolTip(f"{preset.title}, {preset.year}. {preset.remark}")
            action.setData(preset.key)
            action.triggered.connect(self._chosen)
        menu.addSeparator()
        menu.addAction("All presets as cards…").triggered.connect(self.gallery_asked)

    @Slot()
    def _chosen(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self._editor.load_preset(action.data())
