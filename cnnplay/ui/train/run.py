"""Controls the training run of the window: its state, and what starts, steers and stops it.

A run owns the network, settings and images that it was started with; you can keep editing meanwhile. Nothing
here waits for the training thread, except `shutdown`, and that thread knows nothing of this model: it fills a
mailbox, which a timer empties.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.network import Network
from cnnplay.spec.events import BaseEvent, Failed, Paused, Resumed, Started, Stepped
from cnnplay.spec.settings import TrainConfig, live_settings
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.kit.redraw_rate import POLL_MS, RedrawRate
from cnnplay.ui.train import run_text
from cnnplay.ui.train.disabled_reasons import Action, State, disabled_reasons, ready_reason
from cnnplay.ui.train.history import History
from cnnplay.ui.train.probes import Probes
from cnnplay.ui.train.recorder import Recorder
from cnnplay.ui.train.recording import Recording
from cnnplay.ui.train.run_request import make_run_request
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained
from cnnplay.ui.train.weights_cache import WeightsCache
from cnnplay.ui.train.worker import Ended, Worker, sort_messages

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.job import Observation


class RunModel(QObject):
    """Controls one run at a time. What it records is in `recorder`, its weights are in `weights_cache`.

    `state_changed`: `state` or `pausing` changed. `readiness_changed`: a `disabled_reason` changed.
    `notice_changed`: `failure` or `stale_text` changed.
    """

    state_changed = Signal()
    readiness_changed = Signal()
    notice_changed = Signal()

    def __init__(
        self, editor: EditorModel, settings: SettingsModel, data: DataModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.editor, self.settings, self.data = editor, settings, data
        self.weights_cache = WeightsCache(editor, self)
        self.redraw_rate = RedrawRate(self)
        """How often live views redraw."""
        self.recorder = Recorder(self.redraw_rate.interval_ms, self)
        self.failure: Failed | None = None
        self._failed: Network | None = None
        self.probes: Probes[Observation] = Probes(dropped=self._probe_dropped)
        """Called in the training thread between batches, as often as 5 % of the time allows. Observations at
        the end of an epoch, which include validation, reach every probe."""
        self._box = Mailbox()
        self._poller = MailboxPoller(self._box, self._deliver, self, POLL_MS)
        self._worker: Worker | None = None
        self._recording: Recording | None = None
        """The last run's: it may still be writing its folder."""
        self._state: State = "idle"
        self._pausing = False
        self._sent = settings.config
        """The settings as last sent to the current run."""
        self._train_next = False
        self._is_stale = False
        self._blocked = ""
        self._watches = (
            OnChange(self.state_changed, lambda: (self._state, self._pausing)),
            OnChange(self.notice_changed, lambda: (self.failure, self.stale_text)),
            OnChange(self.readiness_changed, self._disabled_reasons),
        )
        editor.changed.connect(self._editor_changed)
        settings.changed.connect(self._settings_changed)
        for signal in (data.changed, data.state_changed, self.weights_cache.changed):
            signal.connect(self._announce)
        for slot in (self._pace_post, self.recorder.show_now):
            self.state_changed.connect(slot)

    # State

    @property
    def state(self) -> State:
        return self._state

    @property
    def active(self) -> bool:
        """Whether there is a run, paused or not."""
        return self._state != "idle"

    @property
    def pausing(self) -> bool:
        """Whether a pause was requested that begins after the current batch."""
        return self._pausing

    @property
    def network(self) -> Network | None:
        """The network of the current run."""
        return self._worker.request.network if self._worker is not None else None

    @property
    def config(self) -> TrainConfig | None:
        """The settings of the current run."""
        return self._worker.request.config if self._worker is not None else None

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the current run, or of the trained weights; () without either."""
        if self._worker is not None:
            return self._worker.request.images.classes
        facts = self.weights_cache.facts
        return facts.classes if facts is not None else ()

    @property
    def is_stale(self) -> bool:
        """Whether the run trains another version of the network than the one in the editor."""
        return self._is_stale

    @property
    def stale_text(self) -> str:
        """The message for `is_stale`; "" if it is not."""
        if not self._is_stale or self.network is None:
            return ""
        return run_text.stale_text(self.network.name if self.trains_other_network else "")

    @property
    def trains_other_network(self) -> bool:
        """Whether another network was opened, instead of editing the run's network."""
        return self._is_stale and self.network is not None and self.network.name != self.editor.network.name

    def disabled_reason(self, action: Action) -> str:
        """Why an action is unavailable; "" if it is available."""
        return self._disabled_reasons()[action]

    def _disabled_reasons(self) -> dict[Action, str]:
        editor, settings = self.editor, self.settings
        device = settings.config.device
        ready = ready_reason(editor.network, editor.report, settings.problems, device, self.data)
        trained = self.weights_cache.trained_for_editor
        has_best = trained is not None and trained.best_is_earlier
        has_before = self.weights_cache.previous is not None
        return disabled_reasons(self._state, self._blocked, ready, has_before, has_best)

    def set_blocked(self, reason: str) -> None:
        """Why something else (a search, for example) keeps a run from starting; "" if nothing does."""
        self._blocked = reason
        self._announce()

    # History and weights

    @property
    def history(self) -> History:
        """The history of the current run, or of the last one."""
        return self.recorder.history

    @property
    def history_is_current(self) -> bool:
        """Whether the history belongs to the current run or to the network in the editor."""
        return self.active or self.weights_cache.is_newest(self.weights_cache.trained_for_editor)

    @property
    def can_resume(self) -> bool:
        """Whether `start` resumes from the existing weights, rather than training from scratch."""
        trained, images = self.weights_cache.trained_for_editor, self.data.images
        if trained is None or images is None or trained.mark not in ("", images.mark):
            return False
        facts = trained.weights.facts
        return facts is not None and (facts.key, facts.classes) == (images.key, images.classes)

    @property
    def recorded(self) -> tuple[str, Path | None]:
        """The id and the folder of the current run, else those of the trained weights."""
        source = self._worker or self.weights_cache.trained
        return ("", None) if source is None else (source.run, source.folder)

    # Control

    def start(self, from_scratch: bool = False) -> bool:
        """Trains the network in the editor; continues a paused run, unless `from_scratch`. Returns whether it
        could; if not, `disabled_reason` says why."""
        if self._state == "paused" and not from_scratch:
            self.resume()
            return True
        images = self.data.images
        if self.disabled_reason("from_scratch" if from_scratch else "train") or images is None:
            return False
        trained = self.weights_cache.trained_for_editor
        self._launch(images, trained if self.can_resume and not from_scratch else None)
        return True

    def _launch(self, images: ImageSet, resume_from: Trained | None) -> None:
        from cnnplay.training.control import Control

        continues = self.weights_cache.is_newest(resume_from) and not self.history.empty
        self.recorder.begin(None if continues else resume_from.events if resume_from is not None else ())
        self.weights_cache.begin()
        self.failure = self._failed = None
        self._sent, self._pausing = self.settings.config, False
        request = make_run_request(self.editor.network, self.settings.config, images, resume_from)
        self._worker = Worker(request, self._box, Control(), self.probes, self._recording)
        self._poller.start()
        self.redraw_rate.start()
        self._worker.start()
        self._set_state("starting")
        self.recorder.changed.emit()

    def pause(self) -> None:
        """Pauses after the current batch."""
        if self._worker is not None and self._state in ("starting", "running"):
            self._pausing = True
            self._worker.control.pause()
            self._announce()

    def resume(self) -> None:
        """Continues after a pause."""
        if self._worker is not None and (self._state == "paused" or self.pausing):
            self._pausing = False
            self._worker.control.resume()
            self._announce()

    def single_step(self) -> None:
        """Trains on one batch and pauses. Pauses an active run; without one, starts a run this way."""
        if self._state == "idle" and not self.start():
            return
        if self._worker is None or self._state == "stopping":
            return
        if self._state == "starting":
            # Pause before it starts and request one batch: the loop sees both.
            self._worker.control.pause()
        if self._state == "running":
            self._pausing = True
        self._worker.control.step()
        self._announce()

    def stop(self) -> None:
        """Stops the run after the current batch; its weights are kept."""
        if self._worker is not None and self._state != "stopping":
            self._worker.control.stop()
            self._set_state("stopping")

    def stop_and_train_this(self) -> None:
        """Stops the run, then trains the network in the editor."""
        self._train_next = True
        self.stop()

    def restore_previous(self) -> None:
        """Restores the weights from before the last run; called again, it switches back."""
        before = self.weights_cache.previous
        if before is not None and not self.disabled_reason("restore_previous"):
            self.adopt(before, self.history)

    def use_best(self) -> None:
        """Makes the weights of the best epoch the network's; further training continues from there as a new
        run. `restore_previous` brings the last ones back.
        """
        trained = self.weights_cache.trained_for_editor
        if trained is not None and not self.disabled_reason("use_best"):
            self.adopt(trained.at_best(), self.history)

    def shutdown(self) -> None:
        """Stops the run and joins its thread; its last events are still delivered."""
        self._train_next = False
        if self._worker is not None:
            self.stop()
            self._worker.join()
        self._poller.stop()

    @Slot()
    def dismiss_failure(self) -> None:
        """Clears the failure of the last run: it was read, or fixed."""
        self.failure = None
        self._announce()

    # Probes

    def wake(self) -> None:
        """Calls all probes as soon as possible, even in a pause: another image was selected."""
        if self._worker is not None:
            self._worker.look()

    # Weights from files

    def adopt(self, trained: Trained | None, previous: History | None = None) -> None:
        """Takes the weights and history of an opened file; None puts the existing weights aside."""
        self.failure = None
        self.recorder.show(() if trained is None else trained.events, previous)
        self.weights_cache.adopt(trained)
        self._announce()

    def forget(self) -> None:
        """Forgets all weights and histories, for a new document. Stops the run first."""
        self.shutdown()
        self.failure = None
        self.recorder.show()
        self.weights_cache.clear()
        self._announce()

    # Events of the worker

    def _deliver(self, mail: Mail) -> None:
        events, checkpoints, ended = sort_messages(mail.messages)
        if events:
            self.recorder.record(events)
            for event in events:
                if not isinstance(event, Stepped):
                    self._follow(event)
        if checkpoints and self._worker is not None:
            self.weights_cache.keep(self._worker.request, checkpoints, self.history)
        if events:
            self._pace_post()
            self.recorder.announce(events)
        if ended is not None:
            self._end(ended)

    @Slot()
    def _pace_post(self) -> None:
        self._poller.set_interval(
            self.redraw_rate.poll_ms(relaxed=self._state == "running" and not self._pausing)
        )

    def _follow(self, event: BaseEvent) -> None:
        """Updates the state from an event."""
        match event:
            case Started() if self._state == "starting":
                self._set_state("running")
            case Paused():
                self._pausing = False
                self._set_state("paused" if self._state != "stopping" else "stopping")
            case Resumed() if self._state == "paused":
                self.recorder.progress.begin()
                self._set_state("running")
            case Failed():
                self.failure = event

    def _end(self, ended: Ended) -> None:
        assert self._worker is not None
        self._worker.join()
        request, self._recording = self._worker.request, self._worker.recording
        self._worker = None
        if ended.result is not None:
            self.weights_cache.end(request, ended.result, self.history, self._recording.path)
        elif self.failure is None:
            self.failure = ended.failure(request.run)
        self._pausing = self._is_stale = False
        self._set_state("idle")
        self._poller.stop()
        self.redraw_rate.stop()
        self.recorder.changed.emit()
        if self.failure is not None:
            self._failed = request.network
        if self._train_next:
            self._train_next = False
            from_scratch = not self.can_resume
            if not self.start(from_scratch=from_scratch):
                reason = self.disabled_reason("from_scratch" if from_scratch else "train")
                self.editor.message.emit(f"the current network cannot be trained: {reason}")

    def _probe_dropped(self, message: str, details: str) -> None:
        if self._worker is not None:
            self._worker.dropped(message, details)

    # Changes of the editor and the settings

    @Slot()
    def _editor_changed(self) -> None:
        request = self._worker.request if self._worker is not None else None
        self._is_stale = request is not None and not request.network.same_structure(self.editor.network)
        if self._failed is not None and not self._failed.same_structure(self.editor.network):
            self.failure = self._failed = None  # it does not apply to this network
        self._announce()

    @Slot()
    def _settings_changed(self) -> None:
        """Sends live settings to the run; a value outside its limits is not sent until it is fixed."""
        if self._worker is not None:
            for name in live_settings():
                value = getattr(self.settings.config, name)
                if value != getattr(self._sent, name) and not self.settings.problem_of(name):
                    self._sent = msgspec.structs.replace(self._sent, **{name: value})
                    self._worker.change(name, value)
        self._announce()

    def _set_state(self, state: State) -> None:
        self._state = state
        self._announce()

    @Slot()
    def _announce(self) -> None:
        for watch in self._watches:
            watch.check()
