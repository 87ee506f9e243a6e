"""What is probed outside a run: the network in the editor, with the weights that exist for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnplay.network.network import Network
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.look.look_text import problems_text, weights_text
from cnnplay.ui.look.model_inspector import ProbeTarget
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.ui.train.weights_cache import WeightsCache

LARGE = 30_000_000
"""An untrained network with more parameters is built only on request."""
BYTES_PER_WEIGHT = 6
"""Four, and some room for what is computed with them."""
LARGE_FOR_STACK = 5_000_000
"""A network with more parameters is not built for the strips and the prediction in the stack alone."""


class TargetSelector:
    """Selects the target, and knows why there is none."""

    def __init__(
        self, editor: EditorModel, cache: WeightsCache, data: DataModel, settings: SettingsModel
    ) -> None:
        self._editor, self._cache, self._data, self._settings = editor, cache, data, settings
        self._current: ProbeTarget | None = None
        self._allowed: Network | None = None

    def select(self) -> ProbeTarget:
        """What to probe now; the same object as long as nothing about it changed."""
        weights, facts = self._cache.weights, self._cache.facts
        target = ProbeTarget(
            self._editor.network,
            weights,
            self._settings.config.seed,
            facts.preprocessing if facts is not None and weights is not None else None,
            self._data.images,
            self._settings.config.initialisation,
        )
        old = self._current
        same = old is not None and target.same_module(old) and old.dataset is target.dataset
        if old is None or not same or old.preprocessing != target.preprocessing:
            self._current = target
            return target
        return old

    def forget(self) -> None:
        """Makes the next target a new object: a run came in between."""
        self._current = None

    def allow(self) -> None:
        """Lets the large untrained network in the editor be built."""
        self._allowed = self._editor.network

    @property
    def held_back(self) -> bool:
        """Whether the network is large and untrained, and nobody requested that it be built."""
        large = self._editor.report.parameters > LARGE and self._cache.weights is None
        return large and self._allowed is not self._editor.network

    @property
    def worth_for_stack(self) -> bool:
        """Whether to show strips and a prediction in the stack: for trained networks that build quickly."""
        return self._cache.weights is not None and self._editor.report.parameters <= LARGE_FOR_STACK

    def disabled_reason(self, has_image: bool, needs_image: bool) -> str:
        """Why nothing can be probed; "" when something can."""
        if not self._editor.network.stack:
            return "the network is empty: add layers in Build"
        if not self._editor.report.valid:
            return problems_text(self._editor.report)
        if needs_image and not has_image:
            return "choose a data set, open an image or draw one"
        if self.held_back:
            return self._too_large() or f"large and untrained: {weights_text(self._editor.report)}"
        return self._too_large()

    def _too_large(self) -> str:
        """Why random weights cannot be initialized for a probe; "" if they fit into the free memory."""
        if self._editor.report.parameters <= LARGE or self._cache.weights is not None:
            return ""
        from cnnplay.data.memory import available_bytes

        free = available_bytes()
        if self._editor.report.parameters * BYTES_PER_WEIGHT <= free:
            return ""
        return f"{weights_text(self._editor.report)}, do not fit in memory: {free / 1e6:,.0f} MB are free"
