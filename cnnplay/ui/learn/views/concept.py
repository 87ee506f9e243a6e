"""The step-by-step page: a convolution or pooling layer, window by window."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QToolButton, QWidget

from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.views.concept_canvas import ConceptCanvas
from cnnplay.ui.learn.views.concept_controls import ConceptControls


class ConceptPage(Panel):
    """Shows a `ConceptModel`: controls above, the sliding window and its arithmetic below."""

    def __init__(self, model: ConceptModel, parent: QWidget | None = None) -> None:
        super().__init__("Step by step", "", parent)
        self.model = model
        self.layer_button = self._choice("this layer", "The selected layer, with the network's values.")
        self.example_button = self._choice(
            "worked example", "The lecture's worked example: 6×6 numbers that you can work out by hand."
        )
        group = QButtonGroup(self)
        for button in (self.layer_button, self.example_button):
            group.addButton(button)
            self.add_corner(button)
        self.controls = ConceptControls(model)
        self.canvas = ConceptCanvas(model)
        self.empty = EmptyState("", "Step through the worked example")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._stepping())
        self._stack.addWidget(self.empty)
        self.body.addWidget(self._stack, 1)
        self.setFocusProxy(self.canvas)
        self.layer_button.clicked.connect(lambda: model.set_source("layer"))
        self.example_button.clicked.connect(lambda: model.set_source("lecture"))
        self.empty.button.clicked.connect(lambda: model.set_source("lecture"))
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the model's state."""
        model = self.model
        self.layer_button.setChecked(model.source == "layer")
        self.example_button.setChecked(model.source == "lecture")
        reason = model.disabled_reason
        self._stack.setCurrentIndex(1 if reason else 0)
        self.empty.set_text(reason)
        self.empty.button.setVisible(model.source == "layer")
        if not self.isVisible():
            return
        scene = model.scene
        if scene is None:
            self.set_muted("")
            return
        self.set_muted(" · ".join(part for part in (scene.title, scene.origin) if part))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.set_active(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.model.set_active(False)

    def _stepping(self) -> QWidget:
        page = QWidget()
        vbox(self.controls, (self.canvas, 1), spacing=8, into=page)
        return page

    def _choice(self, text: str, hint: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setToolTip(tip(hint))
        button.setAccessibleName(f"Step through {text}")
        return button
