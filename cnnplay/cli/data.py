"""`cnnplay data list`, `cnnplay data fetch KEY` and `cnnplay data describe DATA`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from cnnplay.cli.errors import INTERRUPTED, CommandError, as_user_errors
from cnnplay.cli.output import Column, count, echo, print_json, printable, table
from cnnplay.cli.progress import echo_above, terminal_bar

DownloadProgress = Callable[[int, int], None]
"""Called with (bytes downloaded, total)."""
Note = Callable[[str], None]


class Interrupted(CommandError):
    """Ctrl-C during a download."""

    status = INTERRUPTED


def list_data(json: bool) -> None:
    """Prints the data sets that have a key."""
    from cnnplay.data.catalog import DataInfo, catalog
    from cnnplay.data.sources import megabytes

    if json:
        print_json(catalog())
        return

    def here(info: DataInfo) -> str:
        return "yes" if info.available else f"no ({megabytes(info.download)} download)"

    columns = (
        Column("key"),
        Column("title"),
        Column("classes", "right"),
        Column("train", "right"),
        Column("validation", "right"),
        Column("test", "right"),
        Column("on disk"),
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
            for info in catalog()
        ),
    )
    echo("Download one: cnnplay data fetch KEY. The test set is held out.")
    echo("Your own images: the path of a folder with one subfolder per class.")


def describe_data(key: str, json: bool) -> None:
    """Prints what a data set holds, and what of a folder was left out."""
    from cnnplay.cli.train import load_data
    from cnnplay.cli.train_report import reporter
    from cnnplay.data.description import describe
    from cnnplay.data.left_out import KINDS

    found = describe(load_data(key, reporter(json)))
    if json:
        print_json(
            {
                **msgspec.to_builtins(found),
                "left_out": [
                    {
                        "reason": KINDS[group.kind][1],
                        "count": group.count,
                        "examples": [one.line for one in group.examples],
                    }
                    for group in found.left_out
                ],
            }
        )
        return
    echo(f"{found.title}: {found.line}")
    low, high = found.scale
    echo(f"pixel values: {low:,.6g} (black) to {high:,.6g} (white)")
    table(
        (Column("class"), Column("images", "right")), [(name, count(n)) for name, n in found.counts.items()]
    )
    for remark in found.remarks:
        echo(remark)
    for group in found.left_out:
        echo(f"left out: {group.title}")
        for example in group.examples:
            echo(f"  {example.line}")


def fetch_data(key: str, json: bool) -> None:
    """Downloads a data set into the cache unless it is there."""
    from cnnplay.data.catalog import DataError, DownloadError, catalog, download

    try:
        with _progress(key, json) as (progress, note), as_user_errors(DataError):
            try:
                new = download(key, progress, None, note)
            except DownloadError as error:  # a failing network is not the user's error
                raise CommandError(str(error)) from None
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the next fetch resumes the download") from None
    info = next(info for info in catalog() if info.key == key)
    if json:
        print_json({**msgspec.to_builtins(info), "fetched": new})
        return
    parts = f"{info.train:,} train / {info.validation:,} validation / {info.test:,} test (held out)"
    echo(f"{key} is {'downloaded' if new else 'already on disk'}: {parts}")
    echo(f"{info.title}: {info.licence}")


@contextmanager
def _progress(key: str, json: bool) -> Iterator[tuple[DownloadProgress | None, Note | None]]:
    """Progress callbacks: a bar on a terminal, lines elsewhere, none for JSON."""
    if json:
        yield None, None
        return
    if not sys.stdout.isatty():
        yield None, echo
        return
    from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    with terminal_bar(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(f"downloading {printable(key)}", total=None)

        yield (
            lambda done, whole: bar.update(task, completed=done, total=whole),
            lambda text: echo_above(bar, text),
        )
