"""Downloads one file over HTTP in pieces, from any byte on; can be stopped at once, whatever the network
does.

A helper thread reads, because a name server, a handshake or a silent peer may block for long. Meanwhile the
iterating thread calls `waiting` ten times per second. Stopping shuts down the socket, which wakes the helper;
a helper stuck where nothing wakes it (in a name server lookup) is left to end by its own timeout.
"""

import http.client
import queue
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from cnnplay import __version__
from cnnplay.data.images import DataError

STALL_S = 20.0
"""After this many seconds without data, the next mirror is tried."""
LEAST_RATE = 2048
"""Bytes per second: a mirror that sends less, over `stall_s` seconds, is given up too."""
LOOK_S = 0.1
_PIECE = 2**18
_AHEAD = 8
_END_S = 1.0


class TransferError(DataError):
    """The network or the server did not deliver the file; the message says why."""


class TransferStart(NamedTuple):
    """The server's response: its data begins at byte `start`; the file has `size` bytes, if the server says
    so.
    """

    start: int
    size: int | None


class Transfer:
    """A context manager; `start` waits for the response, then iterating yields the pieces.

    `waiting` is called while there is no data and before each piece; it may raise. Raises TransferError if
    the server refuses, cannot be reached, or sends next to nothing for `stall_s` seconds.
    """

    def __init__(self, url: str, start: int, waiting: Callable[[], None], stall_s: float = STALL_S) -> None:
        self._url, self._start, self._waiting, self._stall_s = url, start, waiting, stall_s
        self._pieces: queue.Queue[TransferStart | bytes | TransferError | None] = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._work, name="cnnplay-transfer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for each in self._sockets:
            with suppress(OSError):
                # The plain socket's shutdown, also under TLS: do not wait for the TLS goodbye.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        self._thread.join(_END_S)

    def start(self) -> TransferStart:
        """Where the server's data begins: at the requested byte, or at 0 if the server cannot resume."""
        first = self._next()
        assert isinstance(first, TransferStart)
        return first

    def __iter__(self) -> Iterator[bytes]:
        begun, received = time.monotonic(), 0
        while (piece := self._next()) is not None:
            assert isinstance(piece, bytes)
            yield piece
            received += len(piece)
            passed = time.monotonic() - begun
            if passed > self._stall_s:
                if received < LEAST_RATE * passed:
                    raise TransferError(f"only {received / passed:,.0f} bytes/s")
                begun, received = time.monotonic(), 0

    def _next(self) -> TransferStart | bytes | None:
        until = time.monotonic() + self._stall_s
        while True:
            self._waiting()
            try:
                found = self._pieces.get(timeout=LOOK_S)
            except queue.Empty:
                if time.monotonic() > until:
                    raise TransferError(_stall_text(self._stall_s)) from None
                continue
            if isinstance(found, TransferError):
                raise found
            return found

    # In the helper thread

    def _work(self) -> None:
        try:
            self._receive()
            self._put(None)
        except TransferError as error:
            self._put(error)
        except urllib.error.HTTPError as error:
            error.close()
            self._put(TransferError(f"the server answered {error.code} {error.reason}"))
        except Exception as error:  # sockets, TLS and http.client raise many kinds
            self._put(TransferError(_error_text(error, self._stall_s)))

    def _receive(self) -> None:
        headers = {"User-Agent": f"cnnplay/{__version__}", "Accept-Encoding": "identity"}
        if self._start:
            headers["Range"] = f"bytes={self._start}-"
        request = urllib.request.Request(self._url, headers=headers)
        opener = urllib.request.build_opener(_Http(self._opened), _Https(self._opened), _WebOnly())
        with opener.open(request, timeout=self._stall_s) as response:
            self._put(_transfer_start(response, self._start))
            while not self._stop.is_set() and (piece := response.read1(_PIECE)):
                self._put(piece)

    def _opened(self, made: socket.socket) -> None:
        self._sockets.append(made)
        if self._stop.is_set():
            raise TransferError("cancelled")

    def _put(self, item: TransferStart | bytes | TransferError | None) -> None:
        while not self._stop.is_set():
            try:
                self._pieces.put(item, timeout=LOOK_S)
            except queue.Full:
                continue
            return


def _transfer_start(response: Any, asked: int) -> TransferStart:
    """Reads the response's headers."""
    length = response.headers.get("Content-Length", "")
    count = int(length) if length.isdecimal() else None
    if response.status != http.client.PARTIAL_CONTENT:
        return TransferStart(0, count)
    extent = response.headers.get("Content-Range", "")
    place, _, whole = extent.removeprefix("bytes ").partition("/")
    if place.partition("-")[0].strip() != str(asked):
        raise TransferError(f"expected the bytes from {asked:,} on; got {extent or 'no Content-Range'}")
    return TransferStart(asked, int(whole) if whole.isdecimal() else None)


def _error_text(error: Exception, stall_s: float) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return _stall_text(stall_s)
    if isinstance(reason, socket.gaierror):
        return "its address cannot be resolved (is there a network connection?)"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _stall_text(stall_s: float) -> str:
    return f"no data for {stall_s:g} s"


class _SocketReporter:
    """A connection that passes on its socket, so that another thread can shut it down."""

    def __init__(self, *args: Any, opened: Callable[[socket.socket], None], **more: Any) -> None:
        super().__init__(*args, **more)
        self._report = opened

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._report(self.sock)  # type: ignore[attr-defined]


class _Connection(_SocketReporter, http.client.HTTPConnection):
    pass


class _SafeConnection(_SocketReporter, http.client.HTTPSConnection):
    pass


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https alone."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in ("http", "https"):
            fp.close()
            raise TransferError(f"expected a redirect to http or https; got {scheme or 'no address'}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, opened: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._report = opened

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, opened=self._report), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, opened: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._report = opened

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SafeConnection, opened=self._report), req)
