"""One thread that looks: the newest request of a kind replaces the one that waits."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnplay.ui.kit.mailbox import Mailbox

KINDS = ("picture", "glance", "thumbnails", "judge", "overview")
"""What may be asked for, the most urgent first."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Reply:
    """What came of a request: a value, or words that say why there is none."""

    kind: str
    request: int
    value: Any = None
    error: str = ""


class PriorityWorker:
    """Does work in a thread of its own, from the first request on, and puts `Reply`s into a box.
    `asked` is called, in the asking thread, with each request: somebody has to empty the box.

    Requests are numbered; whoever opens the box drops replies to all but the newest of a kind. Work that
    takes long calls `breathe` now and then: what is more urgent is done there, in between.
    """

    def __init__(
        self, box: Mailbox, asked: Callable[[], None] = lambda: None, name: str = "cnnplay-looker"
    ) -> None:
        self._box = box
        self._asked = asked
        self._name = name
        self._condition = threading.Condition()
        self._waiting: dict[str, tuple[int, Callable[[], Any]]] = {}
        self._newest = dict.fromkeys(KINDS, 0)
        self._working = ""
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is waiting or being worked at."""
        with self._condition:
            return bool(self._waiting or self._working)

    def newest(self, kind: str) -> int:
        """The number of the newest request of that kind; 0 when there was none."""
        return self._newest[kind]

    def ask(self, kind: str, work: Callable[[], Any]) -> int:
        """Asks for work to be done; what was waiting of this kind is given up. The request's number."""
        with self._condition:
            self._newest[kind] += 1
            number = self._newest[kind]
            if self._stopped:
                return number
            self._waiting[kind] = (number, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()
        self._asked()
        return number

    def forget(self, kind: str) -> None:
        """Gives up what waits of a kind; a reply that is on its way has an old number."""
        with self._condition:
            self._newest[kind] += 1
            self._waiting.pop(kind, None)

    def outdated(self, kind: str, number: int) -> bool:
        """Whether a request was replaced or given up, so that working on is for nothing."""
        return self._stopped or number != self._newest[kind]

    def tell(self, key: str, news: Any) -> None:
        """Inside work: puts into the box how far it is; only the newest is delivered."""
        self._box.post(key, news)

    def breathe(self, kind: str) -> None:
        """Inside work of that kind: does what waits and is more urgent."""
        for urgent in KINDS[: KINDS.index(kind)]:
            with self._condition:
                taken = self._waiting.pop(urgent, None)
            if taken is not None and not self._stopped:
                self._do(urgent, *taken)

    def stop(self) -> None:
        """Ends the thread and waits for it; what waits is given up."""
        with self._condition:
            self._stopped = True
            self._waiting.clear()
            self._condition.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                kind = next(kind for kind in KINDS if kind in self._waiting)
                number, work = self._waiting.pop(kind)
                self._working = kind
            self._do(kind, number, work, last=True)

    def _do(self, kind: str, number: int, work: Callable[[], Any], last: bool = False) -> None:
        try:
            reply = Reply(kind, number, work())
        except ValueError as error:  # DataError, BuildError, ProbeError: written for people
            reply = Reply(kind, number, error=str(error))
        except (MemoryError, RuntimeError) as error:
            # torch reports exhausted memory as a RuntimeError. Looking never takes the window down.
            log.warning("looking failed", exc_info=True)
            reply = Reply(kind, number, error=f"this cannot be computed here: {str(error).splitlines()[0]}")
        except Exception as error:
            log.exception("looking failed")
            reply = Reply(kind, number, error=f"this cannot be shown: {error}")
        with self._condition:
            # Together, so that whoever finds the looker idle finds the reply in the box.
            self._box.put(reply)
            if last:
                self._working = ""
