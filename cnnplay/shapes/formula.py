"""One formula as text."""

import msgspec


class Formula(msgspec.Struct, frozen=True):
    """A formula: what it gives, in signs, with numbers put in, and the result; ("output size", "⌊n / s⌋", "⌊8
    / 2⌋", "4", "").

    Signs and numbers are empty where there is nothing to work out.
    """

    name: str
    symbols: str
    numbers: str
    result: str
    remark: str = ""

    @property
    def text(self) -> str:
        """All of it in one line: ``output size: ⌊n / s⌋ = ⌊8 / 2⌋ = 4 (remark)``."""
        parts = " = ".join(part for part in (self.symbols, self.numbers, self.result) if part)
        return f"{self.name}: {parts}" + (f" ({self.remark})" if self.remark else "")
