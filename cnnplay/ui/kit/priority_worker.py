"""One worker thread with priorities: a new request of a kind replaces the waiting one of that kind."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject

from cnnplay.ui.kit.background import Closing
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller

KINDS = ("image", "probe", "thumbnails", "evaluate", "overview")
"""The kinds of requests, the most urgent first."""

log = logging.getLogger(__name__)


class Request:
    """A request as its work sees it: long work calls `yield_to_urgent` often, and ends once `outdated`."""

    def __init__(
        self,
        worker: "PriorityWorker",
        kind: str,
        number: int,
        work: Callable[["Request"], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        progressed: Callable[[Any], None],
        keep: bool,
    ) -> None:
        self._worker = worker
        self.kind, self.number, self.work = kind, number, work
        self.done, self.failed, self.progressed, self.keep = done, failed, progressed, keep

    @property
    def outdated(self) -> bool:
        """Whether it was replaced or discarded."""
        return self._worker.is_outdated(self)

    def report(self, value: Any) -> None:
        """Reports progress; only the latest value is delivered."""
        self._worker.box.post(self.kind, (self, value))

    def yield_to_urgent(self) -> None:
        """Does the waiting requests that are more urgent."""
        self._worker.do_urgent(self.kind)


class Reply(msgspec.Struct, frozen=True):
    """The outcome of a request: a value, or a message that says why there is none."""

    request: Request
    value: Any = None
    error: str = ""


class PriorityWorker(Closing):
    """Works in a thread of its own, started by the first request. Results are delivered in the window's
    thread, unless the request is outdated by then.
    """

    def __init__(self, parent: QObject | None = None, name: str = "worker") -> None:
        super().__init__(parent)
        self.box = Mailbox()
        self._poller = MailboxPoller(self.box, self._deliver, self)
        self._name = f"cnnplay-{name}"
        self._condition = threading.Condition()
        self._waiting: dict[str, Request] = {}
        self._newest = dict.fromkeys(KINDS, 0)
        self._working = False
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is waiting or running, or its result is not delivered yet."""
        return self._poller.active

    def submit(
        self,
        kind: str,
        work: Callable[[Request], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None] = lambda _: None,
        progressed: Callable[[Any], None] = lambda _: None,
        keep: bool = False,
    ) -> None:
        """Queues `work(request)` in place of the waiting request of that kind. With `keep`, its result is
        delivered even if it is outdated."""
        with self._condition:
            if self._stopped:
                return
            number = self._newest[kind] = self._newest[kind] + 1
            self._waiting[kind] = Request(self, kind, number, work, done, failed, progressed, keep)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()
        self._poller.start()

    def discard(self, kind: str) -> None:
        """Drops the waiting request of a kind; a running one is outdated."""
        with self._condition:
            self._newest[kind] += 1
            self._waiting.pop(kind, None)

    def is_outdated(self, request: Request) -> bool:
        return self._stopped or self._newest[request.kind] != request.number

    def do_urgent(self, kind: str) -> None:
        """Does, in the worker's thread, the waiting requests that are more urgent than those of `kind`."""
        for urgent in KINDS[: KINDS.index(kind)]:
            with self._condition:
                request = self._waiting.pop(urgent, None)
            if request is not None:
                self._do(request)

    def begin_close(self) -> None:
        with self._condition:
            self._stopped = True
            self._waiting.clear()
            self._condition.notify()

    def close(self) -> None:
        self.begin_close()
        if self._thread is not None:
            self._thread.join()
        self.box.drain()
        self._poller.stop()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                kind = next(kind for kind in KINDS if kind in self._waiting)
                request = self._waiting.pop(kind)
                self._working = True
            self._do(request, last=True)
            del request  # or its data would stay until the next one

    def _do(self, request: Request, last: bool = False) -> None:
        try:
            reply = Reply(request, request.work(request))
        except ValueError as error:  # DataError, BuildError, ProbeError: written for people
            reply = Reply(request, error=str(error))
        except (MemoryError, RuntimeError) as error:
            # torch reports exhausted memory as a RuntimeError. A failed probe never takes the window down.
            log.warning("%s request failed", request.kind, exc_info=True)
            reply = Reply(request, error=f"this cannot be computed here: {str(error).splitlines()[0]}")
        except Exception as error:
            log.exception("%s request failed", request.kind)
            reply = Reply(request, error=f"this cannot be shown: {error}")
        with self._condition:
            # Together, so that whoever finds the worker idle finds the reply in the mailbox.
            self.box.put(reply)
            if last:
                self._working = False

    def _deliver(self, mail: Mail) -> None:
        for request, value in mail.latest.values():
            if not request.outdated:
                request.progressed(value)
        for reply in mail.messages:
            request = reply.request
            if request.keep or not request.outdated:
                if reply.error:
                    request.failed(reply.error)
                else:
                    request.done(reply.value)
        with self._condition:
            idle = not (self._waiting or self._working)
        if idle:
            self._poller.stop()
