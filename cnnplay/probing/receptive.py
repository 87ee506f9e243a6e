"""The receptive field of one output of a feature map, in pixels of the input image."""

import math

from cnnplay.shapes.report import Report


def receptive_window(report: Report, node_id: str, row: int, column: int) -> tuple[int, int, int, int] | None:
    """The receptive field (top, left, bottom, right) of output (row, column) of a node; the ends are
    exclusive.

    Clipped to the image; None if it lies entirely in the padding, or is unknown. KeyError for an unknown id.
    """
    node = report.nodes[node_id]
    field, output = node.field, node.output
    if field is None or output is None:
        return None
    image_size = (report.network.input.height, report.network.input.width)
    if len(output) == 1:  # a vector has no positions: its receptive field is the whole image
        return (0, 0, *image_size)
    spans = []
    for axis, index in enumerate((row, column)):
        center = field.start[axis] + index * field.jump[axis]
        # After upsampling, a window can start between two pixels: both are included.
        first = math.floor(center - (field.size[axis] - 1) / 2)
        last = math.ceil(center + (field.size[axis] - 1) / 2)
        spans.append((max(0, first), min(image_size[axis], last + 1)))
    (top, bottom), (left, right) = spans
    return (top, left, bottom, right) if top < bottom and left < right else None
