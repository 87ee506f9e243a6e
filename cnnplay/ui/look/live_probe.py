"""The probe of a running training: shows what the visible views request, as often as people can follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnplay.ui.kit.mailbox import Mailbox
from cnnplay.ui.look.evaluation_result import evaluation_result
from cnnplay.ui.look.probe import ProbeRequest, probe

if TYPE_CHECKING:
    from cnnplay.training.job import Observation


class LiveProbe:
    """`request` is set by the window's thread, in one assignment; the training thread calls `observe`.

    It posts the newest "probe" result, an "evaluation" after each epoch, or the "problem" that it met.
    """

    def __init__(
        self, box: Mailbox, pause: Callable[[], float], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """`pause` gives the seconds between two probes for the same request; the training thread calls it."""
        self.request = ProbeRequest()
        self._box = box
        self._pause = pause
        self._clock = clock
        self._last: tuple[ProbeRequest | None, float] = (None, 0.0)

    def observe(self, seen: Observation) -> None:
        """Runs one forward pass of one image at most; none while nothing is requested."""
        if seen.validation is not None:
            self._show_evaluation(seen, seen.validation.details)
        request, now = self.request, self._clock()
        if request.empty or (request is self._last[0] and now - self._last[1] < self._pause()):
            return
        self._last = (request, now)
        try:
            result = probe(seen.module, request, seen.prepared.preprocessing, seen.step, seen.epoch)
        except ValueError as error:  # for example, an image that cannot become this network's input
            self._box.post("problem", str(error))
        else:
            self._box.post("probe", result)

    def _show_evaluation(self, seen: Observation, details: object) -> None:
        from cnnplay.training.classification import ClassResults

        if isinstance(details, ClassResults):
            dataset, network = seen.prepared.dataset, seen.module.network
            found = evaluation_result(dataset, details.indices, details.probabilities, seen.epoch, network)
            self._box.post("evaluation", found)
