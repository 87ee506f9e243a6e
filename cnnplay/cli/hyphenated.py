"""A command whose arguments may begin with a hyphen: ``cnnplay runs -failed``."""

from typer import Context
from typer.core import TyperCommand


class HyphenatedArguments(TyperCommand):
    """Takes ``-failed`` as an argument, not as a group of one-letter options."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if "--" not in args:
            hyphenated = [arg for arg in args if _hyphenated(arg)]
            args = [*(arg for arg in args if not _hyphenated(arg)), "--", *hyphenated]
        return super().parse_args(ctx, args)


def _hyphenated(argument: str) -> bool:
    return len(argument) > 2 and argument.startswith("-") and not argument.startswith("--")
