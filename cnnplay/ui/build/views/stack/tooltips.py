"""Tooltips of the stack: what a layer does, with its numbers and problems."""

import re
from html import escape

from PySide6.QtCore import QPoint

from cnnplay.network.describe import detail, shape_text
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Place, find
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.palette_search import kind_help
from cnnplay.ui.build.views.stack.boxes import Layout


def tooltip_text(editor: EditorModel, layout: Layout, point: QPoint) -> str:
    """The tooltip for a point of the canvas; "" for none."""
    item = layout.item_at(point)
    gap = layout.gap_at(point)
    if isinstance(item, Place):
        return "Empty stack: drop a layer here, or double-click to pick one."
    if gap is not None and (item is None or item in layout.frames):
        return "Click the plus to insert a layer here, or drop one."
    if item == "input":
        shape = shape_text(editor.network.input.shape)
        return f"<b>input</b> {shape}<br>Channels × height × width of the images. Click to edit."
    return _node_tip(editor, item) if isinstance(item, str) else ""


def _node_tip(editor: EditorModel, node_id: str) -> str:
    node = find(editor.network, node_id)
    report = editor.report.nodes.get(node_id)
    parts = [f"<b>{escape(node_id)}</b> {escape(detail(node))}", rich_text(kind_help(kind_of(node)))]
    if report is not None:
        shapes = [f"{shape_text(report.input)} → {shape_text(report.output)}"]
        if report.field is not None:
            height, width = report.field.size
            shapes.append(f"receptive field {height} × {width} pixels")
        parts.append("<br>".join(shapes))
        numbers = []
        if report.parameters:
            numbers.append(f"{report.parameters:,} parameters")
        if report.multiply_adds:
            numbers.append(f"{report.multiply_adds:,} multiply-adds")
        if numbers:
            parts.append(" · ".join(numbers))
    parts.extend(f"<b>{escape(problem.message)}</b>" for problem in editor.report.problems_of(node_id))
    return "".join(f"<p style='margin: 0 0 6px 0'>{part}</p>" for part in parts)


def rich_text(text: str) -> str:
    """Help text as rich text: names in backticks become italic."""
    return re.sub(r"`+([^`]+)`+", r"<i>\1</i>", escape(text))
