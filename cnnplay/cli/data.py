"""`cnnplay data list` and `cnnplay data fetch KEY`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from cnnplay.cli.output import Column, count, emit, harmless, say, table
from cnnplay.cli.problems import INTERRUPTED, Problem, mistakes
from cnnplay.cli.progress import say_above, terminal_bar

Heard = Callable[[int, int], None]
"""Called with (bytes here, all)."""
Note = Callable[[str], None]


class Interrupted(Problem):
    """Ctrl-C while something comes over the network."""

    status = INTERRUPTED


def list_data(json: bool) -> None:
    """Prints the data sets that have a key."""
    from cnnplay.data.catalogue import DataInfo, catalogue
    from cnnplay.data.sources import megabytes

    if json:
        emit(catalogue())
        return

    def here(info: DataInfo) -> str:
        return "yes" if info.available else f"no: fetch it ({megabytes(info.download)})"

    columns = (
        Column("key"),
        Column("title"),
        Column("classes", "right"),
        Column("train", "right"),
        Column("validation", "right"),
        Column("test", "right"),
        Column("here"),
    )
    table(
        columns,
        (
            (
                info.key,
                info.title,
                *(count(number) for number in (info.classes, info.train, info.validation)),
                count(info.test or None),
                here(info),
            )
            for info in catalogue()
        ),
    )
    say("`cnnplay data fetch KEY` brings one to this disk; the test part is kept apart")
    say("folder:PATH is a data set too: one sub-folder per class")


def fetch_data(key: str, json: bool) -> None:
    """Fetches a data set into the cache, unless it is there."""
    from cnnplay.data.catalogue import DataError, FetchError, catalogue, fetch

    try:
        with _told(key, json) as (progress, note), mistakes(DataError):
            try:
                new = fetch(key, progress, None, note)
            except FetchError as error:  # a network that fails is no mistake of the user's
                raise Problem(str(error)) from None
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what came so far stays, and the next fetch goes on with it") from None
    info = next(info for info in catalogue() if info.key == key)
    if json:
        emit({**msgspec.to_builtins(info), "fetched": new})
        return
    parts = f"{info.train:,} train / {info.validation:,} validation / {info.test:,} test, kept apart"
    say(f"{key} is here{'' if new else ' already'}: {parts}")
    say(f"{info.title}: {info.licence}")


@contextmanager
def _told(key: str, json: bool) -> Iterator[tuple[Heard | None, Note | None]]:
    """How far it is: a bar on a terminal, lines elsewhere, nothing for programs."""
    if json:
        yield None, None
        return
    if not sys.stdout.isatty():
        yield None, say
        return
    from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    with terminal_bar(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(f"fetching {harmless(key)}", total=None)

        yield (
            lambda done, whole: bar.update(task, completed=done, total=whole),
            lambda words: say_above(bar, words),
        )
