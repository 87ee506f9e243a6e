"""Sets up as run.py does, then runs all checks:  python3 packaging/test.py [arguments for pytest]

Lint, format, types and layers come first, each even if another failed; pytest is last, so that its summary
ends the output. The exit status is 0 only if everything passed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a clear message before newer syntax is parsed
    sys.exit(
        f"CNN Playground needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})"
    )

import os
import subprocess

from console import SetupError, Steps, say
from qt_check import OFFSCREEN
from setup_env import ROOT, SETUP_STEPS, prepare, venv_python

CHECKS = {
    "lint (ruff check)": ["ruff", "check", "--output-format=concise", "."],
    "format (ruff format)": ["ruff", "format", "--check", "--output-format=concise", "."],
    "types (mypy)": ["mypy"],
    "layers (import-linter)": ["lint-imports"],
}

SHARED = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile"]
"""Distribute test files over several processes; the tests of a file stay together."""


def main(arguments: list[str]) -> int:
    """Sets up and runs every check; returns pytest's status, or 1 if only another check failed."""
    steps = Steps(SETUP_STEPS + len(CHECKS) + 1)
    try:
        prepare(frozenset({"onnx", "test"}), OFFSCREEN, steps)
        failed = [title for title, command in CHECKS.items() if not check(title, command, steps)]
        say(
            f"FAILED before the tests: {', '.join(failed)}"
            if failed
            else "All checks before the tests passed"
        )
        say(f"[{steps.total}/{steps.total}] tests (pytest) …")
        status = subprocess.run(
            [*tool("pytest"), *SHARED, *arguments], cwd=ROOT, env=environment(), check=False
        ).returncode
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status or int(bool(failed))


def check(title: str, command: list[str], steps: Steps) -> bool:
    """Runs one check and shows its output only if it failed."""
    with steps.step(title):
        done = subprocess.run(
            [*tool(command[0]), *command[1:]], cwd=ROOT, env=environment(), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
    if done.returncode != 0:
        say(f"{done.stdout.rstrip()}\n{title} FAILED")
    return done.returncode == 0


def tool(name: str) -> list[str]:
    """The command of a tool in the environment."""
    script = venv_python().with_name(f"{name}.exe" if os.name == "nt" else name)
    return [str(script)]


def environment() -> dict[str, str]:
    """The environment variables, with Qt set to offscreen."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
