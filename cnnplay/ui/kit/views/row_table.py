"""A table that selects whole rows, and never shows a part of a row."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnplay.ui.kit.views.keytable import KeyTable
from cnnplay.ui.kit.views.theme import follow_theme, theme


class RowTable(QTableView):
    """A read-only table that selects rows and sorts by its headings; Tab leaves the table.

    Rows are `ROW` design pixels high, or a little more, so that none is cut off at the lower end. Columns are
    as wide as their content and `ARROW`, for the sort arrow, but at most `WIDEST`. If only space around the
    texts is missing, there is less of it and no scroll bar.
    """

    KEYS: KeyTable
    ROW = 24
    WIDEST, ARROW = 160, 12
    LEAST_SPACE = 4
    """On each side of a text, in design pixels."""

    def __init__(self, mode: QAbstractItemView.SelectionMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(mode)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setAccessibleName("columns")
        self.setSortingEnabled(True)
        self._fitted_widths: list[int] = []
        self._text_widths: list[int] = []
        self._squeezed_widths: list[int] = []
        """The columns' widths and those of their texts as `fit_columns` found them, and as they were set."""
        follow_theme(self.fit_rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_rows()
        if self._fitted_widths and self._column_widths() == self._squeezed_widths:
            self._squeeze_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.KEYS.press(self, event):
            super().keyPressEvent(event)

    def fit_columns(self) -> None:
        """Makes each column as wide as its content, within limits."""
        self.resizeColumnsToContents()
        widths = (self.columnWidth(number) for number in range(self.model().columnCount()))
        most = theme().px(self.WIDEST)
        self._fitted_widths = [min(width + theme().px(self.ARROW), most) for width in widths]
        self._text_widths = [self._text_width(number) for number in range(len(self._fitted_widths))]
        self._squeeze_columns()

    def _squeeze_columns(self) -> None:
        fitted = self._fitted_widths
        needed = [self._needed_width(number) for number in range(len(fitted))]
        for number, width in enumerate(squeezed(fitted, needed, self.viewport().width())):
            self.setColumnWidth(number, width)
        self._squeezed_widths = self._column_widths()

    def _column_widths(self) -> list[int]:
        """Without that of a last one that is stretched."""
        count = self.model().columnCount() - self.horizontalHeader().stretchLastSection()
        return [self.columnWidth(number) for number in range(count)]

    def _needed_width(self, column: int) -> int:
        """What a column needs. The sorted one needs all: its arrow is beside its heading."""
        if column == self.horizontalHeader().sortIndicatorSection():
            return self._fitted_widths[column]
        return min(self._text_widths[column], self._fitted_widths[column])

    def _text_width(self, column: int) -> int:
        """The width of the widest text. Asks the model for each row: not to be done at every resizing."""
        header = self.horizontalHeader()
        heading = str(self.model().headerData(column, Qt.Orientation.Horizontal) or "")
        space = 2 * theme().px(self.LEAST_SPACE)
        return max(
            header.fontMetrics().horizontalAdvance(heading) + space, self.sizeHintForColumn(column) - space
        )

    @Slot()
    def fit_rows(self) -> None:
        """Sets a row height with which no part of a row is visible."""
        least, room = theme().px(self.ROW), self.viewport().height()
        height = room // (room // least) if room >= least else least
        if self.verticalHeader().defaultSectionSize() != height:
            self.verticalHeader().setDefaultSectionSize(height)


def squeezed(fitted: list[int], needed: list[int], room: int) -> list[int]:
    """The widths, made narrower in proportion to what each can spare if all then fit into `room`."""
    too_wide, spare = sum(fitted) - room, sum(fitted) - sum(needed)
    if too_wide <= 0 or too_wide > spare:
        return fitted
    return [
        width - -(-(width - least) * too_wide // spare) for width, least in zip(fitted, needed, strict=True)
    ]
