"""The run as the window sees it: its state, its history, the weights it has so far, and how it is steered.

A run owns the network, settings and pictures that it was started with; the editor may go on meanwhile.
Nothing here waits for the thread that trains, except `shutdown`, and that thread knows nothing of this model:
it fills a mailbox, which a timer empties.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.network import Network
from cnnplay.spec.events import BaseEvent, EpochDone, Failed, Paused, Resumed, Started, Stepped
from cnnplay.spec.settings import TrainConfig, live_settings
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.redraw_rate import POLL_MS, RedrawRate
from cnnplay.ui.train import run_reasons, run_words
from cnnplay.ui.train.history import History
from cnnplay.ui.train.order import make_order
from cnnplay.ui.train.probes import Probes
from cnnplay.ui.train.progress import Progress
from cnnplay.ui.train.recording import Recording
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained
from cnnplay.ui.train.trained_work import TrainedWork
from cnnplay.ui.train.worker import Ended, Worker, sorted_letters

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.job import Observation

State: TypeAlias = Literal["idle", "starting", "running", "paused", "stopping"]


class RunModel(TrainedWork):
    """One run at a time, and what is left of those before.

    `state_changed`: the state, what can be done, or whether the run trains an earlier version of the network.
    `history_changed`: at most 30 times a second. `epoch_done`: the weights after it are there. `failed`: the
    run ended badly, `failure` says why. `weights_changed`: `trained` is another one.
    """

    state_changed = Signal()
    history_changed = Signal()
    epoch_done = Signal()
    failed = Signal()

    def __init__(
        self, editor: EditorModel, settings: SettingsModel, data: DataModel, parent: QObject | None = None
    ) -> None:
        super().__init__(editor, parent)
        self.settings, self.data = settings, data
        self.history, self.previous = History(), None  # type: tuple[History, History | None]
        self.progress = Progress()
        self.failure: Failed | None = None
        self._failed: Network | None = None
        self.probes: Probes[Observation] = Probes(dropped=self._probe_dropped)
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self, POLL_MS)
        self.tempo = RedrawRate(self)
        """How often live views are redrawn."""
        self._worker: Worker | None = None
        self._recording: Recording | None = None
        """The last run's: its folder may still be written."""
        self._state: State = "idle"
        self._waiting: Literal["", "pause"] = ""
        self._told = settings.config
        """The settings as the run that is on was told them."""
        self._train_next = False
        self._earlier = False
        self.elsewhere: Callable[[], str] = lambda: ""
        """Why no run may begin though nothing of its own stands in the way: something else computes."""
        editor.changed.connect(self._editor_changed)
        settings.changed.connect(self._settings_changed)
        for signal in (data.changed, data.state_changed):
            signal.connect(self.state_changed)
        self.state_changed.connect(self._pace_post)

    # What it is doing

    @property
    def state(self) -> State:
        return self._state

    @property
    def active(self) -> bool:
        """Whether a run is on, waiting or not."""
        return self._state != "idle"

    @property
    def pausing(self) -> bool:
        """Whether a pause was asked for that begins after the batch at hand."""
        return self._waiting == "pause"

    @property
    def network(self) -> Network | None:
        """The network of the run that is on."""
        return self._worker.order.network if self._worker is not None else None

    @property
    def config(self) -> TrainConfig | None:
        """The settings of the run that is on."""
        return self._worker.order.config if self._worker is not None else None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of what the run that is on, or the training at hand, tells apart; () without either."""
        if self._worker is not None:
            return self._worker.order.images.classes
        return self.facts.classes if self.facts is not None else ()

    @property
    def earlier_version(self) -> bool:
        """Whether the run trains another network than the one in the editor."""
        return self._earlier

    @property
    def earlier_words(self) -> str:
        """What to say then; "" else."""
        return run_words.earlier(self)

    @property
    def trains_another(self) -> bool:
        """Whether the network on screen is none that was made from the run's: another was opened."""
        return self._earlier and self.network is not None and self.network.name != self.editor.network.name

    @property
    def words(self) -> str:
        """``epoch 3 / 20, 9,800 images/s, 12 s left``, for the status bar."""
        return run_words.doing(self)

    def why_not(self, action: run_reasons.Action) -> str:
        """Why that cannot be done now; "" when it can."""
        return run_reasons.why_not(self, action)

    # What it has

    @property
    def curves_are_here(self) -> bool:
        """Whether the history is that of the run that is on, or of the network in the editor."""
        trained = self.trained_here
        return self.active or (trained is not None and self._keeping.is_newest(trained))

    @property
    def can_go_on(self) -> bool:
        """Whether `start` goes on with the weights there are, rather than with new ones."""
        trained, images = self.trained_here, self.data.images
        if trained is None or images is None or trained.mark not in ("", images.mark):
            return False
        return (trained.facts.key, trained.facts.classes) == (images.key, images.classes)

    # Steering

    def start(self, afresh: bool = False) -> bool:
        """Trains the network in the editor; in a pause, goes on (unless `afresh`). Whether it could:
        `why_not` says why it could not."""
        if self._state == "paused" and not afresh:
            self.resume()
            return True
        images = self.data.images
        if self.why_not("afresh" if afresh else "train") or images is None:
            return False
        going_on = self.trained_here if self.can_go_on and not afresh else None
        self.launch(self.editor.network, self.settings.config, images, going_on)
        return True

    def launch(
        self, network: Network, config: TrainConfig, images: ImageSet, going_on: Trained | None = None
    ) -> None:
        """Starts a run with just these. ValueError while another is on."""
        if self._worker is not None:
            raise ValueError("a run is on: stop it before another is started")
        from cnnplay.training.control import Control

        self._turn_page(going_on)
        self.failure = self._failed = None
        self._told, self._waiting = config, ""
        self._keeping.begin()
        self._worker = Worker(
            make_order(network, config, images, going_on),
            self._box,
            Control(),
            self.probes,
            self._recording,
        )
        self.progress.reset()
        self._postman.work()
        self.tempo.begin()
        self._worker.start()
        self._set_state("starting")
        self.history_changed.emit()

    def pause(self) -> None:
        """Waits after the batch at hand."""
        if self._worker is not None and self._state in ("starting", "running"):
            self._waiting = "pause"
            self._worker.control.pause()
            self.state_changed.emit()

    def resume(self) -> None:
        """Goes on after a pause."""
        if self._worker is not None and (self._state == "paused" or self.pausing):
            self._waiting = ""
            self._worker.control.resume()
            self.state_changed.emit()

    def single_step(self) -> None:
        """Learns from one batch and waits; a running run is paused, and without one a run is begun so."""
        if self._state == "idle" and not self.start():
            return
        if self._worker is None or self._state == "stopping":
            return
        if self._state == "starting":
            # Paused before it begins, and one batch asked for: the loop finds both.
            self._worker.control.pause()
        if self._state == "running":
            self._waiting = "pause"
        self._worker.control.step()
        self.state_changed.emit()

    def stop(self) -> None:
        """Ends the run after the batch at hand; its weights are kept."""
        if self._worker is not None and self._state != "stopping":
            self._worker.control.stop()
            self._set_state("stopping")

    def stop_and_train_this(self) -> None:
        """Ends the run, and then trains the network in the editor."""
        self._train_next = True
        self.stop()

    def bring_back(self) -> None:
        """The weights before the last run in place of those that it left; once more, and those are back."""
        before = self.store.before(self.editor.network)
        if before is not None and not self.why_not("bring_back"):
            shown = self.history
            self.adopt(before)
            self.previous = shown
            self.history_changed.emit()

    def shutdown(self) -> None:
        """Ends the run and joins its thread; its last words are still taken in."""
        self._train_next = False
        if self._worker is not None:
            self.stop()
            self._worker.join()
        self._postman.rest()

    def dismiss_failure(self) -> None:
        """How the last run failed was read, or mended."""
        self.failure = None
        self.state_changed.emit()

    # Looking

    def add_probe(self, probe: Callable[[Observation], None]) -> None:
        """Has `probe` called in the training thread, between batches, as often as 5 % of the time allows; the
        observations after an epoch, which hold a validation, reach every probe.
        """
        self.probes.add(probe)

    def remove_probe(self, probe: Callable[[Observation], None]) -> None:
        self.probes.remove(probe)

    def wake(self) -> None:
        """Has all probes look as soon as can be, in a pause too: another picture was chosen."""
        if self._worker is not None:
            self._worker.look()

    # What was trained elsewhere

    def adopt(self, trained: Trained | None) -> None:
        """Takes over the training of what was opened. None where it has no weights: others' are put aside."""
        self._keeping.adopt(trained, self.editor.network)
        self.history, self.previous = History(() if trained is None else trained.events), None
        self.failure = None
        self._tell_all()

    def forget(self) -> None:
        """Another document: no weights, no history. The run that is on ends first."""
        self.shutdown()
        self._keeping.clear()
        self.history, self.previous, self.failure = History(), None, None
        self._tell_all()

    # Mail

    def _deliver(self, mail: Mail) -> None:
        events, checkpoints, ended = sorted_letters(mail.letters)
        if events:
            self.history.extend(events)
            for event in events:
                if not isinstance(event, Stepped):
                    self._follow(event)
            self.progress.update(self.history)
        if checkpoints and self._worker is not None:
            self._keeping.keep(self._worker.order, checkpoints, self.history)
            self.weights_changed.emit()
        if events:
            self._pace_post()
            self.history_changed.emit()
        if any(isinstance(event, EpochDone) for event in events):
            self.epoch_done.emit()
        if ended is not None:
            self._end(ended)

    @Slot()
    def _pace_post(self) -> None:
        self._postman.every(self.tempo.rounds_ms(calm=self._state == "running" and not self._waiting))

    def _follow(self, event: BaseEvent) -> None:
        """What an event means for the state."""
        match event:
            case Started() if self._state == "starting":
                self._set_state("running")
            case Paused():
                self._waiting = ""
                self._set_state("paused" if self._state != "stopping" else "stopping")
            case Resumed() if self._state == "paused":
                self.progress.begin()
                self._set_state("running")
            case Failed():
                self.failure = event
            case _:
                pass

    def _end(self, ended: Ended) -> None:
        assert self._worker is not None
        self._worker.join()
        order, self._recording = self._worker.order, self._worker.recording
        self._worker = None
        if ended.result is not None:
            self._keeping.end(order, ended.result, self.history, self._recording.path)
        elif self.failure is None:
            self.failure = ended.failure(order.run)
        self._waiting, self._earlier = "", False
        self._set_state("idle")
        self._postman.rest()
        self.tempo.end()
        self.weights_changed.emit()
        self.history_changed.emit()
        if self.failure is not None:
            self._failed = order.network
            self.failed.emit()
        if self._train_next:
            self._train_next = False
            afresh = not self.can_go_on
            if not self.start(afresh=afresh):
                reason = self.why_not("afresh" if afresh else "train")
                self.editor.message.emit(f"the network here does not train: {reason}")

    def _turn_page(self, going_on: Trained | None) -> None:
        """Another run: its curves begin anew, or where those that it goes on with ended."""
        if going_on is not None and self._keeping.is_newest(going_on) and not self.history.empty:
            return
        if not self.history.empty:
            self.previous = self.history
        self.history = History(going_on.events if going_on is not None else ())

    def _probe_dropped(self, message: str, details: str) -> None:
        if self._worker is not None:
            self._worker.dropped(message, details)

    # What changes around it

    @Slot()
    def _editor_changed(self) -> None:
        order = self._worker.order if self._worker is not None else None
        self._earlier = order is not None and not order.network.same_structure(self.editor.network)
        if self._failed is not None and not self._failed.same_structure(self.editor.network):
            self.failure = self._failed = None  # it says nothing of this network
        self.state_changed.emit()

    @Slot()
    def _settings_changed(self) -> None:
        """What acts on a run that is on goes to it; what breaks its limits waits until it is mended."""
        if self._worker is not None:
            for name in live_settings():
                value = getattr(self.settings.config, name)
                if value != getattr(self._told, name) and not self.settings.fault_of(name):
                    self._told = msgspec.structs.replace(self._told, **{name: value})
                    self._worker.change(name, value)
        self.state_changed.emit()

    def _set_state(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()

    def _tell_all(self) -> None:
        self.state_changed.emit()
        self.weights_changed.emit()
        self.history_changed.emit()
