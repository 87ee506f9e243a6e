"""What a run's folder says of the run, in ``run.json``."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import msgspec

from cnnplay.network.codec import NetworkFormatError, checked
from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts, misfit

VERSION = 3
"""1 lacked `mark`, 2 the settings from `checkpoint_every` on."""
LARGEST = 64 * 2**20
"""A longer run.json is none of ours."""


class RunError(ValueError):
    """A folder that is no run, or one that cannot be written; the message is for people."""


class RunWriteError(RunError):
    """The disk, not the request, is the reason."""


class RunDamage(RunError):
    """A file does not hold what was written into it."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run: what was trained, on what, how, and where. `facts` are known once the pictures are read.

    A field that is unknown is refused, as in a project: to read over it would be to train another network
    than the one described. Who adds one raises VERSION.
    """

    format: Literal["cnnplay-run"] = "cnnplay-run"
    version: int = VERSION
    run: str
    created: str
    network: Network
    config: TrainConfig
    data: str
    mark: str = ""
    """Of the pictures that validate, as the data set gives it; "" where it is not known."""
    facts: DataFacts | None = None
    environment: dict[str, str] = {}


def new_record(run: str, network: Network, config: TrainConfig, data: str, mark: str = "") -> RunRecord:
    """A record of a run that begins now, here."""
    return RunRecord(
        run=run,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        network=network,
        config=config,
        data=data,
        mark=mark,
        environment=_environment(),
    )


def encode(record: RunRecord) -> bytes:
    """The record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2)


def decode(content: bytes, where: str) -> RunRecord:
    """The record in some JSON; RunError, naming `where` it was read, when it is none."""
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.format != "cnnplay-run":
            raise RunError(f"{where}: not a run of CNN Playground; its format is {head.format!r}")
        if head.version > VERSION:
            raise RunError(
                f"{where}: written by a newer CNN Playground (version {head.version} of the format; "
                f"this program reads up to {VERSION})"
            )
        record = msgspec.json.decode(content, type=RunRecord)
        checked(record.network)
    except (msgspec.MsgspecError, UnicodeDecodeError, NetworkFormatError) as error:
        raise RunError(f"{where}: not a run: {error}") from None
    except RecursionError:
        raise RunError(f"{where}: not a run: nested too deeply") from None
    words = "" if record.facts is None else misfit(record.facts, record.network)
    if words:
        raise RunError(f"{where}: not a run: {words}")
    return record


class _Head(msgspec.Struct):
    """What all versions have, read before the rest so that a newer one is named as such."""

    format: str
    version: int


def _environment() -> dict[str, str]:
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
    }
    for package in ("torch", "numpy", "cnn-playground"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
