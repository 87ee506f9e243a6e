"""What a study searches, stored with its trials, so that resuming it searches the same."""

from typing import Any, Literal

import msgspec
from optuna import Study, create_study
from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage
from sqlalchemy.exc import SQLAlchemyError

from cnnplay.network.codec import bounded
from cnnplay.network.network import Network
from cnnplay.search.errors import SearchError
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.space import Space, from_builtins, to_builtins
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import Metric, task_info
from cnnplay.spec.versions import newer_text

ATTRIBUTE = "cnnplay"
VERSION = 1
MACHINE = ("device", "threads", "checkpoint_every", "sync_batch_norm")
"""Settings that may differ between workers."""


class StudyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched. Sampler, pruner and seed are those that it started with."""

    version: int = VERSION
    network: Network
    config: TrainConfig
    data: str
    mark: str = ""
    """Identifies the validation split."""
    space: dict[str, Any]
    sampler: Sampler = "random"
    pruner: Pruner = "none"
    seed: int = 0
    trials: int = 0
    """How many were requested at first."""

    @property
    def metric(self) -> Metric:
        """What the study searches the best of."""
        return task_info(self.network.task).primary

    @property
    def searched(self) -> Space:
        return from_builtins(self.space, "the study")


def new_record(
    network: Network,
    config: TrainConfig,
    data: str,
    mark: str,
    space: Space,
    sampler: Sampler,
    pruner: Pruner,
    seed: int,
    trials: int,
) -> StudyRecord:
    """The record of a new study."""
    return StudyRecord(
        network=network,
        config=config,
        data=data,
        mark=mark,
        space=to_builtins(space),
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        trials=trials,
    )


def join_study(name: str, storage: BaseStorage, record: StudyRecord, where: str) -> Study:
    """Opens or creates the study of that name. SearchError if it searches something else."""
    direction: Literal["maximize", "minimize"]
    direction = "maximize" if record.metric.better == "higher" else "minimize"
    study = create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
    there = read_record(study, where)
    if there is None:
        there = _written(study, record, where)
    different = _difference(there, record)
    if different:
        raise SearchError(
            f"{where}: the study {name} has a different {different}, so its trials could not be compared. "
            f"Choose another name, or the same {different} as before"
        )
    return study


def _written(study: Study, record: StudyRecord, where: str) -> StudyRecord:
    """Writes the record of a study without one, unless another worker just did."""
    # Our workers write the record before their first trial. So if there are trials, read first, and still no
    # record, another program made them.
    foreign = bool(study.get_trials(deepcopy=False))
    there = read_record(study, where)
    if there is None and foreign:
        name = study.study_name
        raise SearchError(f"{where}: the study {name} was not made by CNN Playground; choose another name")
    if there is None:
        try:
            study.set_user_attr(ATTRIBUTE, msgspec.to_builtins(record))
        except (OptunaError, SQLAlchemyError):
            if read_record(study, where) is None:
                raise
        there = read_record(study, where)
    return there or record


def read_record(study: Study, where: str) -> StudyRecord | None:
    """The study's record; None if it has none. SearchError if it cannot be read."""
    found = study.user_attrs.get(ATTRIBUTE)
    return None if found is None else decoded(found, study.study_name, where)


def decoded(found: object, name: str, where: str) -> StudyRecord:
    """The record from a study's attribute. SearchError if it cannot be read."""
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise SearchError(f"{where}: study {name}: {newer_text(version, VERSION)}")
    try:
        record = msgspec.convert(found, StudyRecord)
        bounded(record.network)
    except (msgspec.ValidationError, ValueError) as error:
        raise SearchError(f"{where}: the description of the study {name} cannot be read: {error}") from None
    return record


def _difference(there: StudyRecord, here: StudyRecord) -> str:
    """What makes the trials of two records incomparable; "" if nothing does."""
    if not there.network.same_structure(here.network):
        return "network"
    if (there.data, there.mark) != (here.data, here.mark):
        return "data set"
    if there.searched != here.searched:
        return "space"
    one, other = (msgspec.structs.asdict(record.config) for record in (there, here))
    for name, value in one.items():
        if name not in MACHINE and name not in there.searched.vary and value != other[name]:
            return f"setting {name} ({value} before, {other[name]} now)"
    return ""
