"""Dragging over the stack: of layers in it, or of a new one from the palette."""

from PySide6.QtCore import QPoint, Qt, QTimer

from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.drag import Drag, DragLabel
from cnnplay.ui.kit.views.theme import theme


class Dragging:
    """Follows the cursor with a label and the mark where the drag would go; scrolls near the edges."""

    def __init__(self, canvas: StackCanvas) -> None:
        self._canvas = canvas
        self._label: DragLabel | None = None
        self._cursor = QPoint()
        self._scroll_timer = QTimer(canvas, interval=30)
        self._scroll_timer.timeout.connect(self._autoscroll)

    def start(self, node_ids: tuple[str, ...]) -> None:
        """Starts to drag layers of the stack."""
        self._canvas.dragged = Drag(self._canvas.editor, node_ids=node_ids)

    def move(self, point: QPoint | None, global_point: QPoint, copy: bool) -> None:
        """Moves the drag; `point` is None outside the stack."""
        canvas, drag = self._canvas, self._canvas.dragged
        assert drag is not None
        inside = point is not None and canvas.viewport().rect().adjusted(-24, -24, 24, 24).contains(point)
        gap = canvas.boxes.drop_gap(canvas.on_canvas(point)) if inside and point is not None else None
        drag.set_target(gap, copy)
        self._cursor = global_point
        if self._label is None or self._label.window() is not canvas.window():
            self._label = DragLabel(canvas.window())
        self._label.show_at(global_point, drag.text(), drag.has_problem)
        if not self._scroll_timer.isActive():
            self._scroll_timer.start()
        canvas.viewport().update()

    def move_new(self, tag: str, global_point: QPoint) -> bool:
        """Moves a new layer from the palette; returns whether the cursor is over the stack."""
        canvas = self._canvas
        point = canvas.viewport().mapFromGlobal(global_point)
        over = canvas.isVisible() and canvas.viewport().rect().contains(point)
        if canvas.dragged is None or canvas.dragged.tag != tag:
            canvas.dragged = Drag(canvas.editor, tag=tag)
        self.move(point if over else None, global_point, copy=False)
        return over

    def drop_new(self, tag: str, global_point: QPoint) -> bool:
        """Drops the new layer, and gives the stack the keyboard; returns whether it was inserted."""
        self.move_new(tag, global_point)
        inserted = self.drop()
        if inserted:
            # The layer is selected, and what one does with it next has its key in the stack.
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        return inserted

    def drop(self) -> bool:
        """Ends the drag with its edit; returns whether anything changed."""
        drag = self._canvas.dragged
        self.cancel()
        return drag is not None and drag.drop()

    def cancel(self) -> None:
        """Ends the drag without a change."""
        self._canvas.dragged = None
        self._scroll_timer.stop()
        if self._label is not None:
            self._label.hide()
        self._canvas.viewport().update()

    def _autoscroll(self) -> None:
        """Scrolls while the drag is near the upper or lower edge."""
        canvas, drag = self._canvas, self._canvas.dragged
        point = canvas.viewport().mapFromGlobal(self._cursor)
        edge, height, bar = theme().px(28), canvas.viewport().height(), canvas.verticalScrollBar()
        if drag is None or not -edge <= point.x() <= canvas.viewport().width() + edge:
            return
        if point.y() < edge:
            bar.setValue(bar.value() - theme().px(10))
        elif point.y() > height - edge:
            bar.setValue(bar.value() + theme().px(10))
        else:
            return
        self.move(point, self._cursor, drag.copy)
