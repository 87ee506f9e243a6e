"""Tooltips of the stack: what a block does, with its own numbers and faults."""

import re
from html import escape

from PySide6.QtCore import QPoint

from cnnplay.network.describe import detail, shape_words
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Place, find
from cnnplay.ui.build.blocks import help_of
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.views.stack.boxes import Layout


def tip(editor: EditorModel, layout: Layout, point: QPoint) -> str:
    """The words for what lies under a point of the canvas; "" for nothing."""
    spot = layout.spot_at(point)
    gap = layout.gap_under(point)
    if isinstance(spot, Place):
        return "An empty stack: drop a block here, or double-click to choose one."
    if gap is not None and (spot is None or spot in layout.frames):
        return "Click the plus to insert a block here, or drop one."
    if spot == "input":
        shape = shape_words(editor.network.input.shape)
        return f"<b>input</b> {shape}<br>Channels × height × width of the pictures. Click to change it."
    return _node_tip(editor, spot) if isinstance(spot, str) else ""


def _node_tip(editor: EditorModel, node_id: str) -> str:
    node = find(editor.network, node_id)
    report = editor.report.nodes.get(node_id)
    parts = [f"<b>{escape(node_id)}</b> {escape(detail(node))}", formatted(help_of(kind_of(node)))]
    if report is not None:
        shapes = [f"{shape_words(report.input)} → {shape_words(report.output)}"]
        if report.field is not None:
            height, width = report.field.size
            shapes.append(f"sees {height} × {width} pixels of the input")
        parts.append("<br>".join(shapes))
        numbers = []
        if report.parameters:
            numbers.append(f"{report.parameters:,} parameters")
        if report.multiply_adds:
            numbers.append(f"{report.multiply_adds:,} multiply-adds")
        if numbers:
            parts.append(" · ".join(numbers))
    parts.extend(f"<b>{escape(fault.message)}</b>" for fault in editor.report.faults_of(node_id))
    return "".join(f"<p style='margin: 0 0 6px 0'>{part}</p>" for part in parts)


def formatted(words: str) -> str:
    """Rich text of a declaration's words: what stands in backticks is set apart."""
    return re.sub(r"`+([^`]+)`+", r"<i>\1</i>", escape(words))
