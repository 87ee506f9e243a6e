"""The window of hyper-parameter search: what varies at the left, trials and pictures of them at the right."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.kit.views.inputs import ComboBox
from cnnplay.ui.kit.views.panel import ElidedLabel, Panel
from cnnplay.ui.kit.views.splitter import Splitter
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.search.search_desk import SearchDesk
from cnnplay.ui.search.views.best_plot import BestPlot
from cnnplay.ui.search.views.parallel_plot import ParallelPlot
from cnnplay.ui.search.views.search_fields import SpacePanel
from cnnplay.ui.search.views.search_order import OrderPanel
from cnnplay.ui.search.views.search_trials import TrialsPanel
from cnnplay.ui.search.views.share_bars import ShareBars

FIRST_SIZE = (1240, 700)
LEFT = 428
STUDY = 480
"""Of the list of studies, in the design's pixels."""
NEW = "New search"
STUDIES_HINT = "A study is kept with all its trials: open one to look at it, or to go on with it"


class SearchWindow(QDialog):
    """A window beside the main one: it blocks nothing, and a search goes on while it is closed."""

    def __init__(self, desk: SearchDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model = desk.model
        self.setWindowTitle("Search hyper-parameters")
        self.space, self.order = SpacePanel(model), OrderPanel(model)
        self.parallel, self.best, self.shares = ParallelPlot(model), BestPlot(model), ShareBars(model)
        self.trials = TrialsPanel(model, desk.promoter)
        self._make_head()
        self._lay_out()
        for keys, deed in (("F5", model.start), ("Shift+F5", model.stop)):
            QShortcut(QKeySequence(keys), self, deed)
        model.state_changed.connect(self.refresh)
        model.trials_changed.connect(self.refresh)
        model.chosen_changed.connect(self.refresh)
        model.studies_changed.connect(self._list_studies)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.resize(QSize(*FIRST_SIZE))
        self._list_studies()
        self.refresh()

    def _make_head(self) -> None:
        self._title, self._words = QLabel("Search"), ElidedLabel()
        role(self._title, "title")
        role(self._words, "muted")
        self.studies = ComboBox((NEW,))
        self.studies.setAccessibleName("study")
        self.studies.setToolTip(STUDIES_HINT)
        self.studies.activated.connect(self._study_chosen)
        self.close_button = QPushButton("Close")
        self.close_button.setAutoDefault(False)
        self.close_button.setToolTip("A search goes on while this window is closed")
        self.close_button.clicked.connect(self.close)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme().px(8))
        top.addWidget(self._title)
        top.addWidget(self._words, 1)
        top.addWidget(self.studies)
        top.addWidget(self.close_button)
        self.left = QWidget()
        column = QVBoxLayout(self.left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(8))
        column.addWidget(self.space, 1)
        column.addWidget(self.order)
        self.lines = _panel("Trials across what varies", self.parallel)
        self.curve = _panel("Best so far", self.best)
        self.weights = _panel("What mattered", self.shares)
        middle = Splitter(Qt.Orientation.Horizontal, self.curve, self.weights)
        right = Splitter(Qt.Orientation.Vertical, self.lines, middle, self.trials)
        right.setSizes([240, 170, 230])
        for index in range(3):
            right.setStretchFactor(index, 1)
        both = QHBoxLayout()
        both.setSpacing(theme().px(8))
        both.addWidget(self.left)
        both.addWidget(right, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(both, 1)
        self.order.start.setAutoDefault(False)
        self.order.stop.setAutoDefault(False)
        self.trials.promote.setAutoDefault(False)

    @Slot()
    def refresh(self) -> None:
        """What the study is, and its best trial."""
        model = self._model
        self._words.setText("" if model.begun else "Tick what is to vary, and press Search")
        row = model.chosen_row
        self.lines.set_muted("" if row is None else self._model.words_of(row))
        self.curve.set_muted(model.best_curve.words)
        self.weights.set_muted("share of the difference" if model.shares else "")
        self.studies.setEnabled(not model.active)
        self._show_study()

    @Slot()
    def _list_studies(self) -> None:
        self.studies.clear()
        self.studies.addItem(NEW, "")
        for study in self._model.studies:
            best = "" if study.best is None else f" · best {percent(study.best)}"
            trials = "1 trial" if study.trials == 1 else f"{study.trials:,} trials"
            self.studies.addItem(f"{study.name} · {trials}{best}", study.name)
        self._show_study()

    def _show_study(self) -> None:
        place = self.studies.findData(self._model.study)
        if self._model.study and place < 0:
            self.studies.addItem(self._model.study, self._model.study)
            place = self.studies.count() - 1
        self.studies.setCurrentIndex(place)

    @Slot(int)
    def _study_chosen(self, place: int) -> None:
        name = self.studies.itemData(place)
        if not name:
            self._model.renew()
        elif name != self._model.study:
            self._model.open(name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.look_for_studies()

    @Slot()
    def _restyle(self) -> None:
        self.left.setFixedWidth(theme().px(LEFT))
        self.studies.setFixedWidth(theme().px(STUDY))


def _panel(title: str, content: QWidget) -> Panel:
    panel = Panel(title)
    panel.body.addWidget(content, 1)
    return panel
