"""The thread that searches: all that it needs is captured when it is made, and it speaks by mail alone."""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnplay.network.network import Network
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.space import Space
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.mailbox import Mailbox

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.search.control import SearchControl


@dataclass(frozen=True)
class SearchWish:
    """What was asked for in the window."""

    network: Network
    config: TrainConfig
    images: ImageSet
    space: Space
    study: str
    trials: int
    sampler: Sampler
    pruner: Pruner


@dataclass(frozen=True)
class SearchEnded:
    """The last letter of every search. `error`: what went wrong; `details` where nobody foresaw it."""

    error: str = ""
    details: str = ""


class SearchWorker:
    """One search in one thread."""

    def __init__(self, wish: SearchWish, box: Mailbox) -> None:
        self.wish = wish
        self._box = box
        self._stop = threading.Event()
        self._control: SearchControl | None = None
        self._thread = threading.Thread(target=self._work, name="cnnplay-search")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the batch at hand."""
        self._stop.set()
        if self._control is not None:
            self._control.stop()

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        try:
            from cnnplay.search.errors import SearchError, SearchTrouble
            from cnnplay.search.needed import require

            try:
                # torch and Optuna are imported here, in the thread, and not before somebody searches.
                require()
                self._search()
                self._box.put(SearchEnded())
            except (SearchError, SearchTrouble) as error:
                self._box.put(SearchEnded(str(error)))
        except BaseException as error:
            # Nothing but the end of the process may keep the window waiting for the last letter.
            self._box.put(SearchEnded(f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _search(self) -> None:
        from cnnplay.search.control import SearchControl
        from cnnplay.search.engine import SearchOrder, search
        from cnnplay.search.storage import default_url

        self._control = control = SearchControl()
        if self._stop.is_set():
            control.stop()
        wish = self.wish
        order = SearchOrder(
            network=wish.network,
            config=wish.config,
            images=wish.images,
            space=wish.space,
            study=wish.study,
            storage=default_url(),
            trials=wish.trials,
            sampler=wish.sampler,
            pruner=wish.pruner,
            seed=wish.config.seed,
        )
        search(order, self._box.put, control)
