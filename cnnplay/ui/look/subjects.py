"""What is looked at while nothing trains: the network in the editor, with the weights there are for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnplay.network.network import Network
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.look.look_words import faults_words, weight_words
from cnnplay.ui.look.studio import Subject
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel

HEAVY = 30_000_000
"""Networks of more parameters are only built without being asked for where there are weights for them."""
BYTES_A_WEIGHT = 6
"""Four, and some room for what is computed with them."""
HEAVY_FOR_STACK = 5_000_000
"""… and for the strips and the prediction in the stack alone, networks of more than these are not built."""


class Subjects:
    """Chooses the subject, and knows why there is none."""

    def __init__(self, editor: EditorModel, run: RunModel, data: DataModel, settings: SettingsModel) -> None:
        self._editor, self._run, self._data, self._settings = editor, run, data, settings
        self._current: Subject | None = None
        self._allowed: Network | None = None

    def choose(self) -> Subject:
        """What to look at now; the same object as long as nothing about it changed."""
        weights, facts = self._run.weights, self._run.facts
        subject = Subject(
            self._editor.network,
            weights,
            self._settings.config.seed,
            facts.preprocessing if facts is not None and weights is not None else None,
            self._data.images,
            self._settings.config.initialisation,
        )
        old = self._current
        same = old is not None and subject.same_module(old) and old.images is subject.images
        if old is None or not same or old.preprocessing != subject.preprocessing:
            self._current = subject
            return subject
        return old

    def forget(self) -> None:
        """A run was on: what was seen before it is not looked at again."""
        self._current = None

    def allow(self) -> None:
        """Lets the large untrained network in the editor be built."""
        self._allowed = self._editor.network

    @property
    def held_back(self) -> bool:
        """Whether the network is large and untrained, and nobody asked for it to be built."""
        heavy = self._editor.report.parameters > HEAVY and self._run.weights is None
        return heavy and self._allowed is not self._editor.network

    @property
    def worth_for_stack(self) -> bool:
        """The stack shows strips and a prediction of trained networks that are quickly built."""
        return self._run.weights is not None and self._editor.report.parameters <= HEAVY_FOR_STACK

    def why_not(self, has_picture: bool, needs_picture: bool) -> str:
        """Why nothing can be looked at; "" when something can."""
        if not self._editor.network.stack:
            return "the network is empty: add blocks in Build"
        if not self._editor.report.valid:
            return faults_words(self._editor.report)
        if needs_picture and not has_picture:
            return "choose a data set, open a picture or draw one"
        if self.held_back:
            return self._too_large() or f"large and untrained: {weight_words(self._editor.report)}"
        return self._too_large()

    def _too_large(self) -> str:
        """Why fresh weights cannot be drawn for looking; "" where they fit into the free memory."""
        if self._editor.report.parameters <= HEAVY or self._run.weights is not None:
            return ""
        from cnnplay.data.memory import available_bytes

        free = available_bytes()
        if self._editor.report.parameters * BYTES_A_WEIGHT <= free:
            return ""
        return (
            f"{weight_words(self._editor.report)}, do not fit into the memory: {free / 1e6:,.0f} MB are free"
        )
