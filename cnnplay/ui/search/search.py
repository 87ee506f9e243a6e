"""Hyperparameter search in the window: its options, the study on screen, its trials, start and stop.

One search at a time, in its own thread, and never during a run: they would slow each other down and distort
the measured times. The thread fills a mailbox; only `shutdown` waits for it.
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
from cnnplay.search.rows import counted
from cnnplay.search.variables import variables
from cnnplay.spec.extras import missing_reason
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.kit.text import duration_text
from cnnplay.ui.search.search_space import SpaceModel
from cnnplay.ui.search.search_study import StudyModel
from cnnplay.ui.search.search_worker import SearchEnded, SearchInputs, SearchWorker
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.search.studies import StudyFound, StudySummary

State: TypeAlias = Literal["idle", "starting", "running", "stopping"]
TRIALS = 20
MOST_TRIALS = 10_000
EPOCHS = 5
"""Epochs per trial by default: good settings show early."""
POLL_MS = 100
INSTANT = 0.5
"""Seconds; up to here `duration_text` says "under 1 s", which is a bound by itself."""


class SearchModel(StudyModel):
    """`state_changed`: the state, the study, the options, the estimate, or why it cannot start.
    `studies_changed`: the studies. `failed(str)` needs attention.
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
        self._poller = MailboxPoller(self._box, self._deliver, self, POLL_MS)
        self._jobs = Background("studies", self)
        self._watch = OnChange(self.state_changed, self._shown_state)
        for signal in (run.readiness_changed, data.changed, estimate.changed, self.space.changed):
            signal.connect(self._announce)

    # State

    @property
    def state(self) -> State:
        return self._state

    @property
    def active(self) -> bool:
        """Whether a search is running."""
        return self._state != "idle"

    @property
    def status_text(self) -> str:
        """``trial 7, epoch 2 of 5 · 6 of 20 done``."""
        done = counted(self.rows)
        whole = f"{done:,} of {self.trials:,} done" if self.active else f"{done:,} done"
        if self._state == "starting":
            return "starting …"
        if self._state == "stopping":
            return f"stopping after the current batch · {whole}"
        running = next((row for row in self.rows if row.state == "running"), None)
        if running is None or not self.active:
            return whole if self._rows else ""
        epoch = min(running.epochs + 1, self.epochs)
        return f"trial {running.number}, epoch {epoch} of {self.epochs} · {whole}"

    @property
    def estimate_text(self) -> str:
        """``about 4 min for 20 trials``; "" while there is no estimate."""
        found = self._estimate.estimate
        left = max(self.trials - counted(self.rows), 0)
        if found is None or not found.seconds_per_epoch or not left:
            return ""
        seconds = found.seconds_per_epoch * self.epochs * left
        trials = "1 trial" if left == 1 else f"{left:,} trials"
        bound = "" if seconds <= INSTANT else "about " if self.pruner == "none" else "at most "
        return f"{bound}{duration_text(seconds)} for {trials} of this network"

    def disabled_reason(self) -> str:
        """Why no search can start now; "" if one can."""
        if self.active:
            return "a search is running: stop it first"
        missing = missing_reason("search", "the search")
        if missing:
            return missing
        if self._run.active:
            return "a run is in progress: stop it first, or wait until it ends"
        if not self.has_started:
            return self._run.disabled_reason("replace") or self.space.problem
        return self._resume_disabled_reason()

    def _resume_disabled_reason(self) -> str:
        """Why the open study cannot be resumed: it trains its own network, on its own data."""
        if counted(self.rows) >= self.trials:
            trials = "the trial is" if self.trials == 1 else f"all {self.trials:,} trials are"
            return f"{trials} done: increase the number of trials"
        images = self._data.images
        if self._record is not None and (images is None or images.key != self._record.data):
            return f"this study uses {self._record.data}: choose it as the data set"
        return "" if images is not None else "choose a data set first"

    def _shown_state(self) -> tuple[object, ...]:
        options = (self.trials, self.epochs, self.sampler, self.pruner)
        return (self._state, self.study, options, self.estimate_text, self.disabled_reason())

    # Options, start and stop

    def set_options(
        self,
        trials: int | None = None,
        epochs: int | None = None,
        sampler: Sampler | None = None,
        pruner: Pruner | None = None,
    ) -> None:
        """Changes the options of the next search."""
        self.trials = self.trials if trials is None else max(1, min(trials, MOST_TRIALS))
        self.epochs = self.epochs if epochs is None else max(1, epochs)
        self.sampler = sampler or self.sampler
        self.pruner = pruner or self.pruner
        self._announce()

    def start(self) -> bool:
        """Starts a new study, or resumes the one on screen. False if it cannot: see `disabled_reason`."""
        images = self._data.images
        if self.disabled_reason() or images is None:
            return False
        config = msgspec.structs.replace(self._settings.config, epochs=self.epochs)
        network, space = self._editor.network, self.space.space
        if self._record is not None:
            network, space = self._record.network, self._record.searched
            here = {"device": config.device, "threads": config.threads}
            config = msgspec.structs.replace(self._record.config, **here)
        elif not self.has_started:
            self._clear()
            self.study = new_name(network.name, images.key)
            self.variables = variables(space, network, "the space")
        inputs = SearchInputs(
            network, config, images, space, self.study, self.trials, self.sampler, self.pruner
        )
        self._worker = SearchWorker(inputs, self._box)
        self._poller.start()
        self._worker.start()
        self._set_state("starting")
        self._show()
        return True

    def stop(self) -> None:
        """Stops the search after the current batch; the study can be resumed."""
        if self._worker is not None and self._state != "stopping":
            self._worker.stop()
            self._set_state("stopping")

    # Studies

    def refresh_studies(self) -> None:
        """Updates the list of studies in the background."""
        if not missing_reason("search", "the search"):
            self._jobs.queue(_list_studies, self._list, self._fail)

    def new_study(self) -> None:
        """Replaces the study on screen by a new one that has not started."""
        if not self.active:
            self._clear()
            self._show()
            self._announce()

    def open(self, name: str) -> None:
        """Opens a study from the user's storage."""
        if not self.active:
            self._jobs.queue(_study_reader(name), self._open, self._fail)

    def _open(self, found: StudyFound) -> None:
        if self.active:
            return
        same = found.name == self.study  # it was searched here just now: keep the options
        selected = self.selected if same else None
        record = found.record
        try:
            varied = variables(record.searched, record.network, f"the study {found.name}")
        except SearchError as error:
            self.failed.emit(str(error))
            return
        self._load(found, varied)
        self.space.show(record.searched)
        self.selected, self.epochs = selected, record.config.epochs
        if not same:
            self.sampler, self.pruner = record.sampler, record.pruner
            self.trials = max(record.trials, counted(found.rows))
        self._show()
        self._announce()

    def _list(self, found: tuple[StudySummary, ...]) -> None:
        if found != self.studies:
            self.studies = found
            self.studies_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))

    # Mail

    def _deliver(self, mail: Mail) -> None:
        ended: SearchEnded | None = None
        for message in mail.messages:
            if isinstance(message, SearchEnded):
                ended = message
            else:
                self._follow(message)
        self._show()
        self._announce()
        if ended is not None:
            self._end(ended)

    def _follow(self, event: events.Event) -> None:
        match event:
            case events.SearchBegan() if self._state == "starting":
                self._state = "running"
                self._on_event(event)
            case _:
                self._on_event(event)

    def _end(self, ended: SearchEnded) -> None:
        assert self._worker is not None
        self._worker.join()
        self._worker = None
        self._set_state("idle")
        self._poller.stop()
        if ended.error:
            self.failed.emit(ended.error)
        if not self._rows:
            self.new_study()
        else:  # reload it: other workers may have searched too
            self.open(self.study)
            self.refresh_studies()

    def _set_state(self, state: State) -> None:
        self._state = state
        self._announce()

    @Slot()
    def _announce(self) -> None:
        self._watch.check()

    # Shutdown

    @Slot()
    def shutdown(self) -> None:
        """Stops the search and joins its thread; a resumed study repeats the unfinished trial."""
        if self._worker is not None:
            self.stop()
            self._worker.join()
            self._worker = None
        self._box.drain()
        self._poller.stop()
        self._set_state("idle")


def _list_studies() -> tuple[StudySummary, ...]:
    from cnnplay.search.optuna_extra import require_optuna
    from cnnplay.search.storage import default_url
    from cnnplay.search.studies import list_studies

    require_optuna()
    return list_studies(default_url())


def _study_reader(name: str) -> Callable[[], StudyFound]:
    def work() -> StudyFound:
        from cnnplay.search.optuna_extra import require_optuna
        from cnnplay.search.storage import default_url
        from cnnplay.search.studies import open_study

        require_optuna()
        return open_study(name, default_url())

    return work
