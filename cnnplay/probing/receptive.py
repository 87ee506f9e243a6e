"""The pixels of the picture that one output of a feature map sees."""

import math

from cnnplay.shapes.report import Report


def receptive_window(report: Report, node_id: str, row: int, column: int) -> tuple[int, int, int, int] | None:
    """(top, left, bottom, right) of what output (row, column) of a node sees, the last two behind the end.

    Cut to the picture; None where it lies in the padding altogether, or is not known. KeyError for an
    unknown id.
    """
    node = report.nodes[node_id]
    field, output = node.field, node.output
    if field is None or output is None:
        return None
    picture = (report.network.input.height, report.network.input.width)
    if len(output) == 1:  # a row has no places: its numbers together see everything
        return (0, 0, *picture)
    spans = []
    for axis, index in enumerate((row, column)):
        centre = field.start[axis] + index * field.jump[axis]
        # Behind enlarged maps a window begins between two pixels: both are seen.
        first = math.floor(centre - (field.size[axis] - 1) / 2)
        last = math.ceil(centre + (field.size[axis] - 1) / 2)
        spans.append((max(0, first), min(picture[axis], last + 1)))
    (top, bottom), (left, right) = spans
    return (top, left, bottom, right) if top < bottom and left < right else None
