"""The training settings in groups, built from their declarations; disabled ones say why."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.fields import FieldEditor
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import Panel, wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.augmentation import AugmentationModel
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.schedule import ScheduleModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.views.augmentation_view import AugmentationView
from cnnplay.ui.train.views.estimate import EstimateLine
from cnnplay.ui.train.views.group_tabs import GroupTabs
from cnnplay.ui.train.views.schedule_view import ScheduleView
from cnnplay.ui.train.views.settings_page import SettingsPage

ORDER = ("optimizer", "batch_size", "learning_rate", "weight_decay", "epochs", "momentum", "seed")
"""From left to right, then down: the most used first. Others follow in declaration order."""

LARGEST_LEAST = (360, 156)
"""The largest minimum size in screen pixels, however large the text is: the window must fit on the screen."""

LEAST_MUTED_WIDTH = 64
"""The minimum width of the text beside the tabs, in design pixels; if there is less, it is hidden."""

RATE_HINT = (
    "Raise the learning rate batch by batch on a copy of the network and plot the loss, "
    "which shows where the network learns best"
)
NEXT = "for the next run"
DURING = "enabled settings apply from the next batch"


class FittingScrollArea(QScrollArea):
    """Shows all of its content if that fits on a small screen, else scrolls."""

    resized = Signal()

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def minimumSizeHint(self) -> QSize:
        return self._content.minimumSizeHint().boundedTo(QSize(*LARGEST_LEAST))

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class SettingsPanel(Panel):
    """A tab per group, with a field per setting. Below, the estimate for the next run, or the plan of the
    current one. `editors` has the fields of all groups. `rate_asked`: the user wants to find a learning rate.
    """

    find_rate_requested = Signal()

    def __init__(
        self,
        settings: SettingsModel,
        run: RunModel,
        estimate: EstimateModel,
        augmentation: AugmentationModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Settings", parent=parent)
        self._settings, self._run, self._has_problems = settings, run, False
        self.schedule = ScheduleView(ScheduleModel(settings, run, self), run)
        self.augmentation_view = AugmentationView(augmentation)
        self.find_rate = role(QPushButton("find…"), "link")
        self.find_rate.setAccessibleName("Find a learning rate")
        self.find_rate.clicked.connect(self.find_rate_requested)
        self.tabs = GroupTabs(settings)
        self.tabs.chosen.connect(self._show_group)
        self._row.insertWidget(1, self.tabs)
        content = QWidget()
        self._inner = vbox(spacing=8, into=content)
        self._room = FittingScrollArea(content)
        self._room.resized.connect(self._fit)
        self.body.addWidget(self._room)
        self.pages = {group: self._page(group) for group in settings.groups}
        self.editors: dict[str, FieldEditor] = {}
        for page in self.pages.values():
            self.editors |= page.editors
            page.edited.connect(settings.set)
        self._problem = wrapped("", "fault")
        self.estimate_line = EstimateLine(estimate, self)
        self._fill()
        theme().changed.connect(self._restyle)
        settings.changed.connect(self.refresh)
        run.state_changed.connect(self.refresh)
        run.readiness_changed.connect(self.refresh)
        self._show_group(self.tabs.group)

    @property
    def page(self) -> SettingsPage:
        return self.pages[self.tabs.group]

    def _page(self, group: str) -> SettingsPage:
        fields = tuple(sorted(self._settings.of_group(group), key=_rank))
        if group == "schedule":
            return SettingsPage(fields, below=self.schedule)
        if group == "augmentation":
            return SettingsPage(fields, 3, tail=self.augmentation_view.footer, below=self.augmentation_view)
        beside: dict[str, QWidget] = {"learning_rate": self.find_rate} if group == "basics" else {}
        return SettingsPage(fields, beside=beside)

    def _fill(self) -> None:
        for page in self.pages.values():
            self._inner.addWidget(page, 0 if page.below is None else 1)
        for line in (self._problem, self.estimate_line):
            self._inner.addWidget(line)
        self._inner.addStretch(0)  # takes the remaining space if no drawing does

    @Slot(str)
    def _show_group(self, group: str) -> None:
        for name, page in self.pages.items():
            page.setVisible(name == group)
        self._room.verticalScrollBar().setValue(0)
        self.refresh()
        self._fit()

    @Slot()
    def _restyle(self) -> None:
        for page in self.pages.values():
            page.restyle()
        # After all fields have their new font, which changes the width of two columns.
        QTimer.singleShot(0, self, self._fit)

    @Slot()
    def _fit(self) -> None:
        """Uses the longest tab labels and the most columns that fit."""
        page, room = self.page, self._room
        lines = (self._problem, self.estimate_line)
        rest = page.rest() + sum(
            line.sizeHint().height() + theme().px(8) for line in lines if not line.isHidden()
        )
        page.fit(room.width(), room.height(), room.verticalScrollBar().sizeHint().width(), rest)
        self._fit_head()

    def _fit_head(self) -> None:
        """Hides the title if it does not fit beside the tabs, which explain the panel themselves."""
        width, gap = self._head.width(), self._row.spacing()
        title = self._title.sizeHint().width() + gap
        titled = self.tabs.fit(width - title) <= 1
        if not titled:
            self.tabs.fit(width)
        self._title.setVisible(titled)
        left = width - (title if titled else 0) - self.tabs.sizeHint().width() - 2 * gap
        self._muted.setVisible(left > theme().px(LEAST_MUTED_WIDTH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    @Slot()
    def refresh(self) -> None:
        """Shows the values, their problems, and what can be changed now."""
        running, settings = self._run.active, self._settings
        # Only in the first group: a small screen has no room for more.
        self.estimate_line.set_wanted(self.tabs.currentIndex() == 0 and not running)
        self._title.setToolTip(tip(f"Settings: {DURING if running else NEXT}"))
        for page in self.pages.values():
            # Problems take the place of the drawing: below it, they would not be visible.
            page.show_below(not settings.problems)
            for name, editor in page.editors.items():
                editor.set_value(getattr(settings.config, name))
                editor.set_problem(settings.problem_of(name))
                editor.set_locked(settings.locked_reason(name, running))
        self._problem.setText("\n".join(problem.message for problem in settings.problems))
        self._problem.setVisible(bool(settings.problems))
        if bool(settings.problems) != self._has_problems:
            self._has_problems = bool(settings.problems)
            self._fit()
        set_available(self.find_rate, RATE_HINT, self._run.disabled_reason("from_scratch"))
        self.set_muted(DURING if running else NEXT)


def _rank(field: FieldInfo) -> int:
    return ORDER.index(field.name) if field.name in ORDER else len(ORDER)
