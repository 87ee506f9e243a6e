"""The eye in the thread that trains: what it is asked to see, as often as people can follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnplay.ui.kit.mailbox import Mailbox
from cnnplay.ui.look.glance import Wish, glance
from cnnplay.ui.look.judged import judged

if TYPE_CHECKING:
    from cnnplay.training.job import Observation


class Eye:
    """A probe of a run. `wish` is set by the window's thread, in one assignment; the run's calls `look`.

    Into the box it puts the newest "glance", "judged" after an epoch, or the "problem" that it had.
    """

    def __init__(
        self, box: Mailbox, pause: Callable[[], float], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """`pause` says how many seconds lie between two looks for the same wish; the run's thread asks it."""
        self.wish = Wish()
        self._box = box
        self._pause = pause
        self._clock = clock
        self._last: tuple[Wish | None, float] = (None, 0.0)

    def look(self, seen: Observation) -> None:
        """One forward pass of one picture, at most; nothing while nothing is wished for."""
        verdict = seen.validation
        if verdict is not None:
            found = judged(seen.prepared.images, verdict.indices, verdict.probabilities, seen.epoch)
            self._box.post("judged", found)
        wish, now = self.wish, self._clock()
        if wish.empty or (wish is self._last[0] and now - self._last[1] < self._pause()):
            return
        self._last = (wish, now)
        try:
            glanced = glance(seen.module, wish, seen.prepared.preprocessing, seen.step, seen.epoch)
        except ValueError as error:  # a picture that cannot become this network's input, for one
            self._box.post("problem", str(error))
        else:
            self._box.post("glance", glanced)
