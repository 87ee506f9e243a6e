"""A drag: what is dragged, where it would go, and the resulting output shape."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from cnnplay.network.describe import shape_text
from cnnplay.network.edits import outermost
from cnnplay.network.kinds import kind_named
from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel, Preview
from cnnplay.ui.build.views.stack.boxes import InsertionGap
from cnnplay.ui.kit.views.theme import theme


class Drag:
    """A new layer of a kind (`tag`), or layers of the stack (`node_ids`), being dragged."""

    def __init__(self, editor: EditorModel, tag: str = "", node_ids: tuple[str, ...] = ()) -> None:
        self._editor = editor
        self.tag = tag
        self.node_ids = outermost(editor.network, node_ids)
        self.copy = False
        self.gap: InsertionGap | None = None
        self.preview: Preview | None = None
        self._previewed_target: tuple[Place | None, bool] = (None, False)

    def set_target(self, gap: InsertionGap | None, copy: bool) -> None:
        """Sets the target gap; the preview is computed once for each gap."""
        self.gap, self.copy = gap, copy and not self.tag
        target = (gap.place if gap else None, self.copy)
        if target == self._previewed_target:
            return
        self._previewed_target = target
        if gap is None:
            self.preview = None
        elif self.tag:
            self.preview = self._editor.preview_insert(self.tag, gap.place)
        else:
            self.preview = self._editor.preview_move(self.node_ids, gap.place, self.copy)

    def drop(self) -> bool:
        """Makes the edit; returns whether anything changed."""
        if self.gap is None:
            return False
        if self.tag:
            return self._editor.insert(self.tag, self.gap.place)
        if self.copy:
            return self._editor.copy_to(self.node_ids, self.gap.place)
        return self._editor.move(self.node_ids, self.gap.place)

    def text(self) -> str:
        """``conv-2 → 32 × 16 × 16 · 1 new problem``."""
        what = kind_named(self.tag).name if self.tag else self._layers_text()
        if self.gap is None:
            return what
        if self.preview is None:
            return f"{what} · not here"
        text = f"{what} → {shape_text(self.preview.shape)}"
        new = self.preview.new_problems
        return text if new <= 0 else f"{text} · {new} new problem{'' if new == 1 else 's'}"

    @property
    def has_problem(self) -> bool:
        return self.gap is not None and (self.preview is None or self.preview.new_problems > 0)

    def _layers_text(self) -> str:
        names = self.node_ids[0] if len(self.node_ids) == 1 else f"{len(self.node_ids)} layers"
        return f"copy of {names}" if self.copy else names


class DragLabel(QLabel):
    """The label next to the cursor during a drag."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("dragTag")
        self.hide()

    def show_at(self, global_point: QPoint, text: str, has_problem: bool) -> None:
        now = theme()
        color, border = now.color("text").name(), now.color("fault" if has_problem else "accent").name()
        self.setStyleSheet(
            f"background: {now.color('surface').name()}; color: {color};"
            f" border: 1px solid {border}; border-radius: {now.px(6)}px;"
            f" padding: {now.px(4)}px {now.px(8)}px;"
        )
        self.setText(text)
        self.adjustSize()
        window = self._window
        point = window.mapFromGlobal(global_point) + QPoint(now.px(16), now.px(12))
        point.setX(min(point.x(), max(0, window.width() - self.width())))
        point.setY(min(point.y(), max(0, window.height() - self.height())))
        self.move(point)
        self.raise_()
        self.show()
