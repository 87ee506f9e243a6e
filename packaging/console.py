"""Terminal output of the setup: numbered steps with their time, and progress of long commands."""

from __future__ import annotations

import collections
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

QUIET_SECONDS = 10.0  # without a terminal, a long command prints a line at most this often


class SetupError(Exception):
    """An error that the user can fix; only its text is printed, without a traceback."""


def say(text: str = "") -> None:
    """Prints one line and flushes it, so that it comes before the output of later commands."""
    print(text, flush=True)


class Steps:
    """Counts steps: `[2/4] installing packages …` and `[2/4] installing packages: 41 s`."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Prints a step's title, and how long it took if it succeeded."""
        self.done += 1
        head = f"[{self.done}/{self.total}] {title}"
        say(f"{head} …")
        start = time.monotonic()
        yield
        say(f"{head}: {time.monotonic() - start:.1f} s")


def run_watched(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> bool:
    """Runs a command with its output logged and its latest line shown; True if it succeeded."""
    with log.open("a", encoding="utf-8") as record:
        record.write(f"$ {shlex.join(command)}\n")
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        assert process.stdout is not None
        latest: collections.deque[str] = collections.deque(maxlen=1)
        reader = threading.Thread(target=_copy_lines, args=(process.stdout, record, latest), daemon=True)
        reader.start()
        try:
            _watch(process, latest)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            reader.join(timeout=5)
    return process.returncode == 0


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def exec_command(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Replaces this process by `command`, so that signals reach it; on Windows, runs it and waits."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], list(command), dict(env))
    with subprocess.Popen(command, env=env) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):  # the child handles Ctrl-C
                return process.wait()


def _copy_lines(source: IO[str], record: IO[str], latest: collections.deque[str]) -> None:
    with source:
        for line in source:
            record.write(line)
            if line.strip():
                latest.append(line.strip())


def _watch(process: subprocess.Popen[str], latest: collections.deque[str]) -> None:
    """Waits for the process; meanwhile updates the terminal's last line, or prints a line now and then."""
    start = printed = time.monotonic()
    terminal = sys.stdout.isatty()
    while True:
        try:
            process.wait(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r\x1b[K" + _status(now - start, latest)[:width], end="", flush=True)
        elif now - printed >= QUIET_SECONDS:
            printed = now
            say(_status(now - start, latest)[:110])
    if terminal:
        print("\r\x1b[K", end="", flush=True)


def _status(seconds: float, latest: collections.deque[str]) -> str:
    return f"      {seconds:3.0f} s  {latest[-1] if latest else ''}"
