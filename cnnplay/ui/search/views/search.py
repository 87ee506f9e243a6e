"""The hyperparameter search window: the space on the left, trials and plots on the right."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.inputs import ComboBox
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import ElidedLabel, Panel
from cnnplay.ui.kit.views.splitter import Splitter
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.search.search_plots import importance_worth
from cnnplay.ui.search.search_session import SearchSession
from cnnplay.ui.search.views.best_plot import BestPlot
from cnnplay.ui.search.views.importance_bars import ImportanceBars
from cnnplay.ui.search.views.parallel_plot import ParallelPlot
from cnnplay.ui.search.views.search_fields import SpacePanel
from cnnplay.ui.search.views.search_options import OptionsPanel
from cnnplay.ui.search.views.search_trials import TrialsPanel

FIRST_SIZE = (1240, 700)
LEFT = 464
STUDY = 480
"""The width of the list of studies, in design pixels."""
NEW = "New search"
STUDIES_HINT = "Studies are saved with all their trials: open one to view or resume it"


class SearchWindow(QDialog):
    """Not modal; a search continues while the window is closed."""

    def __init__(self, session: SearchSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model = session.model
        self.setWindowTitle("Search hyperparameters")
        self.space, self.options = SpacePanel(model), OptionsPanel(model)
        self.parallel, self.best, self.importances = (
            ParallelPlot(model),
            BestPlot(model),
            ImportanceBars(model),
        )
        self.trials = TrialsPanel(model, session.promoter)
        self._make_head()
        self._lay_out()
        for keys, callback in (("F5", model.start), ("Shift+F5", model.stop)):
            QShortcut(QKeySequence(keys), self, callback)
        model.state_changed.connect(self.refresh)
        model.trials_changed.connect(self.refresh)
        model.selection_changed.connect(self.refresh)
        model.studies_changed.connect(self._list_studies)
        follow_theme(self._restyle)
        resize_first(self, QSize(*FIRST_SIZE))
        self._list_studies()
        self.refresh()

    def _make_head(self) -> None:
        self._title, self._hint = QLabel("Search"), ElidedLabel()
        role(self._title, "title")
        role(self._hint, "muted")
        self.studies = ComboBox((NEW,))
        self.studies.setAccessibleName("study")
        self.studies.setToolTip(tip(STUDIES_HINT))
        self.studies.activated.connect(self._study_selected)
        self.close_button = QPushButton("Close")
        self.close_button.setAutoDefault(False)
        self.close_button.setToolTip("Close this window; a running search continues")
        self.close_button.clicked.connect(self.close)

    def _lay_out(self) -> None:
        top = hbox(self._title, (self._hint, 1), self.studies, self.close_button, spacing=8)
        self.left = QWidget()
        vbox((self.space, 1), self.options, spacing=8, into=self.left)
        self.parallel_panel = _panel("Parallel coordinates", self.parallel)
        self.best_panel = _panel("Best so far", self.best)
        self.importance_panel = _panel("Hyperparameter importance", self.importances)
        middle = Splitter(Qt.Orientation.Horizontal, self.best_panel, self.importance_panel)
        right = Splitter(Qt.Orientation.Vertical, self.parallel_panel, middle, self.trials)
        right.setSizes([240, 170, 230])
        for index in range(3):
            right.setStretchFactor(index, 1)
        both = hbox(self.left, (right, 1), spacing=8)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(both, 1)
        self.options.start.setAutoDefault(False)
        self.options.stop.setAutoDefault(False)
        self.trials.promote.setAutoDefault(False)

    @Slot()
    def refresh(self) -> None:
        """Updates the header, the selected trial and the panels' texts."""
        model = self._model
        self._hint.setText("" if model.has_started else "Choose parameters, then press Search")
        row = model.selected_row
        self.parallel_panel.set_muted("" if row is None else self._model.trial_text(row))
        self.best_panel.set_muted(model.best_curve.text)
        self.importance_panel.set_muted(importance_worth(model.rows) if model.importances else "")
        self.studies.setEnabled(not model.active)
        self._show_study()

    @Slot()
    def _list_studies(self) -> None:
        self.studies.clear()
        self.studies.addItem(NEW, "")
        for study in self._model.studies:
            best = "" if study.best is None else f" · best {metric_text(study.metric, study.best)}"
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
    def _study_selected(self, place: int) -> None:
        name = self.studies.itemData(place)
        if not name:
            self._model.new_study()
        elif name != self._model.study:
            self._model.open(name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.refresh_studies()

    @Slot()
    def _restyle(self) -> None:
        self.left.setFixedWidth(theme().px(LEFT))
        self.studies.setFixedWidth(theme().px(STUDY))


def _panel(title: str, content: QWidget) -> Panel:
    panel = Panel(title)
    panel.body.addWidget(content, 1)
    return panel
