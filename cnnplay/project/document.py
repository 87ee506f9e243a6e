"""project.json: a project without weights and history."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cnnplay.network.codec import NetworkFormatError, bounded
from cnnplay.network.json_bounds import integer_problem
from cnnplay.network.network import Network
from cnnplay.project import archive
from cnnplay.project.errors import ProjectError, one_line
from cnnplay.project.migrations import VERSION, migrate
from cnnplay.spec.events import Count, Ordinal
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts, facts_mismatch

if TYPE_CHECKING:
    from cnnplay.project.project import Project

FORMAT = "cnnplay-project"


class Document(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of project.json in its newest version."""

    format: str = FORMAT
    version: int = VERSION
    network: Network
    config: TrainConfig
    data: str
    facts: DataFacts | None = None
    best_epoch: Ordinal | None = None
    last_epoch: Count = 0
    trained_network: Network | None = None
    trained_config: TrainConfig | None = None
    view: dict[str, Any] = {}

    @property
    def network_of_weights(self) -> Network:
        return self.network if self.trained_network is None else self.trained_network


def project_json(project: "Project") -> bytes:
    """A project as indented JSON, without weights and history."""
    trained = project.trained
    document = Document(
        network=project.network,
        config=project.config,
        data=project.data_key,
        facts=trained.facts if trained else None,
        best_epoch=trained.best_epoch if trained else None,
        last_epoch=trained.last_epoch if trained else 0,
        trained_network=trained.network if trained else None,
        trained_config=trained.config if trained else None,
        view=dict(project.view),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_document(text: bytes) -> Document:
    """What is in project.json. ProjectError if it is not that of a project."""
    try:
        data = msgspec.json.decode(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ProjectError(f'expected an object with "format": "{FORMAT}"')
        document = msgspec.convert(migrate(data), Document)
        for network in (document.network, document.trained_network):
            if network is not None:
                bounded(network)
    except (msgspec.MsgspecError, NetworkFormatError, UnicodeDecodeError) as error:
        raise ProjectError(one_line(error)) from None
    except RecursionError:
        raise ProjectError("expected at most a few hundred levels of nesting; found more") from None
    configs = {"config": document.config, "trained_config": document.trained_config}
    problem = integer_problem(msgspec.to_builtins(configs))
    if problem:
        raise ProjectError(problem)
    check_facts(document.facts, document.network_of_weights)
    return document


def described(path: Path) -> Document:
    """What a project's file describes, without its weights and history: needs no torch. ProjectError."""
    try:
        with archive.Archive(path) as opened:
            return read_document(opened.read(archive.PROJECT))
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ProjectError as error:
        raise ProjectError(f"{path.name}: {error}") from None


def check_facts(facts: DataFacts | None, trained: Network) -> None:
    """ProjectError if the classes or the preprocessing cannot belong to the trained network."""
    problem = "" if facts is None else facts_mismatch(facts, trained)
    if problem:
        raise ProjectError(problem)
