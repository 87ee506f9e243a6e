"""Listing the studies of a storage, and opening one to view or resume it."""

from pathlib import Path

import msgspec
from optuna import load_study
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url

from cnnplay.search.coordination import rows_of
from cnnplay.search.errors import SearchError
from cnnplay.search.importance import importances
from cnnplay.search.record import ATTRIBUTE, StudyRecord, decoded
from cnnplay.search.rows import TrialRow, best_of, counted
from cnnplay.search.storage import display_url, storage_at
from cnnplay.spec.tasks import Metric


class StudySummary(msgspec.Struct, frozen=True):
    """A study in a list."""

    name: str
    network: str
    data: str
    trials: int
    best: float | None
    metric: Metric
    """What `best` is the best of."""


class StudyFound(msgspec.Struct, frozen=True):
    """An opened study."""

    name: str
    record: StudyRecord
    rows: tuple[TrialRow, ...]
    importance: dict[str, float]


def list_studies(url: str) -> tuple[StudySummary, ...]:
    """All studies made by CNN Playground, the newest first. SearchFailure."""
    if _absent(url):
        return ()
    with storage_at(url) as storage:
        found = []
        for study in storage.get_all_studies():
            attribute = study.user_attrs.get(ATTRIBUTE)
            if attribute is None:
                continue
            try:
                record = decoded(attribute, study.study_name, display_url(url))
            except SearchError:  # from a newer version
                continue
            rows = rows_of(load_study(study_name=study.study_name, storage=storage))
            best = best_of(rows, record.metric)
            found.append(
                StudySummary(
                    study.study_name,
                    record.network.name,
                    record.data,
                    counted(rows),
                    None if best is None else best.value,
                    record.metric,
                )
            )
    return tuple(reversed(found))


def open_study(name: str, url: str) -> StudyFound:
    """A study's record and trials. SearchError if there is none of that name; SearchFailure."""
    if _absent(url):
        raise SearchError(f"{display_url(url)}: no such file")
    with storage_at(url) as storage:
        return _opened(name, storage, display_url(url))


def _opened(name: str, storage: RDBStorage, where: str) -> StudyFound:
    try:
        study = load_study(study_name=name, storage=storage)
    except KeyError:
        raise SearchError(f"{where}: no study is called {name}") from None
    attribute = study.user_attrs.get(ATTRIBUTE)
    if attribute is None:
        raise SearchError(f"{where}: the study {name} was not made by CNN Playground")
    return StudyFound(name, decoded(attribute, name, where), rows_of(study), importances(study))


def _absent(url: str) -> bool:
    """Whether it is an SQLite file that does not exist; opening it would create it."""
    parts = make_url(url)
    return parts.get_backend_name() == "sqlite" and not Path(parts.database or "").exists()
