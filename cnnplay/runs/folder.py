"""A run is a folder: run.json, events.jsonl (append-only), best.safetensors and last.safetensors.

The folder is the truth. Every file but the events is written to a neighbour and renamed over the old one, so
a kill at any instant leaves whole files; of the events it can cut the last line short, which is read over.
"""

import secrets
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, TypeAlias

import msgspec
import platformdirs
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cnnplay.modules.atomic import replacing, write_bytes
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.runs.record import LARGEST, RunError, RunRecord, decode, encode, new_record
from cnnplay.spec.events import EpochDone, Event, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.job import Checkpoint, Result

__all__ = ["RunError", "RunFolder", "Which"]

Which: TypeAlias = Literal["best", "last"]

RECORD = "run.json"
EVENTS = "events.jsonl"


class RunFolder:
    """A run's folder, for the run itself (in a `with` block, which closes its events) and for readers.

    What a run writes raises OSError where the disk is full or the folder gone: training then ends with a
    failure whose cause is "disk", in words.
    """

    def __init__(self, path: Path, about: RunRecord) -> None:
        self.path = path
        self.about = about
        self._events: BinaryIO | None = None

    @classmethod
    def create(cls, path: str | Path | None, *, network: Network, config: TrainConfig, data_key: str) -> Self:
        """A new folder, which must not exist yet; without a path, one under the user's data, named after the
        network and the time. RunError where it cannot be made.
        """
        folder = _default_path(network.name) if path is None else Path(path).expanduser()
        about = new_record(folder.name, network, config, data_key)
        try:
            folder.mkdir(parents=True)
            write_bytes(folder / RECORD, encode(about))
            (folder / EVENTS).touch()
        except FileExistsError:
            raise RunError(f"{folder}: already exists; a run needs a folder of its own") from None
        except OSError as error:
            raise RunError(f"{folder}: cannot be made ({error.strerror or error})") from None
        return cls(folder, about)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """A folder that is there. RunError where it is no run."""
        folder = Path(path).expanduser()
        file = folder / RECORD
        try:
            if file.stat().st_size > LARGEST:
                raise RunError(f"{file}: larger than any run's; refused")
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            found = f"no {RECORD} in it" if folder.is_dir() else "no such folder"
            raise RunError(f"{folder}: not a run: {found}") from None
        except OSError as error:
            raise RunError(f"{file}: cannot be read ({error.strerror or error})") from None
        return cls(folder, decode(content, str(file)))

    @property
    def id(self) -> str:
        return self.about.run

    @property
    def network(self) -> Network:
        return self.about.network

    @property
    def config(self) -> TrainConfig:
        return self.about.config

    @property
    def data_key(self) -> str:
        return self.about.data

    @property
    def facts(self) -> DataFacts | None:
        """The classes and the preprocessing; None until the first weights were kept."""
        return self.about.facts

    @property
    def last_epoch(self) -> int:
        """The last epoch that was finished; 0 where none was."""
        return max((event.epoch for event in self.events() if isinstance(event, EpochDone)), default=0)

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept as the best."""
        epochs = [event.epoch for event in self.events() if isinstance(event, EpochDone) and event.best]
        return epochs[-1] if epochs else None

    def record(self, event: Event) -> None:
        """Appends an event. All but single steps reach the system at once."""
        if self._events is None:
            self._events = (self.path / EVENTS).open("ab")
        self._events.write(msgspec.json.encode(event) + b"\n")
        if not isinstance(event, Stepped):
            self._events.flush()

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keeps an epoch's weights as the last ones, and as the best where they are."""
        self._keep_facts(checkpoint.facts)
        about = {"epoch": str(checkpoint.epoch), "step": str(checkpoint.step)}
        self._write("last", checkpoint.weights, about)
        if checkpoint.best:
            self._write("best", checkpoint.weights, about)

    def close_with(self, result: Result) -> None:
        """Keeps the weights that a run ended with, also within an epoch, and closes the events."""
        if result.weights and result.facts is not None:
            self._keep_facts(result.facts)
            self._write("last", result.weights, {"epoch": str(result.last_epoch), "step": str(result.step)})
        self.close()

    def close(self) -> None:
        """Closes the events; a later one opens them again."""
        events, self._events = self._events, None
        if events is not None:
            events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def weights(self, which: Which = "best") -> Weights:
        """The weights of the best epoch (the last ones where no epoch was judged), or the last. RunError."""
        path = self.path / f"{which}.safetensors"
        if which == "best" and not path.exists():
            path = self.path / "last.safetensors"
        try:
            weights: Weights = load_file(path)
        except FileNotFoundError:
            raise RunError(f"{self.path}: the run has kept no weights yet") from None
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise RunError(f"{path}: cannot be read as weights ({error})") from None
        return weights

    def events(self) -> tuple[Event, ...]:
        """All events so far. A last line that was cut short is left out; any other damage is a RunError."""
        path = self.path / EVENTS
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event)
        events: list[Event] = []
        for number, line in enumerate(lines[:-1], 1):  # what follows the last line's end is cut short
            try:
                events.append(decoder.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise RunError(f"{path}, line {number}: not an event: {error}") from None
        return tuple(events)

    def _keep_facts(self, facts: DataFacts) -> None:
        if self.about.facts != facts:
            self.about = msgspec.structs.replace(self.about, facts=facts)
            write_bytes(self.path / RECORD, encode(self.about))

    def _write(self, which: Which, weights: Weights, about: dict[str, str]) -> None:
        path = self.path / f"{which}.safetensors"
        with replacing(path) as (neighbour,):
            try:
                save_file(weights, neighbour, metadata={"format": "pt", **about})
            except SafetensorError as error:
                raise OSError(f"{path}: {error}") from None


def _default_path(name: str) -> Path:
    """In the user's data, a folder that reads: network, date, time, and a mark that makes it the only one."""
    plain = "".join(sign if sign.isalnum() else "-" for sign in name.lower()).strip("-") or "run"
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    runs = platformdirs.user_data_path("cnnplay", appauthor=False) / "runs"
    return runs / f"{plain[:40]}-{now}-{secrets.token_hex(2)}"
