"""`cnnplay data list`."""

from cnnplay.cli.output import Column, count, emit, say, table


def list_data(json: bool) -> None:
    """Prints the data sets that have a key."""
    from cnnplay.data.catalogue import catalogue

    if json:
        emit(catalogue())
        return
    columns = (
        Column("key"),
        Column("title"),
        Column("classes", "right"),
        Column("pictures", "right"),
        Column("here"),
    )
    table(
        columns,
        (
            (info.key, info.title, count(info.classes), count(info.size), "yes" if info.available else "no")
            for info in catalogue()
        ),
    )
    say("folder:PATH is a data set too: one sub-folder per class")
