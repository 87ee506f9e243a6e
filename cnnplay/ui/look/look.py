"""Look inside: one image, and what the network computes for it, live from the run or from stored weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from cnnplay.shapes.infer import infer
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.preprocessing_cache import PreprocessingCache
from cnnplay.ui.kit.devices import torch_is_imported
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.kit.priority_worker import PriorityWorker
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.look.evaluation import EvaluationModel, no_evaluation_reason
from cnnplay.ui.look.evaluation_result import EvaluationResult
from cnnplay.ui.look.image_choice import ImageChoiceModel
from cnnplay.ui.look.live_probe import LiveProbe
from cnnplay.ui.look.look_text import (
    image_hint,
    live_text,
    partly_trained_text,
    trained_text,
    untrained_text,
    weights_text,
)
from cnnplay.ui.look.look_tiles import Prediction
from cnnplay.ui.look.map_focus import MapFocus
from cnnplay.ui.look.model_inspector import ModelInspector, ProbeTarget, StoredProbeResult
from cnnplay.ui.look.model_inspector import Origin as StoredOrigin
from cnnplay.ui.look.probe import Filters, Floats, Maps, ProbeRequest, ProbeResult
from cnnplay.ui.look.probe_target import TargetSelector
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.shapes.report import Report
    from cnnplay.ui.train.run import RunModel

Origin: TypeAlias = Literal["nothing", "live"] | StoredOrigin
SOON_MS = 30
EVALUATION_MS = 1500
"""Between two evaluations of a run that are shown."""
LATER_MS = 250
LIVE_MS = 100
"""Between two polls of the run's mailbox: each wakes the window's thread, which takes a core from the run."""
STAGGER_MS = 12
"""Between two signals about a live result."""
PARTS = ("maps", "filters", "prediction", "strips", "others")


class LookModel(QObject):
    """What the views of Look inside (and the filters and maps of Train) show.

    A visible view says with `want` what it shows; nothing else is computed. `maps_changed`, `filters_changed`
    and so on, `others_changed` for probes: there is something new to show. `state_changed`: where it comes
    from, or why there is nothing, changed. `focus` holds the selected map and pixel, `image_choice` the
    image, `evaluation` the evaluation on the validation images.
    """

    maps_changed = Signal()
    filters_changed = Signal()
    prediction_changed = Signal()
    strips_changed = Signal()
    others_changed = Signal()
    state_changed = Signal()
    options_changed = Signal()

    def __init__(
        self,
        editor: EditorModel,
        run: RunModel,
        data: DataModel,
        settings: SettingsModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.editor, self.run, self.data, self.settings = editor, run, data, settings
        self._live_box = Mailbox()
        self._live_poller = MailboxPoller(self._live_box, self._deliver_live, self, LIVE_MS)
        self._worker = PriorityWorker(self)
        self._live_probe = LiveProbe(self._live_box, lambda: run.redraw_rate.interval_s)
        self.rules = PreprocessingCache()
        self._inspector = ModelInspector(self.rules)
        self._waiting_evaluation: EvaluationResult | None = None
        self._evaluation_pause = QTimer(self, interval=EVALUATION_MS, singleShot=True)
        self._evaluation_pause.timeout.connect(self._show_evaluation)
        run.recorder.shown.connect(self._show_evaluation)
        self._targets = TargetSelector(editor, run.weights_cache, data, settings)
        self.image_choice = ImageChoiceModel(data, self._worker, self)
        self.focus = MapFocus(self)
        self.evaluation = EvaluationModel(self._worker, self._inspector, data, self.image_choice, self)
        self.evaluation.failed.connect(self._set_problem)
        self._wanted: dict[str, set[int]] = {}
        self._request = ProbeRequest()
        self._submitted: ProbeRequest | None = None
        self._target: ProbeTarget | None = None
        self._result: ProbeResult | None = None
        self._origin: Origin = "nothing"
        self._untrained: tuple[str, ...] = ()
        self._problem = ""
        self._state_watch = OnChange(self.state_changed, self._where_from)
        self._activated = True
        self._soon = Throttle(self._probe, SOON_MS, self)
        self._later = QTimer(self, interval=LATER_MS, singleShot=True)
        self._later.timeout.connect(self._probe)
        self._changed_parts: list[str] = []
        self._stagger = QTimer(self, interval=STAGGER_MS)
        self._stagger.timeout.connect(self._emit_next)
        self._connect()

    def _connect(self) -> None:
        for signal in (
            self.editor.changed,
            self.editor.selection_changed,
            self.run.state_changed,
            self.settings.changed,
            self.data.changed,
            self.image_choice.changed,
        ):
            signal.connect(self.refresh)
        self.run.weights_cache.changed.connect(self._weights_changed)
        self.run.probes.add(self._live_probe.observe)

    # what is shown

    @property
    def result(self) -> ProbeResult | None:
        """The newest probe result."""
        return self._result

    @property
    def maps(self) -> Maps | None:
        return self._result.maps if self._result is not None else None

    @property
    def filters(self) -> Filters | None:
        return self._result.filters if self._result is not None else None

    @property
    def strips(self) -> dict[str, Floats]:
        """By convolution: its first maps n × h × w, as fractions of the color scale."""
        return self._result.strips if self._result is not None else {}

    def other(self, key: str) -> Any:
        """What the probe with this key returned; None if there is nothing."""
        return self._result.others.get(key) if self._result is not None else None

    @property
    def input(self) -> Floats | None:
        """The image after preprocessing, C × H × W: what the network gets."""
        return self._result.input if self._result is not None else None

    @property
    def prediction(self) -> Prediction | None:
        if self._result is None or self._result.probabilities is None:
            return None
        image, classes = self._result.request.image, self.image_choice.classes
        truth = image.truth if image else None
        learned = self.run.classes if self._origin != "untrained" else ()
        if learned and learned != classes:
            # The network was trained on other classes than those of the data set chosen since.
            classes, truth = learned, None
        return Prediction(self._result.probabilities, classes, truth)

    @property
    def origin(self) -> Origin:
        return self._origin

    @property
    def live(self) -> bool:
        return self.run.state in ("running", "paused", "stopping")

    @property
    def busy(self) -> bool:
        """Whether something requested has not been probed, or not been announced yet."""
        timers = (self._soon.isActive(), self._later.isActive(), self._stagger.isActive())
        return any(timers) or self._worker.busy

    @property
    def problem(self) -> str:
        """Why there is nothing to show; "" while there is."""
        return self._problem

    @property
    def held_back(self) -> str:
        """The size of a large untrained network that waits for `build_anyway`; else ""."""
        held_back = self._targets.held_back and not self.live
        return weights_text(self.editor.report) if held_back else ""

    @property
    def too_large_for_stack(self) -> bool:
        """Whether a trained network is so large that it is not built for the stack alone."""
        return not self._targets.worth_for_stack

    @property
    def text(self) -> str:
        """Where what is shown comes from: ``live, epoch 3``, ``trained weights``, ``untrained: …``."""
        if self._problem:
            return self._problem
        if self._origin == "live" and self._result is not None:
            return live_text(self._result.epoch, self.editor.current, self._result.network)
        if self._origin == "untrained":
            return untrained_text(self.settings.config.seed)
        if self._origin == "partly":
            return partly_trained_text(self._untrained)
        return trained_text(self.run.weights_cache.trained) if self._origin == "trained" else ""

    @property
    def image_hint(self) -> str:
        """Why the result of an opened or drawn image may surprise; "" for those of the data set."""
        return image_hint(self._result, self._origin in ("live", "trained", "partly"))

    @property
    def activated(self) -> bool:
        """Whether maps are shown after the activation that follows their layer."""
        return self._activated

    @property
    def report(self) -> Report | None:
        """Shapes and receptive fields of the probed network."""
        return infer(self._result.network) if self._result is not None else None

    # what the user chooses

    def want(self, kind: str, viewer: object, on: bool) -> None:
        """A view that shows this became visible, or is not visible any more: maps, filters, prediction, stack
        (the strips on the cards and the prediction below them), evaluation, or a probe by its key.
        """
        viewers = self._wanted.setdefault(kind, set())
        if (id(viewer) in viewers) == on:
            return
        (viewers.add if on else viewers.discard)(id(viewer))
        self.refresh()

    def set_activated(self, on: bool) -> None:
        """Shows maps after the activation that follows their layer, or before it."""
        if on != self._activated:
            self._activated = on
            self.options_changed.emit()
            self.refresh()

    def open_file(self, path: Any) -> None:
        """Chooses an image file (for example, one dropped on the window)."""
        self.image_choice.open_file(path)

    def choose(self, index: int) -> None:
        """Chooses an image of the data set."""
        self.image_choice.choose(index)

    def top_losses_disabled_reason(self) -> str:
        """Why the top losses cannot be shown; "" when they can."""
        has_data, has_weights = self.data.images is not None, self.run.weights_cache.weights is not None
        has_result, of_other_data = self.evaluation.result is not None, self.evaluation.of_other_data
        return no_evaluation_reason(has_data, has_weights, self.live, has_result, of_other_data)

    def show_top_losses(self) -> None:
        """Shows the most confident mistakes beside the chosen image, and chooses the worst."""
        self.evaluation.show_top_losses()
        self.refresh()

    def build_anyway(self) -> None:
        """Builds the large untrained network on screen so that it can be probed."""
        self._targets.allow()
        self.refresh()

    # probing

    @Slot()
    def _weights_changed(self) -> None:
        if not self.live:  # a run probes itself
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Probes again soon. Call when something that the result depends on may have changed."""
        self._soon.request()

    def _where_from(self) -> tuple[str, str]:
        """What `state_changed` names. Not the epoch of a live result: each brings its own, and the views draw
        it anyway."""
        return self._origin, "" if self._origin == "live" and not self._problem else self.text

    def _wants(self) -> set[str]:
        return {kind for kind, viewers in self._wanted.items() if viewers}

    @Slot()
    def _probe(self) -> None:
        """Makes a new request and hands it to the run, or to the worker thread."""
        wanted = self._wants()
        stack = {"strips", "prediction"} if "stack" in wanted else set()
        request = ProbeRequest(
            image=self.image_choice.image,
            selected=self.editor.current,
            activated=self._activated,
            parts=frozenset(wanted - {"stack", "evaluation"} | stack),
        )
        # An equal request stays the same object, so that nothing is probed twice.
        again = request.same(self._request)
        self._request = self._live_probe.request = self._request if again else request
        if self.live:
            self._worker.discard("probe")
            self.evaluation.cancel()
            self._set_problem("")
            self._target = None
            self._targets.forget()
            self._live_poller.start()
            if not again:
                self.run.wake()
        else:
            self._live_poller.stop()
            self._probe_stored()

    def _probe_stored(self) -> None:
        # The application imports torch once the window is shown: a probe does not import it earlier.
        if not torch_is_imported():
            self._later.start()
            return
        before, self._target = self._target, self._targets.select()
        wanted = self._wants()
        needs_image = "filters" not in wanted
        problem = self._targets.disabled_reason(self._request.image is not None, needs_image)
        only_stack = not wanted - {"stack", "evaluation"}
        if problem or (only_stack and not self._targets.worth_for_stack):
            self._worker.discard("probe")
            self._submitted = None
            self.evaluation.consider(self._target, False)
            self._show(None, "nothing", problem)
            return
        if not self._request.empty and (self._target is not before or self._submitted is not self._request):
            self._submitted = self._request
            target, request = self._target, self._request
            self._worker.submit(
                "probe",
                lambda _: self._inspector.probe(target, request),
                self._probed,
                self._probe_failed,
            )
        self.evaluation.consider(self._target, "evaluation" in wanted)

    # what comes back

    def _deliver_live(self, mail: Mail) -> None:
        found = mail.latest.get("probe")
        # A result of an older request is shown, too, unless it is of another image: the next one follows.
        if found is not None and found.request.image is self._request.image:
            self._show(found, "live")
        elif "problem" in mail.latest:
            self._set_problem(mail.latest["problem"])
        if "evaluation" in mail.latest:
            self._waiting_evaluation = mail.latest["evaluation"]
            if self.run.state != "running":  # its epoch may have been announced before
                self._show_evaluation()

    @Slot()
    def _show_evaluation(self) -> None:
        """Shows the newest evaluation with the other numbers of its epoch, and not too often: epochs of small
        networks end several times a second.
        """
        result, last = self._waiting_evaluation, self.run.history.last
        if self._evaluation_pause.isActive() or result is None or last is None or result.epoch > last.epoch:
            return
        self._waiting_evaluation = None
        self.evaluation.set_result(result)
        self._evaluation_pause.start()
        self.refresh()  # after a run, its network or weights may have been replaced since

    def _probed(self, found: StoredProbeResult) -> None:
        self._untrained = found.untrained
        self._show(found.result, found.origin)

    def _probe_failed(self, error: str) -> None:
        self._show(None, "nothing", error)

    def _show(self, found: ProbeResult | None, origin: Origin, problem: str = "") -> None:
        before, self._result = self._result, found
        self._origin, self._problem = origin, problem
        results = [result for result in (found, before) if result is not None]
        self._changed_parts = [part for part in PARTS if any(result.has(part) for result in results)]
        if self._state_watch.pending:
            self._changed_parts.append("state")
        while self._changed_parts and origin != "live":
            self._emit_next()
        if self._changed_parts:
            self._stagger.start()

    @Slot()
    def _emit_next(self) -> None:
        """Emits one signal. Those of a live result are staggered: no redraw blocks the window for long."""
        if self._changed_parts:
            part = self._changed_parts.pop(0)
            if part == "state":
                self._state_watch.check()
            else:
                signal: SignalInstance = getattr(self, f"{part}_changed")
                signal.emit()
        if not self._changed_parts:
            self._stagger.stop()

    @Slot(str)
    def _set_problem(self, problem: str) -> None:
        self._problem = problem
        self._state_watch.check()
