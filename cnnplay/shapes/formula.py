"""One formula as text."""

import msgspec


class Formula(msgspec.Struct, frozen=True):
    """A formula: its name, in symbols, with numbers inserted, and the result, e.g. ("output size", "⌊n / s⌋",
    "⌊8 / 2⌋", "4", "").

    Symbols and numbers are empty if there is nothing to compute.
    """

    name: str
    symbols: str
    numbers: str
    result: str
    remark: str = ""

    @property
    def text(self) -> str:
        """The formula on one line: ``output size: ⌊n / s⌋ = ⌊8 / 2⌋ = 4 (remark)``."""
        parts = " = ".join(part for part in (self.symbols, self.numbers, self.result) if part)
        return f"{self.name}: {parts}" + (f" ({self.remark})" if self.remark else "")
