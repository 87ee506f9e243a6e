"""The search thread: it gets its inputs when it is created, and reports only through the mailbox."""

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
class SearchInputs:
    """What the window asks for."""

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
    """The last message of every search. `error`: what went wrong; `details`: the traceback of a bug."""

    error: str = ""
    details: str = ""


class SearchWorker:
    """Runs one search in a thread."""

    def __init__(self, inputs: SearchInputs, box: Mailbox) -> None:
        self.inputs = inputs
        self._box = box
        self._stop = threading.Event()
        self._control: SearchControl | None = None
        self._thread = threading.Thread(target=self._work, name="cnnplay-search")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops the search after the current batch."""
        self._stop.set()
        if self._control is not None:
            self._control.stop()

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        try:
            from cnnplay.search.errors import SearchError, SearchFailure
            from cnnplay.search.optuna_extra import require_optuna

            try:
                # torch and Optuna are imported only here, when a search starts.
                require_optuna()
                self._search()
                self._box.put(SearchEnded())
            except (SearchError, SearchFailure) as error:
                self._box.put(SearchEnded(str(error)))
        except BaseException as error:
            # Whatever happens, the window must get the last message.
            self._box.put(SearchEnded(f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _search(self) -> None:
        from cnnplay.search.control import SearchControl
        from cnnplay.search.engine import SearchRequest, search
        from cnnplay.search.storage import default_url

        self._control = control = SearchControl()
        if self._stop.is_set():
            control.stop()
        inputs = self.inputs
        request = SearchRequest(
            network=inputs.network,
            config=inputs.config,
            images=inputs.images,
            space=inputs.space,
            study=inputs.study,
            storage=default_url(),
            trials=inputs.trials,
            sampler=inputs.sampler,
            pruner=inputs.pruner,
            seed=inputs.config.seed,
        )
        search(request, self._box.put, control)
