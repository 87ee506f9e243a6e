"""project.json: a project without weights and history."""

from typing import Any

import msgspec

from cnnplay.network.codec import NetworkFormatError, checked
from cnnplay.network.network import Network
from cnnplay.project.errors import ProjectError, one_line
from cnnplay.project.migrations import VERSION, migrate
from cnnplay.project.project import Project
from cnnplay.spec.events import Count, Ordinal
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts, facts_mismatch

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


def project_json(project: Project) -> bytes:
    """A project as indented JSON, without weights and history."""
    document = Document(
        network=project.network,
        config=project.config,
        data=project.data_key,
        facts=project.facts,
        best_epoch=project.best_epoch,
        last_epoch=project.last_epoch,
        trained_network=project.trained_network,
        trained_config=project.trained_config,
        view=dict(project.view),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_document(text: bytes) -> Project:
    """The project in project.json, without weights and history. ProjectError if it is not one."""
    try:
        data = msgspec.json.decode(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ProjectError(f'expected an object with "format": "{FORMAT}"')
        document = msgspec.convert(migrate(data), Document)
        for network in (document.network, document.trained_network):
            if network is not None:
                checked(network)
    except (msgspec.MsgspecError, NetworkFormatError, UnicodeDecodeError) as error:
        raise ProjectError(one_line(error)) from None
    except RecursionError:
        raise ProjectError("expected at most a few hundred levels of nesting; found more") from None
    project = Project(
        network=document.network,
        config=document.config,
        data_key=document.data,
        facts=document.facts,
        best_epoch=document.best_epoch,
        last_epoch=document.last_epoch,
        trained_network=document.trained_network,
        trained_config=document.trained_config,
        view=document.view,
    )
    check_facts(project)
    return project


def check_facts(project: Project) -> None:
    """ProjectError if the classes or the preprocessing cannot belong to the trained network."""
    problem = "" if project.facts is None else facts_mismatch(project.facts, project.network_of_weights)
    if problem:
        raise ProjectError(problem)
