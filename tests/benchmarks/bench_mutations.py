"""Damages files at random and reads them through the public loaders:

    python tests/benchmarks/bench_mutations.py [--times 5000] [--kind KIND ...] [--seed 0]

Files of a project, weights (.pt in torch's present and old format, .safetensors), a run's record, its events,
a search space and the runs' index are damaged in their bytes and, where they are archives or JSON, inside
those. Printed for each: how many were read, how many refused, the slowest, and the memory that reading took
beyond the start's; exceptions other than the package's own, hangs and crashes, each with the number that
makes it again (`--kind KIND --only NUMBER`). All of these must be none, 5 s and 500 MB at most; the exit
status says so.
"""

import argparse
import faulthandler
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
FILES = HERE.parent / "old_files"
SLOWEST_S, MOST_MB, HANG_S = 5.0, 500, 30
NASTY = (
    0, -1, 1, 2**31, 2**63, 10**40, -(10**15), 1e308, -1e-308, None, True, "", "\x00", "a" * 100_000, "é" * 3,
    "../x", [], {}, [[]] * 50, [0] * 10_000, {"a": {"a": {"a": None}}}, "NaN", "1e999", "𝟙",
)  # fmt: skip


class Kind(NamedTuple):
    """`whole` makes the file's content; `read` reads it and raises only what `errors` names."""

    name: str
    whole: Callable[[], bytes]
    read: Callable[[Path], object]
    errors: Callable[[], tuple[type[Exception], ...]]


# The files


def _pt(new: bool) -> bytes:
    import torch
    from safetensors.torch import load_file

    weights = load_file(FILES / "finished" / "last.safetensors")
    file = BytesIO()
    torch.save({"state_dict": weights, "epoch": 3, "arch": "x"}, file, _use_new_zipfile_serialization=new)
    return file.getvalue()


def _index() -> bytes:
    from cnnplay.runs.library import RunLibrary

    with tempfile.TemporaryDirectory() as name:
        index = Path(name) / "index.sqlite3"
        RunLibrary(FILES, index).load()
        with sqlite3.connect(index) as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone()[0], "an index without runs"
        return index.read_bytes()


def _read_project(path: Path) -> object:
    from cnnplay.project.store import load

    return load(path)


def _read_weights(path: Path) -> object:
    from cnnplay.project.weights_file import facts_of, read_file

    facts_of(path)
    return read_file(path)


def _read_record(path: Path) -> object:
    from cnnplay.runs.folder import RunFolder

    return RunFolder.open(path.parent)


def _read_events(path: Path) -> object:
    from cnnplay.runs.folder import RunFolder

    folder = RunFolder.open(path.parent)
    return folder.events(), folder.outcome()


def _read_space(path: Path) -> object:
    from cnnplay.search.space import read

    return read(path)


def _read_index(path: Path) -> object:
    from cnnplay.runs.index import RunIndex

    return RunIndex(path).load()


def _project_errors() -> tuple[type[Exception], ...]:
    from cnnplay.project.errors import ProjectError, WeightsError

    return ProjectError, WeightsError


def _run_errors() -> tuple[type[Exception], ...]:
    from cnnplay.runs.record import RunError

    return (RunError,)


def _space_errors() -> tuple[type[Exception], ...]:
    from cnnplay.search.errors import SearchError

    return (SearchError,)


def _file(*parts: str) -> Callable[[], bytes]:
    return FILES.joinpath(*parts).read_bytes


KINDS = {
    kind.name: kind
    for kind in (
        Kind("net.cnnplay", _file("trained.cnnplay"), _read_project, _project_errors),
        Kind("new.pt", lambda: _pt(True), _read_weights, _project_errors),
        Kind("old.pt", lambda: _pt(False), _read_weights, _project_errors),
        Kind("net.safetensors", _file("finished", "last.safetensors"), _read_weights, _project_errors),
        Kind("run.json", _file("finished", "run.json"), _read_record, _run_errors),
        Kind("events.jsonl", _file("finished", "events.jsonl"), _read_events, _run_errors),
        Kind("space.json", _file("space.json"), _read_space, _space_errors),
        Kind("index.sqlite3", _index, _read_index, lambda: ()),
    )
}


# The damage


def damaged(content: bytes, dice: random.Random, name: str) -> bytes:
    """The content, with one to four of its parts changed."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        content = _once(content, dice, name)
    return content


def _once(content: bytes, dice: random.Random, name: str) -> bytes:
    if name.endswith((".cnnplay", "new.pt")) and dice.random() < 0.6:
        return _in_archive(content, dice)
    if name.endswith(".safetensors") and dice.random() < 0.5:
        size = int.from_bytes(content[:8], "little") if len(content) >= 8 else 0
        header = _text(content[8 : 8 + size], dice)
        length = len(header) if dice.random() < 0.9 else dice.randrange(2**63)
        return length.to_bytes(8, "little") + header + content[8 + size :]
    if name.endswith((".json", ".jsonl")) and dice.random() < 0.7:
        return _text(content, dice)
    return _bytes(content, dice)


def _in_archive(content: bytes, dice: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return _bytes(content, dice)
    if not members:
        return _bytes(content, dice)
    # The small members more often than the tensors: they say what the tensors are.
    names = sorted(members, key=lambda name: len(members[name]))
    name = names[min(int(dice.expovariate(0.7)), len(names) - 1)]
    choice = dice.random()
    if choice < 0.1:
        del members[name]
    elif choice < 0.15:
        members[dice.choice(("x", "../x", name + "/", name.upper()))] = members.pop(name)
    else:
        whole = members[name]
        members[name] = (_text if whole[:1] in (b"{", b"[") else _bytes)(whole, dice)
    file = BytesIO()
    method = dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(file, "w", method) as archive:
        for key, value in members.items():
            archive.writestr(key, value)
    return file.getvalue()


def _text(content: bytes, dice: random.Random) -> bytes:
    """JSON, or lines of it, with one value changed."""
    lines = content.splitlines(keepends=True)
    try:
        json.loads(content)
        index, line = -1, content
    except ValueError:
        if not lines:
            return _bytes(content, dice)
        index = dice.randrange(len(lines))
        line = lines[index]
    try:
        value = json.loads(line)
    except ValueError:
        return _bytes(content, dice)
    changed = json.dumps(_changed(value, dice)).encode()
    if index < 0:
        return changed
    lines[index] = changed + b"\n"
    return b"".join(lines)


def _changed(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        choice = dice.random()
        if choice < 0.1:
            return {name: one for name, one in value.items() if name != key}
        if choice < 0.2:
            return value | {dice.choice((key + "x", "", "x" * 1000)): value[key]}
        return value | {key: _changed(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        place = dice.randrange(len(value))
        choice = dice.random()
        if choice < 0.1:
            return value[:place] + value[place + 1 :]
        if choice < 0.2:
            return value[:place] + [value[place]] * dice.choice((2, 100)) + value[place:]
        return [*value[:place], _changed(value[place], dice), *value[place + 1 :]]
    return dice.choice(NASTY)


def _bytes(content: bytes, dice: random.Random) -> bytes:
    if not content:
        return dice.randbytes(8)
    # Half of them at one of the ends, where heads and directories are.
    near = min(len(content), 600)
    place = dice.choice(
        (dice.randrange(len(content)), dice.randrange(near), len(content) - 1 - dice.randrange(near))
    )
    length = dice.choice((1, 1, 2, 4, 8, 64))
    rest = content[place + length :]
    changes: tuple[Callable[[], bytes], ...] = (
        lambda: content[:place] + bytes([content[place] ^ 1 << dice.randrange(8)]) + content[place + 1 :],
        lambda: content[:place] + dice.randbytes(length) + rest,
        lambda: content[:place] + dice.choice((b"\x00", b"\xff", b"\x7f")) * length + rest,
        lambda: content[:place] + rest,
        lambda: content[:place] + content[place : place + length] * dice.choice((2, 1000)) + rest,
        lambda: content[:place] + dice.randbytes(length) + content[place:],
        lambda: content[:place],
    )
    return dice.choice(changes)()


# One kind, in a process of its own


def child(name: str, numbers: range, seed: int) -> None:
    """Prints a line of JSON before and after each reading."""
    kind = KINDS[name]
    whole, errors = kind.whole(), kind.errors()
    with tempfile.TemporaryDirectory() as place:
        for part in ("run.json", "events.jsonl"):
            Path(place, part).write_bytes(FILES.joinpath("finished", part).read_bytes())
        path = Path(place) / name
        path.write_bytes(whole)
        kind.read(path)  # imports what it needs
        start = _memory_mb()
        for number in numbers:
            path.write_bytes(damaged(whole, random.Random(f"{seed} {name} {number}"), name))
            print(json.dumps({"at": number}), flush=True)
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            began, said = time.perf_counter(), "read"
            try:
                kind.read(path)
            except errors as error:
                said = "refused" if "\n" not in str(error) else f"several lines: {error}"
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            took = time.perf_counter() - began
            faulthandler.cancel_dump_traceback_later()
            print(json.dumps({"said": said, "s": took, "mb": _memory_mb() - start}), flush=True)


def _memory_mb() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def attack(name: str, numbers: range, seed: int) -> bool:
    """Reads all, prints what came of it; whether it held."""
    counts = {"read": 0, "refused": 0}
    bad: list[str] = []
    slowest, most = (0.0, 0), 0.0
    while numbers:
        command = [
            sys.executable,
            __file__,
            "--kind",
            name,
            "--seed",
            str(seed),
            "--range",
            str(numbers[0]),
            str(numbers[-1] + 1),
        ]
        at, done = numbers[0], False
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                found = json.loads(line)
                if "at" in found:
                    at, done = found["at"], False
                    continue
                done = True
                slowest, most = max(slowest, (found["s"], at)), max(most, found["mb"])
                if found["said"] in counts:
                    counts[found["said"]] += 1
                else:
                    bad.append(f"{at}: {found['said'][:200]}")
            process.wait()
            errors.seek(0)
            said = errors.read()
        if done and at == numbers[-1]:
            break
        bad.append(f"{at}: the process ended ({process.returncode}): {said[-300:]}")
        numbers = range(at + 1, numbers[-1] + 1)
    print(
        f"{name:<16} {counts['read']:>6,} read, {counts['refused']:>6,} refused, {len(bad)} others; "
        f"slowest {slowest[0]:.2f} s ({slowest[1]}), {most:,.0f} MB more"
    )
    for line in bad[:20]:
        print(f"    {line}")
    return not bad and slowest[0] <= SLOWEST_S and most <= MOST_MB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5000, help="that each kind of file is damaged")
    parser.add_argument("--kind", choices=tuple(KINDS), action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="this one number")
    parser.add_argument("--range", type=int, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.range:
        child(asked.kind[0], range(*asked.range), asked.seed)
        return 0
    numbers = range(asked.times) if asked.only is None else range(asked.only, asked.only + 1)
    held = [attack(name, numbers, asked.seed) for name in asked.kind or KINDS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
