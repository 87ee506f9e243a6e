"""pyproject.toml against the tree: packages, pins, and what the scripts may name."""

import importlib.metadata
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
OURS = ("cnnplay", "resources", "packaging", "tests", ".ci")
TEXT = {".py", ".toml", ".txt", ".md", ".json", ".yml", ".yaml", ".cfg", ".ini", ".sh", ""}
# In pieces, so that this file does not name them either.
REGISTRIES = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("deb", "debian"))
]


def test_every_package_in_the_tree_is_listed_in_pyproject() -> None:
    tree = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "cnnplay").rglob("__init__.py")
    } | {"cnnplay.resources"}
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    assert not tree - listed, f"add to [tool.setuptools] packages in pyproject.toml: {sorted(tree - listed)}"
    assert not listed - tree, (
        f"remove from [tool.setuptools] packages in pyproject.toml: {sorted(listed - tree)}"
    )


def test_a_folder_with_code_in_it_is_a_package() -> None:
    bare = {
        path.parent for path in (ROOT / "cnnplay").rglob("*.py") if not (path.parent / "__init__.py").exists()
    }
    assert not bare, f"an __init__.py is missing in {sorted(map(str, bare))}"


def test_packaging_is_no_package_so_that_the_library_of_that_name_stays_visible() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_the_version_is_the_same_in_the_package_and_in_pyproject() -> None:
    text = (ROOT / "cnnplay" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{PROJECT["project"]["version"]}"' in text


def _needed(name: str, extras: frozenset[str], seen: set[str]) -> Iterator[str]:
    """Every distribution that this machine needs for `name` with these extras, itself included."""
    key = f"{canonicalize_name(name)}[{','.join(sorted(extras))}]"
    if key in seen:
        return
    seen.add(key)
    yield canonicalize_name(name)
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield from _needed(requirement.name, frozenset(requirement.extras), seen)


def test_every_dependency_is_pinned_the_transitive_ones_too() -> None:
    seen: set[str] = set()
    project = PROJECT["project"]
    everything = project["dependencies"] + [
        line for lines in project["optional-dependencies"].values() for line in lines
    ]
    needed = {
        name
        for requirement in map(Requirement, everything)
        if requirement.name != project["name"]
        for name in _needed(requirement.name, frozenset(requirement.extras), seen)
    }
    unpinned = {name for name in needed - set(PINS) if not name.startswith(("nvidia-", "cuda-", "triton"))}
    assert not unpinned, f"pin in packaging/constraints.txt: {sorted(unpinned)}"


def test_the_pins_lie_within_the_ranges_that_the_project_promises() -> None:
    for line in PROJECT["project"]["dependencies"]:
        requirement = Requirement(line)
        assert PINS[canonicalize_name(requirement.name)] in requirement.specifier, line


def test_torch_is_pinned_without_a_local_suffix() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", PINS["torch"])


def test_the_ci_script_calls_the_test_command_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    lines = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec python3 packaging/test.py"]
    if os.name == "posix":
        assert os.access(script, os.X_OK)


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_registry_host_is_named_anywhere(host: str) -> None:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in OURS for path in (ROOT / folder).rglob("*") if path.is_file()]
    named = [
        str(path.relative_to(ROOT))
        for path in files
        if path.suffix in TEXT
        and "__pycache__" not in path.parts
        and host in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert not named, f"{host} is named in {named}"
