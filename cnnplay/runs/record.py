"""The description of a run, in ``run.json`` in its folder."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import msgspec

from cnnplay.network.codec import NetworkFormatError, bounded
from cnnplay.network.json_bounds import integer_problem, size_problem
from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts, facts_mismatch
from cnnplay.spec.versions import newer_text

VERSION = 3
"""Version 1 had no `mark`, version 2 not the settings from `checkpoint_every` on."""
LARGEST = 16 * 2**20
"""Bytes; a larger run.json is not ours."""
MOST_VALUES = 1_000_000
"""In its JSON."""


class RunError(ValueError):
    """Not a run's folder, or one that cannot be used; the message is for people."""


class RunWriteError(RunError):
    """Writing failed because of the disk, not the request."""


class RunDamage(RunError):
    """A file does not contain what was written to it."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is trained, on which data, with which settings and where. `facts` are known once the images are
    read.

    Unknown fields are refused, as in a project: ignoring one could mean training another network than the one
    described. Raise VERSION when you add a field.
    """

    format: Literal["cnnplay-run"] = "cnnplay-run"
    version: int = VERSION
    run: str
    created: str
    network: Network
    config: TrainConfig
    data: str
    mark: str = ""
    """Identifies the validation split, as the data set gives it; "" if unknown."""
    facts: DataFacts | None = None
    environment: dict[str, str] = {}


def new_record(run: str, network: Network, config: TrainConfig, data: str, mark: str = "") -> RunRecord:
    """The record of a run that starts now on this machine."""
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
    """The record in JSON. RunError, naming `where` it was read, if it is not one."""
    problem = size_problem(content, MOST_VALUES)
    if problem:
        raise RunError(f"{where}: not a run: {problem}")
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.format != "cnnplay-run":
            raise RunError(f"{where}: not a run of CNN Playground; its format is {head.format!r}")
        if head.version > VERSION:
            raise RunError(f"{where}: {newer_text(head.version, VERSION)}")
        record = msgspec.json.decode(content, type=RunRecord)
        bounded(record.network)
    except (msgspec.MsgspecError, UnicodeDecodeError, NetworkFormatError) as error:
        raise RunError(f"{where}: not a run: {error}") from None
    except RecursionError:
        raise RunError(f"{where}: not a run: nested too deeply") from None
    problem = "" if record.facts is None else facts_mismatch(record.facts, record.network)
    problem = problem or _date_problem(record.created)
    problem = problem or integer_problem(msgspec.to_builtins(record.config), "config")
    if problem:
        raise RunError(f"{where}: not a run: {problem}")
    return record


def _date_problem(text: str) -> str:
    """Why a text is not a date; "" if it is one. Runs are sorted by it, and TensorBoard counts from it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return f"created: expected a date and time, as in 2026-01-31T12:00:00+00:00; found {text[:40]!r}"
    return ""


class _Head(msgspec.Struct):
    """What all versions have, read first, so that a newer version is reported as such."""

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
