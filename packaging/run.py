"""Sets CNN Playground up and opens its window:  python3 packaging/run.py [arguments for cnnplay]

Creates .venv, installs the pinned packages and, with apt if allowed, what Qt needs. Without a screen it runs
the demonstration instead, which writes screenshots to a folder.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a clear message before newer syntax is parsed
    sys.exit(
        f"CNN Playground needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})"
    )

import os
from pathlib import Path

from console import SetupError, Steps, exec_command, say
from qt_check import Screen, screen_of
from setup_env import ROOT, SETUP_STEPS, prepare, venv_python


def main(arguments: list[str]) -> int:
    """Sets up, then runs cnnplay."""
    steps = Steps(SETUP_STEPS)
    try:
        screen = prepare(
            frozenset({"onnx", "search", "tensorboard"}), screen_of(os.environ, sys.platform), steps
        )
        arguments = arguments_for(screen, arguments)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to continue.", file=sys.stderr)
        return 130
    return exec_command([str(venv_python()), "-m", "cnnplay", *arguments], screen.environment())


def arguments_for(screen: Screen, arguments: list[str]) -> list[str]:
    """The arguments for cnnplay: the user's, else none (the window) or, without a screen, the demo's."""
    if arguments[:1] == ["open"] and not screen.visible:
        raise SetupError(
            "There is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot open."
        )
    if arguments:
        return arguments  # print nothing: the output may be JSON
    if screen.visible:
        say("Opening the window")
        return []
    folder = free_folder(ROOT / "cnnplay-demo")
    say("No screen found (DISPLAY, WAYLAND_DISPLAY): running the demonstration instead of the window.")
    say(f"Its output goes to {folder}")
    return ["demo", str(folder)]


def free_folder(wanted: Path) -> Path:
    """`wanted`, or the first of wanted-2, wanted-3, … that does not exist: nothing is overwritten."""
    number, folder = 1, wanted
    while folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
