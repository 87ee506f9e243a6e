from typing import Any

import pytest

from cnnplay.project.errors import ProjectError
from cnnplay.project.migrations import MIGRATIONS, VERSION, migrate


def _rename(document: dict[str, Any]) -> dict[str, Any]:
    """What a step looks like: "data" was called "dataset" in version 1 of this made-up format."""
    rest = {key: value for key, value in document.items() if key != "dataset"}
    return {**rest, "data": document["dataset"]}


def _nest(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "data": {"key": document["data"]}}


def test_an_old_document_goes_through_every_step_in_order() -> None:
    found = migrate({"version": 1, "dataset": "mnist"}, (_rename, _nest))
    assert found == {"version": 3, "data": {"key": "mnist"}}


def test_a_document_in_between_goes_through_the_rest_alone() -> None:
    assert migrate({"version": 2, "data": "mnist"}, (_rename, _nest)) == {
        "version": 3,
        "data": {"key": "mnist"},
    }


def test_the_newest_document_is_left_as_it_is() -> None:
    assert migrate({"version": 3, "data": 1}, (_rename, _nest)) == {"version": 3, "data": 1}


def test_a_newer_version_is_refused() -> None:
    with pytest.raises(ProjectError, match=r"newer CNN Playground \(version 9; .* up to 3\): update"):
        migrate({"version": 9}, (_rename, _nest))


@pytest.mark.parametrize("version", [None, 0, -1, 1.0, "1", True, [], pytest.param(10**5000, id="huge")])
def test_an_invalid_version_is_refused(version: object) -> None:
    with pytest.raises(ProjectError, match="version"):
        migrate({"version": version})


def test_the_version_counts_the_steps() -> None:
    assert len(MIGRATIONS) + 1 == VERSION
