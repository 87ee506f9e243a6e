"""The layout as a pure function: network and width to rectangles. Measures no text, paints nothing."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect

from cnnplay.network.describe import shape_text
from cnnplay.network.network import Network, Place
from cnnplay.network.nodes import Branches, Node, Skip, Stack
from cnnplay.shapes.report import Report
from cnnplay.ui.build.views.stack.boxes import Card, Column, EmptySlot, Frame, InsertionGap, Label, Layout

Px = Callable[[float], int]


class Metrics:
    """The design's lengths, scaled with the text."""

    def __init__(self, px: Px) -> None:
        self.card = px(32)
        self.compact = px(42)
        self.gap = px(18)
        self.pad = px(8)
        self.header = px(24)
        self.input = px(44)
        self.merge = px(28)
        self.wire = px(18)
        self.lane = px(92)
        """The width of a skip's shortcut when it contains layers."""
        self.identity = px(64)
        self.column = px(84)
        """The minimum width of a branch; below `roomy`, cards have two lines."""
        self.roomy = px(150)
        self.row = px(20)
        self.lead = px(10)


class Builder:
    """Lays out one network. `collapsed(id)`: whether a container is shown as one card."""

    def __init__(
        self, network: Network, report: Report, collapsed: Callable[[str], bool], width: int, px: Px
    ) -> None:
        self._network = network
        self._report = report
        self._collapsed = collapsed
        self._m = Metrics(px)
        self._out = Layout(width=width)

    def build(self, prediction_rows: int) -> Layout:
        m, out = self._m, self._out
        x, width = m.pad // 2, out.width - m.pad
        out.input = QRect(x, m.pad // 2, width, m.input)
        out.order.append("input")
        y = out.input.bottom() + 1
        end = self._stack(self._network.stack, "", 0, QRect(x, y, width, 0), m.gap)
        out.prediction = QRect(x, end, width, m.row * max(1, prediction_rows) + m.pad)
        out.height = out.prediction.bottom() + m.pad
        return out

    # Stacks

    def _stack(self, stack: Stack, parent: str, slot: int, area: QRect, lead: int) -> int:
        """Lays out a stack from the area's top. `lead`: the height of its first gap. Returns the end."""
        m, out = self._m, self._out
        column = Column(QRect(area))
        out.columns.append(column)
        wire = self._wire(area)
        y = area.y()
        if not stack:
            return self._empty_slot(column, Place(parent, slot, 0), area, wire, lead)
        y = self._gap(column, Place(parent, slot, 0), area, y, lead, wire)
        if not parent:
            self._label(area, y - lead, lead, wire, shape_text(self._network.input.shape))
        for index, node in enumerate(stack):
            y = self._node(node, QRect(area.x(), y, area.width(), 0))
            top = y
            y = self._gap(column, Place(parent, slot, index + 1), area, y, m.gap, wire)
            self._label(area, top, m.gap, wire, shape_text(self._output(node)))
        column.rect.setBottom(y - 1)
        return y

    def _gap(self, column: Column, place: Place, area: QRect, y: int, height: int, wire: int) -> int:
        column.gaps.append(InsertionGap(place, QRect(area.x(), y, area.width(), height), wire))
        bottom = y + height - 1
        if area.width() < self._m.roomy and place.index:
            # In a narrow column the shape is on the wire, which is interrupted for it.
            self._out.wires.append((QPoint(wire, y), QPoint(wire, y + 2)))
            self._out.wires.append((QPoint(wire, bottom - 1), QPoint(wire, bottom)))
        else:
            self._out.wires.append((QPoint(wire, y), QPoint(wire, bottom)))
        return y + height

    def _wire(self, area: QRect) -> int:
        """The x of the line that connects a stack's layers: at the left, or the middle of a narrow column."""
        return area.x() + self._m.wire if area.width() >= self._m.roomy else area.center().x()

    def _label(self, area: QRect, y: int, height: int, wire: int, text: str) -> None:
        if area.width() < self._m.roomy:
            rect = QRect(area.x(), y, area.width(), height)
            self._out.labels.append(Label(rect, text.replace(" × ", "×"), centered=True))
            return
        x = wire + self._m.lead
        self._out.labels.append(Label(QRect(x, y, area.right() - x, height), text))

    def _empty_slot(self, column: Column, place: Place, area: QRect, wire: int, lead: int) -> int:
        """An empty stack: one drop box, which is its only gap."""
        m = self._m
        height = m.card if area.width() >= m.roomy else m.compact
        rect = QRect(area.x(), area.y() + lead, area.width(), height)
        if not place.parent:
            text = "Drop a layer here, or press / to pick one"
        else:
            text = "drop a layer here" if area.width() >= m.roomy else "empty"
        self._out.empty_slots.append(EmptySlot(place, rect, text))
        self._out.order.append(place)
        bottom = rect.bottom() + 1
        column.gaps.append(InsertionGap(place, rect, wire))
        column.rect = QRect(area.x(), area.y(), area.width(), bottom + m.gap - area.y())
        self._out.wires.append((QPoint(wire, area.y()), QPoint(wire, rect.y() - 1)))
        self._out.wires.append((QPoint(wire, bottom), QPoint(wire, bottom + m.gap - 1)))
        if not place.parent:
            self._label(area, area.y(), lead, wire, shape_text(self._network.input.shape))
        return bottom + m.gap

    # Nodes

    def _node(self, node: Node, area: QRect) -> int:
        if isinstance(node, Skip) and self._is_expanded(node, area.width()):
            return self._skip(node, area)
        if isinstance(node, Branches) and self._is_expanded(node, area.width()):
            return self._branches(node, area)
        compact = area.width() < self._m.roomy
        rect = QRect(area.x(), area.y(), area.width(), self._m.compact if compact else self._m.card)
        collapsed = isinstance(node, (Skip, Branches))
        self._out.cards[node.id] = Card(node, rect, compact, collapsed)
        self._out.order.append(node.id)
        return rect.bottom() + 1

    def _is_expanded(self, node: Node, width: int) -> bool:
        """Whether a container is expanded and the width is enough to show it so."""
        m = self._m
        needed = m.column + m.lane + 2 * m.pad if isinstance(node, Skip) else m.column + 4 * m.pad
        return not self._collapsed(node.id) and width >= needed

    def _has_expanded(self, stack: Stack) -> bool:
        return any(isinstance(node, (Skip, Branches)) and not self._collapsed(node.id) for node in stack)

    def _skip(self, node: Skip, area: QRect) -> int:
        m = self._m
        frame = self._frame(node, area)
        lane = self._lane_width(node, area.width())
        body_x, body_width = area.x() + m.pad, area.width() - m.pad - lane
        top = frame.header.bottom() + 1
        body_end = self._stack(node.body, node.id, 0, QRect(body_x, top, body_width, 0), m.lead)
        lane_area = QRect(body_x + body_width + m.pad, top, lane - 2 * m.pad, 0)
        if node.shortcut:
            heights = self._trial(lambda: self._stack(node.shortcut, node.id, 1, QRect(lane_area), m.lead))
            slack = max(0, body_end - top - heights) // 2
            lane_area.translate(0, slack)
            lane_end = self._stack(node.shortcut, node.id, 1, lane_area, m.lead)
        else:
            lane_end = self._identity(node, lane_area, body_end)
        end = max(body_end, lane_end)
        wire = self._wire(QRect(body_x, top, body_width, 0))
        self._path(wire, top, lane_area, lane_end, end, bool(node.shortcut))
        self._tail(wire, body_end, end)
        frame.joint = QPoint(lane_area.x() - m.pad // 2, self._merge_y(end))
        return self._close(frame, area, end, wire)

    def _lane_width(self, node: Skip, width: int) -> int:
        m = self._m
        if not node.shortcut:
            return m.identity
        if self._has_expanded(node.shortcut) and width >= 2 * (m.column + m.lane + 2 * m.pad):
            return width // 2
        return m.lane

    def _trial(self, lay_out_trial: Callable[[], int]) -> int:
        """The height of a trial layout, which is discarded."""
        kept = self._out
        self._out = Layout(width=kept.width)
        end = lay_out_trial()
        top = min((column.rect.y() for column in self._out.columns), default=0)
        self._out = kept
        return end - top

    def _identity(self, node: Skip, lane: QRect, end: int) -> int:
        """An identity shortcut: a path with one gap for a projection."""
        m = self._m
        rect = QRect(lane.x(), lane.y(), lane.width(), end - lane.y())
        wire = rect.center().x()
        column = Column(QRect(rect))
        column.gaps.append(InsertionGap(Place(node.id, 1, 0), rect, wire))
        self._out.columns.append(column)
        middle = QRect(rect.x() - m.pad, rect.center().y() - m.row // 2, rect.width() + 2 * m.pad, m.row)
        self._out.labels.append(Label(middle, "identity", centered=True))
        return end

    def _path(self, body_wire: int, top: int, lane: QRect, lane_end: int, end: int, filled: bool) -> None:
        """The shortcut's wires: off the body's wire above its first layer, down the lane, and left to the
        merge, whose name is painted up to there.
        """
        m = self._m
        fork = QPoint(body_wire, top + m.pad // 4)
        x = self._wire(lane) if filled else lane.center().x()
        merge_y, left = self._merge_y(end), lane.x() - m.pad // 2
        half = m.row // 2
        middle = (lane.y() + end) // 2
        into, out_of = (lane.y(), lane_end) if filled else (middle - half, middle + half)
        into = max(into, fork.y())
        self._out.forks.append(fork)
        self._out.wires.append((fork, QPoint(x, fork.y()), QPoint(x, into)))
        self._out.wires.append((QPoint(x, out_of), QPoint(x, merge_y), QPoint(left, merge_y)))

    def _merge_y(self, end: int) -> int:
        """The middle of a merge's sign, below stacks that end there."""
        return end + self._m.merge // 2 - self._m.pad // 2

    def _branches(self, node: Branches, area: QRect) -> int:
        m = self._m
        frame = self._frame(node, area)
        count = max(1, len(node.branches))
        inner = area.width() - 2 * m.pad
        width = (inner - (count - 1) * m.pad) // count
        top = frame.header.bottom() + 1
        side_by_side = width >= m.column and not any(
            self._has_expanded(branch) and width < m.column + m.lane + 2 * m.pad for branch in node.branches
        )
        if not node.branches:
            end = top + m.lead
        elif side_by_side:
            end = self._side_by_side(node, frame, QRect(area.x() + m.pad, top, width, 0))
        else:
            end = self._one_below_another(node, QRect(area.x() + m.pad, top, inner, 0))
        return self._close(frame, area, end)

    def _side_by_side(self, node: Branches, frame: Frame, first: QRect) -> int:
        """Branches as columns, connected by a line above and one below."""
        m, ends, wires = self._m, [], []
        for slot, branch in enumerate(node.branches):
            area = QRect(first.x() + slot * (first.width() + m.pad), first.y(), first.width(), 0)
            ends.append(self._stack(branch, node.id, slot, area, m.lead))
            wires.append(self._wire(area))
        end = max(ends)
        top, bottom = first.y() - 1, end + m.pad // 2
        for wire, branch_end in zip(wires, ends, strict=True):
            self._tail(wire, branch_end, bottom)
        self._out.wires.append((QPoint(wires[0], top), QPoint(wires[-1], top)))
        self._out.wires.append((QPoint(wires[0], bottom), QPoint(wires[-1], bottom)))
        return bottom

    def _one_below_another(self, node: Branches, area: QRect) -> int:
        """Branches that are too wide for columns: one below the other, each with a label."""
        m, y = self._m, area.y()
        for slot, branch in enumerate(node.branches):
            text = f"branch {slot + 1} of {len(node.branches)}"
            self._out.labels.append(Label(QRect(area.x(), y, area.width(), m.row), text))
            inner = QRect(area.x() + m.pad, y + m.row, area.width() - m.pad, 0)
            end = self._stack(branch, node.id, slot, inner, m.lead)
            self._out.wires.append((QPoint(area.x(), y + m.row), QPoint(area.x(), end)))
            y = end + m.pad // 2
        return y

    # Frames

    def _frame(self, node: Node, area: QRect) -> Frame:
        m = self._m
        header = QRect(
            area.x() + m.pad, area.y() + m.pad // 2, area.width() - 2 * m.pad, m.header - m.pad // 2
        )
        frame = Frame(node, QRect(area), header, QRect())
        self._out.frames[node.id] = frame
        self._out.order.append(node.id)
        return frame

    def _close(self, frame: Frame, area: QRect, end: int, wire: int | None = None) -> int:
        """Puts the merge below a container's stacks, its sign on the wire, and completes its frame."""
        m = self._m
        frame.merge = QRect(area.x() + m.pad, end, area.width() - 2 * m.pad, m.merge)
        frame.sign = QPoint(area.x() + m.pad + m.wire if wire is None else wire, self._merge_y(end))
        frame.rect = QRect(area.x(), area.y(), area.width(), end + m.merge - area.y())
        return frame.rect.bottom() + 1

    def _tail(self, wire: int, start: int, end: int) -> None:
        if end > start:
            self._out.wires.append((QPoint(wire, start), QPoint(wire, end)))

    def _output(self, node: Node) -> tuple[int, ...] | None:
        report = self._report.nodes.get(node.id)
        return None if report is None else report.output


def lay_out(
    network: Network,
    report: Report,
    collapsed: Callable[[str], bool],
    width: int,
    px: Px,
    prediction_rows: int = 0,
) -> Layout:
    """Lays out a network; narrower widths than the readable minimum are raised to it."""
    return Builder(network, report, collapsed, max(width, px(200)), px).build(prediction_rows)
