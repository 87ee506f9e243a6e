"""`cnnplay settings`."""

from cnnplay.cli.output import Column, echo, print_json, table
from cnnplay.network.fields import FieldInfo
from cnnplay.spec.settings import setting_fields


def list_settings(json: bool) -> None:
    """Prints the training settings in the order of the Settings pages."""
    if json:
        print_json(setting_fields())
        return
    columns = (Column("setting"), Column("default", "right"), Column("values"), Column("description"))
    table(
        columns,
        (
            (field.name, _shown(field.default), _values(field), _first_sentence(field.help))
            for field in setting_fields()
        ),
    )
    echo("Set one: cnnplay train … --set NAME=VALUE. Full descriptions: cnnplay settings --json")


def _values(field: FieldInfo) -> str:
    if field.type == "flag":
        return "true, false"
    if field.choices:
        return ", ".join(field.choices)
    low, high = _shown(field.minimum), _shown(field.maximum)
    between = f"between {low} and {high}" if field.exclusive else f"{low} to {high}"
    whole = " (whole)" if field.type == "integer" else ""
    return f"{between} {field.unit}".rstrip() + whole


def _first_sentence(text: str) -> str:
    """Table cells are short."""
    return text.partition(". ")[0].rstrip(".")


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:,.10g}"
        case _:
            return str(value)
