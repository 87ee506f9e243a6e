"""A search as the window sees it: what is asked for, the study on screen, its trials, and how it is steered.

One search at a time, in a thread of its own, and not beside a run: both would be slow, and each other's
measure. The thread fills a mailbox; nothing here waits for it, except `shutdown`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.search import events
from cnnplay.search.errors import SearchError
from cnnplay.search.names import new_name
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.optuna_extra import missing_reason
from cnnplay.search.rows import counted
from cnnplay.search.variables import variables
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.kit.text import duration_text
from cnnplay.ui.search.search_space import SpaceModel
from cnnplay.ui.search.search_study import StudyOnScreen
from cnnplay.ui.search.search_worker import SearchEnded, SearchWish, SearchWorker
from cnnplay.ui.train import disabled_reasons
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.search.studies import StudyFound, StudySummary

State: TypeAlias = Literal["idle", "starting", "running", "stopping"]
TRIALS = 20
MOST_TRIALS = 10_000
EPOCHS = 5
"""Of a trial, where nothing else is asked for: what is good shows early."""
ROUNDS_MS = 100
INSTANT = 0.5
"""Seconds; up to here `duration_text` says "under 1 s", which is a bound by itself."""


class SearchModel(StudyOnScreen):
    """`state_changed`: the state, what is asked for, or why it cannot begin. `studies_changed`: the list of
    studies. `failed(str)` must be read.
    """

    state_changed = Signal()
    studies_changed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        estimate: EstimateModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data = editor, settings, data
        self._run, self._estimate = run, estimate
        self.space = SpaceModel(editor, settings, self)
        self.trials, self.epochs = TRIALS, min(EPOCHS, settings.config.epochs)
        self.sampler: Sampler = "random"
        self.pruner: Pruner = "none"
        self.studies: tuple[StudySummary, ...] = ()
        self._state: State = "idle"
        self._worker: SearchWorker | None = None
        self._box = Mailbox()
        self._poller = MailboxPoller(self._box, self._deliver, self, ROUNDS_MS)
        self._tasks = Tasks("studies", self)
        for signal in (editor.changed, settings.changed, data.changed, data.state_changed):
            signal.connect(self.state_changed)
        for signal in (run.state_changed, estimate.changed, self.space.changed):
            signal.connect(self.state_changed)

    # What is on screen

    @property
    def state(self) -> State:
        return self._state

    @property
    def active(self) -> bool:
        """Whether a search is on."""
        return self._state != "idle"

    @property
    def words(self) -> str:
        """``trial 7, epoch 2 of 5 · 6 of 20 done``, for the status."""
        done = counted(self.rows)
        whole = f"{done:,} of {self.trials:,} done" if self.active else f"{done:,} done"
        if self._state == "starting":
            return "getting ready"
        if self._state == "stopping":
            return f"stopping after this batch · {whole}"
        running = next((row for row in self.rows if row.state == "running"), None)
        if running is None or not self.active:
            return whole if self._rows else ""
        epoch = min(running.epochs + 1, self.epochs)
        return f"trial {running.number}, epoch {epoch} of {self.epochs} · {whole}"

    @property
    def forecast_words(self) -> str:
        """``about 4 min for 20 trials``; "" while nothing is known."""
        found = self._estimate.estimate
        left = max(self.trials - counted(self.rows), 0)
        if found is None or not found.seconds_per_epoch or not left:
            return ""
        seconds = found.seconds_per_epoch * self.epochs * left
        trials = "1 trial" if left == 1 else f"{left:,} trials"
        bound = "" if seconds <= INSTANT else "about " if self.pruner == "none" else "at most "
        return f"{bound}{duration_text(seconds)} for {trials} of this network"

    def disabled_reason(self) -> str:
        """Why no search can begin now; "" when it can."""
        if self.active:
            return "a search is on: stop it first"
        missing = missing_reason()
        if missing:
            return missing
        if self._run.active:
            return "a run is on: both would be slow. Stop it first, or wait for its end"
        if not self.begun:
            return disabled_reasons.disabled_reason(self._run, "replace") or self.space.problem
        return self._why_not_on()

    def _why_not_on(self) -> str:
        """The study was opened: its own network is trained, on its own data."""
        if counted(self.rows) >= self.trials:
            trials = "its trial is" if self.trials == 1 else f"its {self.trials:,} trials are"
            return f"{trials} done: ask for more"
        images = self._data.images
        if self._record is not None and (images is None or images.key != self._record.data):
            return f"this study searches on {self._record.data}: choose it as the data set"
        return "" if images is not None else "choose a data set first"

    # What is asked for

    def ask(
        self,
        trials: int | None = None,
        epochs: int | None = None,
        sampler: Sampler | None = None,
        pruner: Pruner | None = None,
    ) -> None:
        """Changes what the next search is asked for."""
        self.trials = self.trials if trials is None else max(1, min(trials, MOST_TRIALS))
        self.epochs = self.epochs if epochs is None else max(1, epochs)
        self.sampler = sampler or self.sampler
        self.pruner = pruner or self.pruner
        self.state_changed.emit()

    def start(self) -> bool:
        """Begins a study, or goes on with the one on screen. Whether it could: `why_not` says why not."""
        images = self._data.images
        if self.disabled_reason() or images is None:
            return False
        config = msgspec.structs.replace(self._settings.config, epochs=self.epochs)
        network, space = self._editor.network, self.space.space
        if self._record is not None:
            network, space = self._record.network, self._record.searched
            here = {"device": config.device, "threads": config.threads}
            config = msgspec.structs.replace(self._record.config, **here)
        elif not self.begun:
            self._clear()
            self.study = new_name(network.name, images.key)
            self.variables = variables(space, network, "the space")
        wish = SearchWish(network, config, images, space, self.study, self.trials, self.sampler, self.pruner)
        self._worker = SearchWorker(wish, self._box)
        self._poller.start()
        self._worker.start()
        self._set_state("starting")
        self._show()
        return True

    def stop(self) -> None:
        """Ends the search after the batch at hand; the study can be gone on with."""
        if self._worker is not None and self._state != "stopping":
            self._worker.stop()
            self._set_state("stopping")

    # Studies

    def look_for_studies(self) -> None:
        """Lists the studies of the user's storage anew, in the background."""
        if not missing_reason():
            self._tasks.run(_studies, self._list, self._fail)

    def renew(self) -> None:
        """A study that is not begun, in place of the one on screen."""
        if not self.active:
            self._clear()
            self._show()
            self.state_changed.emit()

    def open(self, name: str) -> None:
        """Shows a study of the user's storage."""
        if not self.active:
            self._tasks.run(_opening(name), self._open, self._fail)

    def _open(self, found: StudyFound) -> None:
        if self.active:
            return
        again = found.name == self.study  # it was searched here just now: what is asked for stays
        chosen = self.chosen if again else None
        record = found.record
        try:
            varied = variables(record.searched, record.network, f"the study {found.name}")
        except SearchError as error:
            self.failed.emit(str(error))
            return
        self._take(found, varied)
        self.space.show(record.searched)
        self.chosen, self.epochs = chosen, record.config.epochs
        if not again:
            self.sampler, self.pruner = record.sampler, record.pruner
            self.trials = max(record.trials, counted(found.rows))
        self._show()
        self.state_changed.emit()

    def _list(self, found: tuple[StudySummary, ...]) -> None:
        if found != self.studies:
            self.studies = found
            self.studies_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))

    # Mail

    def _deliver(self, mail: Mail) -> None:
        ended: SearchEnded | None = None
        for letter in mail.messages:
            if isinstance(letter, SearchEnded):
                ended = letter
            else:
                self._follow(letter)
        self._show()
        self.state_changed.emit()
        if ended is not None:
            self._end(ended)

    def _follow(self, event: events.Event) -> None:
        match event:
            case events.SearchBegan() if self._state == "starting":
                self._state = "running"
            case _:
                self._hear(event)

    def _end(self, ended: SearchEnded) -> None:
        assert self._worker is not None
        self._worker.join()
        self._worker = None
        self._set_state("idle")
        self._poller.stop()
        if ended.error:
            self.failed.emit(ended.error)
        if not self._rows:
            self.renew()
        else:  # as the storage has it: others may have searched too
            self.open(self.study)
            self.look_for_studies()

    def _set_state(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()

    # The end

    def wait(self) -> None:
        """Waits for what is being read."""
        self._tasks.finish()

    @Slot()
    def shutdown(self) -> None:
        """Ends the search and joins every thread; what it had begun is tried again another time."""
        if self._worker is not None:
            self.stop()
            self._worker.join()
            self._worker = None
        self._box.drain()
        self._poller.stop()
        self._tasks.finish()
        self._set_state("idle")


def _studies() -> tuple[StudySummary, ...]:
    from cnnplay.search.optuna_extra import require_optuna
    from cnnplay.search.storage import default_url
    from cnnplay.search.studies import list_studies

    require_optuna()
    return list_studies(default_url())


def _opening(name: str) -> Callable[[], StudyFound]:
    def work() -> StudyFound:
        from cnnplay.search.optuna_extra import require_optuna
        from cnnplay.search.storage import default_url
        from cnnplay.search.studies import open_study

        require_optuna()
        return open_study(name, default_url())

    return work
