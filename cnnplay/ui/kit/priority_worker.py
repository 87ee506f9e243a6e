"""One worker thread with priorities: a new request of a kind replaces the waiting one of that kind."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnplay.ui.kit.mailbox import Mailbox

KINDS = ("image", "probe", "thumbnails", "evaluate", "overview")
"""The kinds of requests, the most urgent first."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Reply:
    """The outcome of a request: a value, or a message that says why there is none."""

    kind: str
    request: int
    value: Any = None
    error: str = ""


class PriorityWorker:
    """Works in a thread of its own, started by the first request, and puts a `Reply` per request into a
    mailbox. `on_submit` is called with each request, in the submitting thread, so that polling can start.

    Requests are numbered; the receiver drops all replies except those to the newest request of a kind. Long
    work calls `yield_to_urgent` now and then: waiting requests of more urgent kinds are done there.
    """

    def __init__(
        self, box: Mailbox, on_submit: Callable[[], None] = lambda: None, name: str = "cnnplay-worker"
    ) -> None:
        self._box = box
        self._on_submit = on_submit
        self._name = name
        self._condition = threading.Condition()
        self._waiting: dict[str, tuple[int, Callable[[], Any]]] = {}
        self._newest = dict.fromkeys(KINDS, 0)
        self._working = ""
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is waiting or running."""
        with self._condition:
            return bool(self._waiting or self._working)

    def newest(self, kind: str) -> int:
        """The number of the newest request of a kind; 0 if there was none."""
        return self._newest[kind]

    def submit(self, kind: str, work: Callable[[], Any]) -> int:
        """Queues work in place of the waiting request of that kind. Returns the request's number."""
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
        self._on_submit()
        return number

    def discard(self, kind: str) -> None:
        """Drops the waiting request of a kind; the reply of a running one is outdated."""
        with self._condition:
            self._newest[kind] += 1
            self._waiting.pop(kind, None)

    def is_outdated(self, kind: str, number: int) -> bool:
        """Whether a request was replaced or discarded, so that its work can stop."""
        return self._stopped or number != self._newest[kind]

    def report(self, key: str, value: Any) -> None:
        """Posts progress from inside the work; only the latest value is delivered."""
        self._box.post(key, value)

    def yield_to_urgent(self, kind: str) -> None:
        """Does waiting requests that are more urgent. Called from inside work of that `kind`."""
        for urgent in KINDS[: KINDS.index(kind)]:
            with self._condition:
                taken = self._waiting.pop(urgent, None)
            if taken is not None and not self._stopped:
                self._do(urgent, *taken)

    def stop(self) -> None:
        """Ends the thread and waits for it; waiting requests are dropped."""
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
            # torch reports exhausted memory as a RuntimeError. A failed probe never takes the window down.
            log.warning("%s request failed", kind, exc_info=True)
            reply = Reply(kind, number, error=f"this cannot be computed here: {str(error).splitlines()[0]}")
        except Exception as error:
            log.exception("%s request failed", kind)
            reply = Reply(kind, number, error=f"this cannot be shown: {error}")
        with self._condition:
            # Together, so that whoever finds the worker idle finds the reply in the mailbox.
            self._box.put(reply)
            if last:
                self._working = ""
