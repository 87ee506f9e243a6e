"""The concept page's controls: filter, channel, the lecture's stride and padding; stepping and playing."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.learn.concept import SPEEDS, ConceptModel


class ConceptControls(QWidget):
    """A row of controls over a `ConceptModel`."""

    def __init__(self, model: ConceptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._choices, self._row = QHBoxLayout(), QHBoxLayout()
        self._rows.addLayout(self._choices)
        self._rows.addLayout(self._row, 1)
        self.filter = self._spin("filter", "The filter that slides over the input.")
        self.channel = self._spin("channel", "The input channel that is shown; the output sums over all.")
        self.stride = self._spin("stride", "How far the window moves between two outputs: 2 halves the size.")
        self.padding = self._spin("padding", "Zeros added on each side of the image.")
        self._choices.addStretch(1)
        self.stride.setRange(1, 3)
        self.padding.setRange(0, 2)
        self.back = self._button("|◂", "Step back", "One position back (←).")
        self.play = self._button("▶", "Play", "Play all steps (Space).")
        self.forward = self._button("▸|", "Step forward", "One position forward (→).")
        self.position = QSlider(Qt.Orientation.Horizontal)
        self.position.setAccessibleName("Position of the window")
        self.position.setToolTip("The position of the window: drag to move it.")
        self._row.addWidget(self.position, 1)
        self.speed = self._speed()
        self._connect()
        follow_theme(self._restyle)
        self.refresh()

    def _restyle(self) -> None:
        px = theme().px
        for row in (self._rows, self._choices, self._row):
            row.setSpacing(px(6))
        self.position.setMinimumWidth(px(32))
        self._fold()

    def minimumSizeHint(self) -> QSize:
        widths = [row.minimumSize().width() for row in (self._choices, self._row)]
        return QSize(max(widths), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """On a narrow page the options are above the playback controls."""
        needed = self._choices.minimumSize().width() + self._row.minimumSize().width() + self._rows.spacing()
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._rows.setDirection(beside if self.width() >= needed else below)

    def refresh(self) -> None:
        """Shows the model's state."""
        model, scene = self._model, self._model.scene
        layer = model.source == "layer"
        convolving = scene is not None and scene.kernel is not None
        self._show(self.filter, layer and convolving, scene.filters if scene else 1, model.filter)
        self._show(self.channel, layer and scene is not None, scene.channels if scene else 1, model.channel)
        for spin, value in ((self.stride, model.lecture_stride), (self.padding, model.lecture_padding)):
            with QSignalBlocker(spin):
                spin.setValue(value)
            self._set_visible(spin, not layer)
        for widget in (self.back, self.play, self.forward, self.position, self.speed):
            widget.setVisible(scene is not None)
        self._fold()
        with QSignalBlocker(self.position):
            self.position.setMaximum(scene.sliding.steps - 1 if scene else 0)
        self.moved()

    def moved(self) -> None:
        """The window moved."""
        with QSignalBlocker(self.position):
            self.position.setValue(self._model.index)
        self.back.setEnabled(self._model.index > 0)
        self.forward.setEnabled(self._model.index < self.position.maximum())

    def playing_changed(self) -> None:
        self.play.setText("❚❚" if self._model.playing else "▶")
        self.play.setAccessibleName("Pause" if self._model.playing else "Play")

    def _connect(self) -> None:
        model = self._model
        self.filter.valueChanged.connect(lambda value: model.set_filter(value - 1))
        self.channel.valueChanged.connect(lambda value: model.set_channel(value - 1))
        self.stride.valueChanged.connect(model.set_lecture_stride)
        self.padding.valueChanged.connect(model.set_lecture_padding)
        self.back.clicked.connect(model.back)
        self.play.clicked.connect(model.toggle)
        self.forward.clicked.connect(model.forward)
        self.position.valueChanged.connect(model.go)
        self.speed.currentIndexChanged.connect(lambda index: model.set_speed(SPEEDS[index]))
        model.changed.connect(self.refresh)
        model.moved.connect(self.moved)
        model.playing_changed.connect(self.playing_changed)

    def _show(self, spin: QSpinBox, visible: bool, count: int, value: int) -> None:
        """A number from 1 to `count`; hidden where there is only one."""
        with QSignalBlocker(spin):
            spin.setRange(1, count)
            spin.setSuffix(f" of {count}")
            spin.setValue(value + 1)
        self._set_visible(spin, visible and count > 1)

    def _set_visible(self, spin: QSpinBox, visible: bool) -> None:
        spin.setVisible(visible)
        self._labels[spin].setVisible(visible)

    def _spin(self, name: str, hint: str) -> QSpinBox:
        if not hasattr(self, "_labels"):
            self._labels: dict[QSpinBox, QLabel] = {}
        label, spin = QLabel(name), QSpinBox()
        role(label, "muted")
        label.setBuddy(spin)
        spin.setAccessibleName(name)
        spin.setToolTip(tip(hint))
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._labels[spin] = label
        self._choices.addWidget(label)
        self._choices.addWidget(spin)
        return spin

    def _button(self, text: str, name: str, hint: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(name)
        button.setToolTip(tip(hint))
        self._row.addWidget(button)
        return button

    def _speed(self) -> QComboBox:
        box = QComboBox()
        box.addItems([f"{speed} / s" for speed in SPEEDS])
        box.setCurrentIndex(SPEEDS.index(self._model.speed))
        box.setAccessibleName("Speed")
        box.setToolTip("Steps per second during playback.")
        self._row.addWidget(box)
        return box
