"""A command whose words may begin with a hyphen: ``cnnplay runs -failed``."""

from typer import Context
from typer.core import TyperCommand


class HyphenatedWords(TyperCommand):
    """Takes ``-failed`` for a word, and not for a row of options of one letter."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if "--" not in args:
            words = [each for each in args if _hyphenated(each)]
            args = [*(each for each in args if not _hyphenated(each)), "--", *words]
        return super().parse_args(ctx, args)


def _hyphenated(argument: str) -> bool:
    return len(argument) > 2 and argument.startswith("-") and not argument.startswith("--")
