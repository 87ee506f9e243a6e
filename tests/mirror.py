"""A mirror on this machine that stalls, breaks off and forgets as they do, and small data sets for it."""

import gzip
import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypeAlias
from unittest.mock import patch

import numpy as np

from cnnplay.data.sources import Member, Source, SourceFile

Deed: TypeAlias = Literal[
    "serve", "ignore range", "stall", "trickle", "break off", "wrong", "longer", "portal", "missing", "ftp"
]
NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


class Mirror:
    """Serves `files`; `plan[name]` is what it does at the first, the second … request; then it serves.

    `asked` are (name, Range) of all requests; `stalled` is set once it fell silent.
    """

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"
        self.files: dict[str, bytes] = {}
        self.plan: dict[str, list[Deed]] = {}
        self.asked: list[tuple[str, str]] = []
        self.stalled = threading.Event()
        self.released = threading.Event()

    def next_deed(self, name: str) -> Deed:
        waiting = self.plan.get(name, [])
        return waiting.pop(0) if waiting else "serve"


@contextmanager
def mirror() -> Iterator[Mirror]:
    """A mirror while the block lasts; it is asked without a proxy."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made = _Handler.mirrors[server.server_port] = Mirror(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="mirror")
    thread.start()
    try:
        with patch.dict(os.environ, {"no_proxy": "*"}):
            yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
        del _Handler.mirrors[server.server_port]


class _Handler(BaseHTTPRequestHandler):
    mirrors: dict[int, Mirror] = {}

    def do_GET(self) -> None:
        made = self.mirrors[self.server.server_address[1]]
        name = self.path.rsplit("/", 1)[1]
        extent = self.headers.get("Range", "")
        made.asked.append((name, extent))
        deed = made.next_deed(name)
        content = made.files.get(name)
        if deed == "missing" or content is None:
            self.send_error(404)
            return
        if deed == "ftp":
            self.send_response(302)
            self.send_header("Location", "ftp://127.0.0.1/" + name)
            self.end_headers()
            return
        whole = len(content)
        start = int(extent.removeprefix("bytes=").rstrip("-")) if extent and deed != "ignore range" else 0
        body = self._body(deed, content[start:])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.end_headers()
        half = deed in ("stall", "break off")
        try:
            if deed == "trickle":
                for place in range(len(body)):
                    self.wfile.write(body[place : place + 1])
                    if made.released.wait(0.05):
                        return
            self.wfile.write(body[: len(body) // 2] if half else body)
            self.wfile.flush()
            if deed == "stall":
                made.stalled.set()
                made.released.wait(30)
        except OSError:
            pass  # who asked has gone

    def _body(self, deed: Deed, content: bytes) -> bytes:
        if deed == "wrong":
            return bytes(255 - value for value in content)
        if deed == "portal":
            return b"<html>log in first</html>"
        return content + b"more" if deed == "longer" else content

    def log_message(self, *_: object) -> None:
        pass


def idx(values: np.ndarray) -> bytes:
    """The bytes of an IDX file, before gzip."""
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes((0, 0, 8, values.ndim)) + sizes + values.tobytes()


def digits(
    address: str | tuple[str, ...], key: str = "mnist", train: int = 40, test: int = 10
) -> tuple[Source, dict[str, bytes]]:
    """A data set like MNIST with few images of noise, two classes turn by turn, and its files."""
    rng = np.random.default_rng(5)
    parts = []
    for count in (train, test):
        parts += [rng.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 2]
    files = {name: gzip.compress(idx(part), 1, mtime=0) for name, part in zip(NAMES, parts, strict=True)}
    mirrors = (address,) if isinstance(address, str) else address
    return Source(
        key=key,
        title="MNIST",
        about="noise",
        licence="none",
        format="idx",
        shape=(1, 28, 28),
        train=train,
        test=test,
        classes=("even", "odd"),
        mirrors=mirrors,
        files=tuple(published(name, content) for name, content in files.items()),
    ), files


def published(name: str, content: bytes) -> SourceFile:
    """A file as the table has it."""
    return SourceFile(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def tar_gz(members: dict[str, bytes]) -> bytes:
    """An archive of plain files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def photos(address: str) -> tuple[Source, dict[str, bytes], np.ndarray, np.ndarray]:
    """A data set like CIFAR-100 with few images of noise: itself, its file, their planes and labels."""
    rng = np.random.default_rng(6)
    planes = rng.integers(0, 256, (30, 3, 32, 32), np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 3
    records = np.concatenate([np.full((30, 1), 9, np.uint8), labels[:, None], planes.reshape(30, -1)], axis=1)
    members = {"cifar/train.bin": records[:24].tobytes(), "cifar/test.bin": records[24:].tobytes()}
    files = {"cifar.tar.gz": tar_gz({"cifar/names.txt": b"cat\ndog\nhen\n", **members})}
    return (
        Source(
            key="cifar-100",
            title="CIFAR-100",
            about="noise",
            licence="none",
            format="cifar",
            shape=(3, 32, 32),
            train=24,
            test=6,
            classes=("cat", "dog", "hen"),
            mirrors=(address,),
            files=(published("cifar.tar.gz", files["cifar.tar.gz"]),),
            label_bytes=2,
            members=(Member(name="cifar/train.bin", images=24), Member(name="cifar/test.bin", images=6)),
        ),
        files,
        planes,
        labels,
    )
