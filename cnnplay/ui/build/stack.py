"""What the stack views show besides the network: collapsed containers, image, strips, prediction."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.build.editor import EditorModel

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

UNTRAINED = "train to see a prediction"


class StackModel(QObject):
    """One per window, shared by the stack views of all workspaces, so that they show the same stack.

    `layout_changed`: sizes or collapsed containers changed. `strip_changed(id)`, `io_changed`: repaint.
    `shown_changed`: a stack view is visible now, or none is.
    """

    layout_changed = Signal()
    strip_changed = Signal(str)
    io_changed = Signal()
    shown_changed = Signal()

    def __init__(self, editor: EditorModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._collapsed: set[str] = set()
        self._strips: dict[str, Floats] = {}
        self._viewers: set[int] = set()
        self.image: Bytes | None = None
        """The network's input image: H × W × 3 (RGB), or H × W × 1."""
        self.caption = ""
        self.prediction: tuple[tuple[str, float], ...] | None = None
        self.truth: str | None = None
        self.prediction_caption = UNTRAINED
        self.scroll = 0
        """Vertical scroll position in pixels, shared by all workspaces."""
        editor.changed.connect(self._drop_strips)
        editor.selection_changed.connect(self._expand_to_current)
        editor.reset_done.connect(self.clear)

    def is_collapsed(self, node_id: str) -> bool:
        return node_id in self._collapsed

    @property
    def collapsed(self) -> frozenset[str]:
        return frozenset(self._collapsed)

    def set_collapsed(self, node_id: str, collapsed: bool) -> None:
        """Collapses a container to one card, or expands it."""
        if collapsed == (node_id in self._collapsed):
            return
        if collapsed:
            # The current layer would be hidden: select the container instead.
            if self._editor.current in self._editor.descendants(node_id):
                self._editor.select((node_id,))
            self._collapsed.add(node_id)
        else:
            self._collapsed.discard(node_id)
        self.layout_changed.emit()

    def collapse_all(self, collapsed: bool) -> None:
        """Collapses or expands every container of the network."""
        ancestors = self._editor.ancestors(self._editor.current)
        if collapsed and ancestors:
            self._editor.select((ancestors[-1],))
        self._collapsed = set(self._editor.containers) if collapsed else set()
        self.layout_changed.emit()

    @property
    def shown(self) -> bool:
        """Whether any stack view is visible."""
        return bool(self._viewers)

    def set_shown(self, viewer: object, on: bool) -> None:
        """A stack view became visible, or is not visible any more."""
        before = self.shown
        (self._viewers.add if on else self._viewers.discard)(id(viewer))
        if self.shown != before:
            self.shown_changed.emit()

    def strip(self, node_id: str) -> Floats | None:
        """The feature maps on a card, n × h × w, as fractions of the color scale."""
        return self._strips.get(node_id)

    def set_strip(self, node_id: str, maps: Floats | None) -> None:
        """Sets the feature maps on a card; None: none."""
        had = node_id in self._strips
        if maps is None:
            if self._strips.pop(node_id, None) is not None:
                self.strip_changed.emit(node_id)
            return
        if not had and node_id not in self._editor.node_ids:
            return
        self._strips[node_id] = maps
        self.strip_changed.emit(node_id)

    def clear_strips(self) -> None:
        for node_id in tuple(self._strips):
            self.set_strip(node_id, None)

    def set_input_image(self, image: Bytes | None, caption: str = "") -> None:
        """Sets the network's input image, and where it comes from."""
        self.image = image
        self.caption = caption
        self.io_changed.emit()

    @property
    def output_function(self) -> str:
        """The function that turns outputs into probabilities: softmax, or sigmoid for a single output."""
        return "sigmoid" if self._editor.report.output == (1,) else "softmax"

    def set_prediction(
        self, classes: list[tuple[str, float]] | None, truth: str | None = None, reason: str = UNTRAINED
    ) -> None:
        """Sets the top classes with their probabilities, best first; None while there is no prediction, for
        this reason. `truth` is the true class where it is known.
        """
        before = (self.prediction, self.prediction_caption, self.truth)
        self.prediction, self.truth = None if classes is None else tuple(classes), truth
        self.prediction_caption = reason if classes is None else ""
        if before == (self.prediction, self.prediction_caption, truth):
            return
        if (before[0] is None) != (classes is None) or len(before[0] or ()) != len(classes or ()):
            self.layout_changed.emit()
        else:
            self.io_changed.emit()

    def clear(self) -> None:
        """Resets everything when another document is opened."""
        self._collapsed.clear()
        self._strips.clear()
        self.scroll = 0
        self.set_prediction(None)
        self.layout_changed.emit()

    def _expand_to_current(self) -> None:
        """Expands the containers around the selection, so that it is visible."""
        hiding = self._collapsed.intersection(self._editor.ancestors(self._editor.current))
        if hiding:
            self._collapsed -= hiding
            self.layout_changed.emit()

    def _drop_strips(self) -> None:
        """Drops strips of deleted layers. Collapsed ids are kept: undo may bring their containers back."""
        for node_id in tuple(self._strips):
            if node_id not in self._editor.node_ids:
                del self._strips[node_id]
