"""`cnnplay presets`."""

from cnnplay.cli.output import Column, count, echo, print_json, table
from cnnplay.network.describe import shape_text
from cnnplay.network.presets import Preset, presets
from cnnplay.shapes.infer import infer


def list_presets(json: bool) -> None:
    """Prints all presets with their parameter counts."""
    if json:
        print_json([_row(preset) for preset in presets()])
        return
    columns = (
        Column("key"),
        Column("title"),
        Column("year", "right"),
        Column("parameters", "right"),
        Column("input", "right"),
    )
    table(
        columns,
        (
            (
                preset.key,
                preset.title,
                "" if preset.year is None else str(preset.year),
                count(infer(preset.network).parameters),
                shape_text(preset.network.input.shape),
            )
            for preset in presets()
        ),
    )
    echo("Show one: cnnplay summary KEY")


def _row(preset: Preset) -> dict[str, object]:
    return {
        "key": preset.key,
        "title": preset.title,
        "year": preset.year,
        "parameters": infer(preset.network).parameters,
        "input": preset.network.input.shape,
        "classes": preset.network.task.classes,
        "paper": preset.paper,
        "remark": preset.remark,
        "departures": preset.departures,
    }
