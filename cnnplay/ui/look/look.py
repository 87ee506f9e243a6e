"""Looking inside: one picture, and what the network makes of it, live from the run or from stored weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from cnnplay.shapes.infer import infer
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.rules import Rules
from cnnplay.ui.kit.devices import torch_is_imported
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.priority_worker import PriorityWorker, Reply
from cnnplay.ui.look.eye import Eye
from cnnplay.ui.look.glance import Filters, Floats, Glance, Maps, Wish
from cnnplay.ui.look.judged import Judged
from cnnplay.ui.look.judging import JudgeModel, why_no_verdict
from cnnplay.ui.look.look_tiles import Prediction
from cnnplay.ui.look.look_words import (
    live_words,
    partly_words,
    trained_words,
    untrained_words,
    weight_words,
)
from cnnplay.ui.look.map_focus import MapFocus
from cnnplay.ui.look.picture_choice import PictureModel
from cnnplay.ui.look.studio import Origin as StoredOrigin
from cnnplay.ui.look.studio import Seen, Studio, Subject
from cnnplay.ui.look.subjects import Subjects
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.shapes.report import Report
    from cnnplay.ui.train.run import RunModel

Origin: TypeAlias = Literal["nothing", "live"] | StoredOrigin
Kind: TypeAlias = Literal["maps", "filters", "prediction", "stack", "judged"]
"""What a view may want: "stack" are the strips on the cards and the prediction below them."""

SOON_MS = 30
VERDICT_MS = 1500
"""Between two verdicts of a run that are shown."""
LATER_MS = 250
LIVE_MS = 100
"""Between two rounds of the post from a run: each wakes the window's thread, which takes a core from it."""
TELL_MS = 12
"""Between two pieces of a live look."""
NEWS = ("maps", "filters", "prediction", "strips")


class LookModel(QObject):
    """What the views of Look inside (and the filters and maps of Train) show.

    A view says with `want` what it shows while it is visible; nothing else is computed. `maps_changed`,
    `filters_changed`, `prediction_changed`, `strips_changed`: there is something new to show.
    `state_changed`: where it comes from, or why there is nothing. `focus` holds which map and pixel
    are chosen, `pictures` the picture, `judge` the verdict on the validation pictures.
    """

    maps_changed = Signal()
    filters_changed = Signal()
    prediction_changed = Signal()
    strips_changed = Signal()
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
        self._box, self._live_box = Mailbox(), Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._live_postman = MailboxPoller(self._live_box, self._deliver_live, self, LIVE_MS)
        self._looker = PriorityWorker(self._box, self._postman.work)
        self._eye = Eye(self._live_box, lambda: run.tempo.seconds)
        self.rules = Rules()
        self._studio = Studio(self.rules)
        self._verdict: Judged | None = None
        self._verdict_pause = QTimer(self, interval=VERDICT_MS, singleShot=True)
        self._verdict_pause.timeout.connect(self._take_verdict)
        self._subjects = Subjects(editor, run, data, settings)
        self.pictures = PictureModel(data, self._looker, self)
        self.focus = MapFocus(self)
        self.judge = JudgeModel(self._looker, self._studio, data, self.pictures, self)
        self._wanted: dict[Kind, set[int]] = {}
        self._wish = Wish()
        self._asked: Wish | None = None
        self._subject: Subject | None = None
        self._glance: Glance | None = None
        self._origin: Origin = "nothing"
        self._fresh: tuple[str, ...] = ()
        self._problem = ""
        self._activated = True
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._look)
        self._later = QTimer(self, interval=LATER_MS, singleShot=True)
        self._later.timeout.connect(self._look)
        self._news: list[str] = []
        self._teller = QTimer(self, interval=TELL_MS)
        self._teller.timeout.connect(self._tell)
        self._connect()

    def _connect(self) -> None:
        for signal in (
            self.editor.changed,
            self.editor.selection_changed,
            self.run.state_changed,
            self.settings.changed,
            self.data.changed,
            self.pictures.changed,
        ):
            signal.connect(self.refresh)
        self.run.add_probe(self._eye.look)

    # what is shown

    @property
    def glance(self) -> Glance | None:
        """The newest look."""
        return self._glance

    @property
    def maps(self) -> Maps | None:
        return self._glance.maps if self._glance is not None else None

    @property
    def filters(self) -> Filters | None:
        return self._glance.filters if self._glance is not None else None

    @property
    def strips(self) -> dict[str, Floats]:
        """By convolution, its first maps n × h × w, as fractions of the colour scale."""
        return self._glance.strips if self._glance is not None else {}

    @property
    def input(self) -> Floats | None:
        """What the network saw of the picture, C × H × W, after preprocessing."""
        return self._glance.input if self._glance is not None else None

    @property
    def prediction(self) -> Prediction | None:
        if self._glance is None or self._glance.probabilities is None:
            return None
        picture, classes = self._glance.wish.picture, self.pictures.classes
        truth = picture.truth if picture else None
        learned = self.run.classes if self._origin != "untrained" else ()
        if learned and learned != classes:
            # What it learned to tell apart are other things than the pictures chosen since.
            classes, truth = learned, None
        return Prediction(self._glance.probabilities, classes, truth)

    @property
    def origin(self) -> Origin:
        return self._origin

    @property
    def live(self) -> bool:
        return self.run.state in ("running", "paused", "stopping")

    @property
    def busy(self) -> bool:
        """Whether something that was asked for has not been looked at, or not been told yet."""
        timers = (self._soon.isActive(), self._later.isActive(), self._teller.isActive())
        return any(timers) or self._postman.working or self._looker.busy

    @property
    def problem(self) -> str:
        """Why there is nothing to show; "" while there is."""
        return self._problem

    @property
    def held_back(self) -> str:
        """What `build_anyway` would cost, while a large untrained network is not built for looking alone."""
        held_back = self._subjects.held_back and not self.live
        return weight_words(self.editor.report) if held_back else ""

    @property
    def words(self) -> str:
        """Where what is shown comes from: ``live, epoch 3``, ``trained weights``, ``untrained: …``."""
        if self._problem:
            return self._problem
        if self._origin == "live" and self._glance is not None:
            return live_words(self._glance.epoch, self.editor.current, self._glance.network)
        if self._origin == "untrained":
            return untrained_words(self.settings.config.seed)
        if self._origin == "partly":
            return partly_words(self._fresh)
        return trained_words(self.run.trained) if self._origin == "trained" else ""

    @property
    def activated(self) -> bool:
        """Whether maps are shown after the activation behind their layer."""
        return self._activated

    @property
    def report(self) -> Report | None:
        """Shapes and receptive fields of the network that was looked into."""
        return infer(self._glance.network) if self._glance is not None else None

    # what people choose

    def want(self, kind: Kind, viewer: object, on: bool) -> None:
        """A view is on screen and shows this, or is not any more."""
        viewers = self._wanted.setdefault(kind, set())
        if (id(viewer) in viewers) == on:
            return
        (viewers.add if on else viewers.discard)(id(viewer))
        self.refresh()

    def set_activated(self, on: bool) -> None:
        """Maps after the activation behind their layer, or before it."""
        if on != self._activated:
            self._activated = on
            self.options_changed.emit()
            self.refresh()

    def open_file(self, path: Any) -> None:
        """Looks at a picture file (dropped on the window, for one)."""
        self.pictures.open_file(path)

    def choose(self, index: int) -> None:
        """Looks at a picture of the data set."""
        self.pictures.choose(index)

    def why_no_worst(self) -> str:
        """Why the most wrong pictures cannot be shown; "" when they can."""
        has_data, has_weights = self.data.images is not None, self.run.weights is not None
        has_verdict, elsewhere = self.judge.judged is not None, self.judge.elsewhere
        return why_no_verdict(has_data, has_weights, self.live, has_verdict, elsewhere)

    def show_worst(self) -> None:
        """Puts the most wrong pictures beside the chosen one, and chooses the worst."""
        self.judge.show_worst()
        self.refresh()

    def build_anyway(self) -> None:
        """Builds the large untrained network on screen for looking into it."""
        self._subjects.allow()
        self.refresh()

    # looking

    @Slot()
    def refresh(self) -> None:
        """Something that decides what is seen may have changed: looks again soon."""
        if not self._soon.isActive():
            self._soon.start()

    def shutdown(self) -> None:
        """Ends the thread; nothing is delivered afterwards."""
        self._soon.stop()
        self._teller.stop()
        self._later.stop()
        self.run.remove_probe(self._eye.look)
        self._looker.stop()
        for postman, box in ((self._postman, self._box), (self._live_postman, self._live_box)):
            box.empty()
            postman.rest()

    def _wants(self, *kinds: Kind) -> bool:
        return any(self._wanted.get(kind) for kind in kinds)

    @Slot()
    def _look(self) -> None:
        """Makes the wish anew and hands it to the run, or to the looking thread."""
        wish = Wish(
            picture=self.pictures.picture,
            selected=self.editor.current,
            activated=self._activated,
            maps=self._wants("maps"),
            filters=self._wants("filters"),
            strips=self._wants("stack"),
            prediction=self._wants("prediction", "stack"),
        )
        # The same wish stays the same object, so that nothing is looked at twice.
        again = wish.same(self._wish)
        self._wish = self._eye.wish = self._wish if again else wish
        if self.live:
            self._looker.forget("glance")
            self.judge.cancel()
            self._set_problem("")
            self._subject = None
            self._subjects.forget()
            self._live_postman.work()
            if not again:
                self.run.wake()
        else:
            self._live_postman.rest()
            self._look_stored()

    def _look_stored(self) -> None:
        # torch is imported by the application, once the window stands: not for a glance before that.
        if not torch_is_imported():
            self._later.start()
            return
        before, self._subject = self._subject, self._subjects.choose()
        needs_picture = not self._wish.filters
        problem = self._subjects.why_not(self._wish.picture is not None, needs_picture)
        only_stack = not self._wants("maps", "filters", "prediction")
        if problem or (only_stack and not self._subjects.worth_for_stack):
            self._looker.forget("glance")
            self._asked = None
            self._show(None, "nothing")
            self._set_problem(problem)
            return
        if not self._wish.empty and (self._subject is not before or self._asked is not self._wish):
            self._asked = self._wish
            subject, wish = self._subject, self._wish
            self._looker.ask("glance", lambda: self._studio.look(subject, wish))
        self.judge.consider(self._subject, self._wants("judged"))

    # what comes back

    def _deliver_live(self, mail: Mail) -> None:
        found = mail.pictures.get("glance")
        # A look for an older wish is shown too, save where it is of another picture: the next is on its way.
        if found is not None and found.wish.picture is self._wish.picture:
            self._set_problem("")
            self._show(found, "live")
        elif "problem" in mail.pictures:
            self._set_problem(mail.pictures["problem"])
        if "judged" in mail.pictures:
            self._verdict = mail.pictures["judged"]
            if not self._verdict_pause.isActive():
                self._take_verdict()

    @Slot()
    def _take_verdict(self) -> None:
        """Epochs of small networks end several times a second; the newest verdict is shown now and then."""
        verdict, self._verdict = self._verdict, None
        if verdict is not None:
            self.judge.take(verdict)
            self._verdict_pause.start()

    def _deliver(self, mail: Mail) -> None:
        if "judging" in mail.pictures:
            self.judge.got_to(*mail.pictures["judging"])
        for letter in mail.letters:
            assert isinstance(letter, Reply)
            self._take(letter)
        if not self._looker.busy:
            self._postman.rest()

    def _take(self, reply: Reply) -> None:
        if reply.kind == "thumbnails":
            self.pictures.thumbnails_came(reply.value or {})
        elif reply.request != self._looker.newest(reply.kind):
            return
        elif reply.kind == "picture":
            self.pictures.picture_came(reply.value, reply.error)
        elif reply.error:
            self._set_problem(reply.error)
            if reply.kind == "glance":
                self._show(None, "nothing")
        elif reply.kind == "glance":
            assert isinstance(reply.value, Seen)
            self._fresh = reply.value.fresh
            self._set_problem("")
            self._show(reply.value.glance, reply.value.origin)
        else:
            self.judge.came(reply.value)

    def _show(self, found: Glance | None, origin: Origin) -> None:
        before, self._glance = self._glance, found
        said = self.words if before is not None else ""
        self._origin = origin
        if found is None and before is None:
            return
        looks = [look for look in (found, before) if look is not None]
        self._news = [part for part in NEWS if any(look.has(part) for look in looks)]
        if self.words != said or before is None or found is None:
            self._news.append("state")
        while self._news and origin != "live":
            self._tell()
        if self._news:
            self._teller.start()

    @Slot()
    def _tell(self) -> None:
        """Tells of one thing. A live look is told in pieces: no redraw holds the window up for long."""
        if self._news:
            signal: SignalInstance = getattr(self, f"{self._news.pop(0)}_changed")
            signal.emit()
        if not self._news:
            self._teller.stop()

    def _set_problem(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self.state_changed.emit()
