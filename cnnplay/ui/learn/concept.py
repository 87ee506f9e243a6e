"""The model of the step-by-step page: the layer, the position of the window, and playback."""

from typing import Literal, TypeAlias

from PySide6.QtCore import QMetaMethod, QObject, QTimer, Signal, Slot

from cnnplay.lessons.convolution import Step
from cnnplay.lessons.pooling import PoolStep
from cnnplay.lessons.sliding import Array, Number
from cnnplay.network import nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import find
from cnnplay.network.nodes import Node
from cnnplay.shapes.report import Report
from cnnplay.ui.learn.concept_scene import (
    LayerData,
    Operation,
    Scene,
    layer_scene,
    lecture_scene,
    operation_of,
)
from cnnplay.ui.learn.concept_text import StepText, step_text

Source: TypeAlias = Literal["layer", "lecture"]

SPEEDS = (1, 2, 5, 10, 30)
"""Steps per second."""


class ConceptModel(QObject):
    """Steps a window over a layer's input. Nothing is computed before a view needs it (`scene`, `step`).

    `show_node` and `set_layer_data` are called by the application, the other methods by the user's actions.
    """

    changed = Signal()
    """Another scene: source, layer, weights, filter or channel."""
    moved = Signal()
    """Another position of the window."""
    playing_changed = Signal()
    data_requested = Signal(object)
    """A visible page needs the values of this node (its id), which are missing or outdated."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source: Source = "layer"
        self.filter = 0
        self.channel = 0
        self.index = 0
        self._at_start = True
        """Whether the window is where a scene begins: nobody has moved it."""
        self.speed = 2
        self._strides: dict[Operation, int] = {"convolution": 1, "max": 2, "average": 2}
        self.lecture_padding = 0
        self._report: Report | None = None
        self._node: Node | None = None
        self._data: dict[str, LayerData] = {}
        self._active = False
        self._scene: Scene | None = None
        self._output: Array | None = None
        self._stale = True
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    # Input

    @Slot(object, str)
    def show_node(self, report: Report | None, node_id: str) -> None:
        """Sets the network and the selected node ("" or "input": none), after each edit and selection."""
        node: Node | None = None
        if report is not None:
            try:
                node = find(report.network, node_id)
            except KeyError:
                node = None
        if report is self._report and node is self._node:
            return
        other = node is None or self._node is None or node.id != self._node.id
        if report is None or self._report is None or report.network is not self._report.network:
            self._data.clear()
        self._report, self._node = report, node
        if other and self.source == "layer":
            self._begin()
        self._renew()

    @Slot(object, object, object, object, str)
    def set_layer_data(
        self,
        node_id: str,
        maps: Array | None,
        kernel: Array | None = None,
        bias: Array | None = None,
        origin: str = "",
    ) -> None:
        """Sets a layer's values: input C × H × W, kernels filters × C/groups × f × f, biases and origin."""
        self._data[node_id] = LayerData(maps, kernel, bias, origin)
        if self._node is not None and node_id == self._node.id:
            self._renew(request=False)

    @Slot()
    def refresh(self) -> None:
        """Discards all values, because the image or the weights changed."""
        self._data.clear()
        if self._active:
            self._request_data()

    def set_active(self, active: bool) -> None:
        """Whether the page is visible. Values are requested only then; hiding it pauses playback."""
        self._active = active
        if active:
            self._request_data()
        else:
            self.pause()

    @property
    def node(self) -> Node | None:
        return self._node

    @property
    def operation(self) -> Operation:
        """The operation of the worked example: that of the selected layer, else a convolution."""
        return operation_of(self._node) or "convolution"

    @property
    def lecture_stride(self) -> int:
        return self._strides[self.operation]

    @property
    def disabled_reason(self) -> str:
        """Why there is nothing to step through; "" where there is."""
        if self.source == "lecture":
            return "" if self._lecture().sliding.steps else "The window does not fit the image."
        if self._node is None or self._report is None:
            return "Select a convolution or pooling layer in the stack to step through it."
        if isinstance(self._node, nodes.TransposedConvolution):
            return "A transposed convolution has no sliding window. Select a convolution or pooling layer."
        if operation_of(self._node) is None:
            word = kind_of(self._node).name
            return f"{self._node.id} ({word}) has no sliding window. Select a convolution or pooling layer."
        found = self._report.nodes.get(self._node.id)
        if found is None or found.input is None or found.output is None or len(found.input) != 3:
            return f"The shapes at {self._node.id} are unknown: fix the problems first."
        problems = self._report.problems_of(self._node.id)
        return f"Fix this problem first: {problems[0].message}." if problems else ""

    @property
    def scene(self) -> Scene | None:
        """The current scene; None where `disabled_reason` says why."""
        if self._stale:
            self._scene, self._output, self._stale = self._make(), None, False
            if self._scene is not None:
                self.channel = min(self.channel, self._scene.channels - 1)
                if self._at_start and self.source == "layer":
                    self.index = self._scene.start(self.channel)
                self.index = min(self.index, self._scene.sliding.steps - 1)
        return self._scene

    @property
    def output(self) -> Array:
        """The complete output of the scene, H' × W'."""
        assert self.scene is not None
        if self._output is None:
            self._output = self.scene.output(self.channel)
        return self._output

    @property
    def step(self) -> Step | PoolStep:
        """The step at the current position."""
        assert self.scene is not None
        return self.scene.step(self.channel, self.index)

    @property
    def step_text(self) -> StepText:
        """The arithmetic of the step as text."""
        assert self.scene is not None
        return step_text(self.scene, self.step, self.channel)

    @property
    def total(self) -> Number:
        return self.step.total

    # Options

    @Slot(str)
    def set_source(self, source: Source) -> None:
        """The selected layer, or the worked example."""
        if source != self.source:
            self.source = source
            self._begin()
            self._renew()

    @Slot(int)
    def set_filter(self, index: int) -> None:
        scene = self.scene
        index = max(0, min(index, scene.filters - 1)) if scene else 0
        if index != self.filter:
            self.filter = index
            self._renew()

    @Slot(int)
    def set_channel(self, channel: int) -> None:
        scene = self.scene
        channel = max(0, min(channel, scene.channels - 1)) if scene else 0
        if channel != self.channel:
            self.channel = channel
            if scene is not None and scene.kernel is None:
                self._output = None
            self.changed.emit()

    @Slot(int)
    def set_lecture_stride(self, stride: int) -> None:
        """1 to 3."""
        self._set_lecture(max(1, min(stride, 3)), self.lecture_padding)

    @Slot(int)
    def set_lecture_padding(self, padding: int) -> None:
        """0 to 2 pixels."""
        self._set_lecture(self.lecture_stride, max(0, min(padding, 2)))

    # Position

    @Slot(int)
    def go(self, index: int) -> None:
        """Goes to the `index`-th position, or the nearest one."""
        scene = self.scene
        if scene is None:
            return
        index = max(0, min(index, scene.sliding.steps - 1))
        self._at_start = False
        if index != self.index:
            self.index = index
            self.moved.emit()

    def go_to(self, row: int, column: int) -> None:
        """Goes to an output cell, or the nearest one."""
        if self.scene is not None:
            height, width = self.scene.sliding.output
            self.go(max(0, min(row, height - 1)) * width + max(0, min(column, width - 1)))

    @Slot()
    def forward(self) -> None:
        self.go(self.index + 1)

    @Slot()
    def back(self) -> None:
        self.go(self.index - 1)

    @Slot()
    def last(self) -> None:
        """Goes to the last position, where the whole output is shown."""
        if self.scene is not None:
            self.go(self.scene.sliding.steps - 1)

    def move_rows(self, rows: int) -> None:
        """Moves down by that many rows of the output (up if negative), in the same column."""
        if self.scene is not None:
            row, column = self.scene.sliding.place(self.index)
            self.go_to(row + rows, column)

    # Playback

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @Slot()
    def play(self) -> None:
        """Plays to the last position; starts over when there already."""
        scene = self.scene
        if scene is None or self.playing:
            return
        if self.index >= scene.sliding.steps - 1:
            self.go(0)
        self._timer.start(round(1000 / self.speed))
        self.playing_changed.emit()

    @Slot()
    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit()

    @Slot()
    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, steps_a_second: int) -> None:
        self.speed = max(SPEEDS[0], min(steps_a_second, SPEEDS[-1]))
        self._timer.setInterval(round(1000 / self.speed))

    @Slot()
    def _tick(self) -> None:
        self.forward()
        if self.scene is None or self.index >= self.scene.sliding.steps - 1:
            self.pause()

    # Internals

    def _set_lecture(self, stride: int, padding: int) -> None:
        if (stride, padding) != (self.lecture_stride, self.lecture_padding):
            self._strides[self.operation], self.lecture_padding = stride, padding
            self.index = 0
            self._renew()

    def _begin(self) -> None:
        """Another layer or source: the first filter and channel, and the window where the scene begins."""
        self.filter = self.channel = self.index = 0
        self._at_start = True

    def _lecture(self) -> Scene:
        return lecture_scene(self.operation, self.lecture_stride, self.lecture_padding)

    def _make(self) -> Scene | None:
        if self.disabled_reason:
            return None
        if self.source == "lecture":
            return self._lecture()
        assert self._node is not None
        assert self._report is not None
        shape = self._report.nodes[self._node.id].input
        assert shape is not None
        data = self._data.get(self._node.id)
        if data is None:
            data = LayerData(None, origin="computing its values" if self._data_pending else "")
        if isinstance(self._node, nodes.Convolution):
            self.filter = min(self.filter, self._node.filters - 1)
        first = bool(self._report.network.stack) and self._report.network.stack[0].id == self._node.id
        return layer_scene(self._node, (shape[0], shape[1], shape[2]), data, self.filter, first)

    @property
    def _data_pending(self) -> bool:
        """Whether this layer's values were requested and have not arrived yet."""
        return self._active and self.isSignalConnected(QMetaMethod.fromSignal(self.data_requested))

    def _renew(self, request: bool = True) -> None:
        self._stale = True
        if self.playing and self.disabled_reason:
            self.pause()
        if request and self._active:
            self._request_data()
        self.changed.emit()

    def _request_data(self) -> None:
        if (
            self.source == "layer"
            and not self.disabled_reason
            and self._node
            and self._node.id not in self._data
        ):
            self.data_requested.emit(self._node.id)
