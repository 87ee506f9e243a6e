"""The controls of a run in the header: train, pause, step, stop, and the progress."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QToolButton, QWidget

from cnnplay.ui.kit.views.command import Command, CommandButton
from cnnplay.ui.kit.views.compact_level import CompactLevel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.transport_icons import BOX, transport_icon
from cnnplay.ui.train.disabled_reasons import Action
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.train_text import TRAIN, train_text
from cnnplay.ui.train.views.run_progress import RunProgress
from cnnplay.ui.train.views.sparkline import Sparkline

HINTS: dict[Action, str] = {
    "train": TRAIN,
    "from_scratch": "Train from new random weights; the curve of the previous run stays, fainter",
    "pause": "Pause between two batches, to look around",
    "step": "Train on one batch, then pause: see what a single step changes",
    "stop": "Stop the run after this batch; its weights are kept",
    "restore_previous": "Restore the weights from before the last run; use again to switch back",
    "use_best": "Go back to the weights of the best epoch; training then continues there as a new run",
}

FIRST = 88
"""The minimum width of the Train/Pause button, in design pixels."""


class TrainControls(QWidget):
    """The row of controls. Its commands are for menus and the list of shortcuts too."""

    def __init__(self, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._compact_level = CompactLevel.FULL
        self._shown: tuple[bool, bool, CompactLevel] | None = None
        self.sparkline = Sparkline(run)
        self.progress = RunProgress(run)
        self.train = self._command("train", "Train", "F5", run.start)
        self.from_scratch = self._command(
            "from_scratch", "Train from scratch", "Ctrl+F5", lambda: run.start(from_scratch=True)
        )
        self.pause = self._command("pause", "Pause", "F6", self._pause)
        self.step = self._command("step", "Single step", "F7", run.single_step)
        self.stop = self._command("stop", "Stop", "Shift+F5", run.stop)
        self.restore_previous = self._command(
            "restore_previous", "Restore previous weights", "Ctrl+Shift+F5", run.restore_previous
        )
        self.use_best = self._command("use_best", "Use best weights", "Alt+F5", run.use_best)
        self.train_button, self.pause_button = CommandButton(self.train), _button(self.pause)
        self.from_scratch_button = CommandButton(self.from_scratch)
        self.step_button, self.stop_button = _button(self.step), _button(self.stop)
        role(self.train_button, "primary")
        self._lay_out()
        for signal in (run.state_changed, run.readiness_changed, run.weights_cache.changed):
            signal.connect(self.refresh)
        for signal in (run.editor.changed, run.settings.changed, run.data.changed):
            signal.connect(self.refresh)  # how Train resumes
        run.recorder.changed.connect(self._show_what_fits)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    @property
    def commands(self) -> tuple[Command, ...]:
        return (
            *(self.train, self.from_scratch, self.pause, self.step, self.stop),
            *(self.restore_previous, self.use_best),
        )

    @Slot()
    def refresh(self) -> None:
        """Updates what Train and Pause would do."""
        run = self._run
        paused = run.state == "paused" or run.pausing
        train = train_text(run)
        self.train.setText(train.entry)
        self.train.setIconText(train.short)
        self.train.set_hint(f"{train.hint} ({self.train.keys_text})")
        self.pause.setText("Resume" if paused else "Pause")
        hint = "Resume training after the pause" if paused else HINTS["pause"]
        self.pause.set_hint(f"{hint} ({self.pause.keys_text})")
        # A click on Train that becomes a double click must not pause the run that it started.
        self.pause_button.setEnabled(self.pause.isEnabled() and run.state != "starting")
        self._first.setCurrentWidget(self.pause_button if self._shows_pause() else self.train_button)
        self._show_what_fits()

    def width_at(self, level: CompactLevel) -> int:
        """The width in pixels of what is visible at this level."""
        first = max(button.sizeHint().width() for button in (self.train_button, self.pause_button))
        parts = [max(first, theme().px(FIRST)), *(_hint(one) for one in (self.step_button, self.stop_button))]
        parts.append(self.progress.width_at(level))
        if level < CompactLevel.NO_RESTART:
            parts.append(_hint(self.sparkline) if self._run.active else 0)
            parts.append(_hint(self.from_scratch_button) if self._can_start_from_scratch else 0)
        shown = [part for part in parts if part]
        return sum(shown) + self._row.spacing() * (len(shown) - 1)

    def set_compact(self, level: CompactLevel) -> None:
        if level != self._compact_level:
            self._compact_level = level
            self._show_what_fits()

    def minimumSizeHint(self) -> QSize:
        # Not the current content: a smaller window makes it show less.
        return QSize(self.width_at(CompactLevel.SHORT_NAMES), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.width_at(self._compact_level), super().sizeHint().height())

    @property
    def _can_start_from_scratch(self) -> bool:
        return not self._run.active and self._run.can_resume

    def _show_what_fits(self) -> None:
        roomy = self._compact_level < CompactLevel.NO_RESTART
        shown = (roomy and self._can_start_from_scratch, roomy and self._run.active, self._compact_level)
        if shown == self._shown:
            return  # called 15 times a second during a run: this avoids measuring the header each time
        self._shown = shown
        self.from_scratch_button.setVisible(shown[0])
        self.sparkline.setVisible(shown[1])
        self.progress.set_compact(self._compact_level)
        self.updateGeometry()

    def _shows_pause(self) -> bool:
        return self._run.active and self._run.state != "paused"

    @Slot()
    def _pause(self) -> None:
        if self._run.state == "paused" or self._run.pausing:
            self._run.resume()
        else:
            self._run.pause()

    def _command(self, name: Action, text: str, keys: str, do: Callable[[], object]) -> Command:
        run = self._run
        command = Command(
            self,
            text,
            do,
            name=name,
            keys=keys,
            disabled_reason=lambda: run.disabled_reason(name),
            refresh_on=(run.readiness_changed,),
        )
        command.set_hint(f"{HINTS[name]} ({command.keys_text})")
        self.addAction(command)
        return command

    def _lay_out(self) -> None:
        first = QWidget()
        self._first = QStackedLayout(first)
        self._first.addWidget(self.train_button)
        self._first.addWidget(self.pause_button)
        first.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (
            self.sparkline,
            self.progress,
            first,
            self.from_scratch_button,
            self.step_button,
            self.stop_button,
        ):
            self._row.addWidget(widget)

    @Slot()
    def _restyle(self) -> None:
        self.train.setIcon(transport_icon("play", "on_accent"))
        self.pause.setIcon(transport_icon("pause"))
        self.step.setIcon(transport_icon("step"))
        self.stop.setIcon(transport_icon("stop"))
        side = QSize(theme().px(BOX), theme().px(BOX))
        for button in (self.train_button, self.pause_button, self.step_button, self.stop_button):
            button.setIconSize(side)
        self.train_button.setMinimumWidth(theme().px(FIRST))
        self._row.setSpacing(theme().px(8))


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _hint(widget: QWidget) -> int:
    return max(widget.sizeHint().width(), widget.minimumWidth())
