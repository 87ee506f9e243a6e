"""The network's name in the header, with a menu of presets."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.network.presets import presets
from cnnplay.shapes.infer import infer
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.counts import short_count
from cnnplay.ui.kit.views.picker import PickerButton
from cnnplay.ui.kit.views.tooltip import tip


class NetworkPicker(PickerButton):
    """Shows the open network. `gallery_requested`: the user wants the presets as cards."""

    gallery_requested = Signal()

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Network", parent)
        self._editor = editor
        editor.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        name = self._editor.network.name
        self.set_choice(name)
        self.setToolTip(tip(f"Current network: {name}. Click to open another; undo restores this one."))

    def fill(self, menu: QMenu) -> None:
        for preset in presets():
            text = f"{preset.key}\t{short_count(infer(preset.network).parameters)}"
            action = menu.addAction(text)
            action.setToolTip(tip(f"{preset.title}, {preset.year}. {preset.remark}"))
            action.setData(preset.key)
            action.triggered.connect(self._chosen)
        menu.addSeparator()
        menu.addAction("Preset gallery…").triggered.connect(self.gallery_requested)

    @Slot()
    def _chosen(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self._editor.load_preset(action.data())
