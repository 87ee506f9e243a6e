"""Records what happens in a run: its history and its progress, and the history of the run before it."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.spec.events import EpochDone, Event
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.train.history import History
from cnnplay.ui.train.progress import Progress


class Recorder(QObject):
    """`changed`: `history` or `previous` changed. `shown`, every `interval_ms` at most: what all read-outs
    show now, header, curves and status bar alike. `epoch_done`: an epoch ended, and its weights are there.
    """

    changed = Signal()
    shown = Signal()
    epoch_done = Signal()

    def __init__(self, interval_ms: Callable[[], int] = lambda: 0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = History()
        self.previous: History | None = None
        """The history of the run before; None if there is none."""
        self.progress = Progress()
        """As of the last `shown`."""
        self._soon = Throttle(self.show_now, interval_ms, self)
        self.changed.connect(self._soon.request)

    def begin(self, earlier: Iterable[Event] | None) -> None:
        """A run starts: it continues these events, or the history as it is if None."""
        self.progress.reset()
        if earlier is not None:
            if not self.history.empty:
                self.previous = self.history
            self.history = History(earlier)

    def record(self, events: Sequence[Event]) -> None:
        """Adds events of the run, without a signal: other parts of the window follow them first."""
        self.history.extend(events)

    def announce(self, events: Sequence[Event]) -> None:
        """Signals what `record` added."""
        self.changed.emit()
        if any(isinstance(event, EpochDone) for event in events):
            self.epoch_done.emit()

    def show(self, events: Iterable[Event] = (), previous: History | None = None) -> None:
        """Shows the history of an earlier run."""
        self.history, self.previous = History(events), previous
        self.changed.emit()

    @Slot()
    def show_now(self) -> None:
        """Updates all read-outs at once."""
        self._soon.stop()
        self.progress.update(self.history)
        self.shown.emit()
