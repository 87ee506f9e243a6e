"""The theme's colors, fonts and lengths, fetched once per paint and not for each card."""

from PySide6.QtGui import QColor, QFontMetrics

from cnnplay.ui.kit.views.theme import theme


class StackStyle:
    """Colors, fonts and lengths for painting the stack. Make a new one when the theme changes."""

    def __init__(self) -> None:
        now = theme()
        self.px = now.px
        self.text, self.muted = now.color("text"), now.color("text_muted")
        self.surface, self.sunken = now.color("surface"), now.color("surface_sunken")
        self.line, self.accent = now.color("line"), now.color("accent")
        self.on_accent = now.color("on_accent")
        self.fault, self.good = now.color("fault"), now.color("good")
        self.selection = now.color("selection")
        self.selected_frame = QColor(self.selection)
        self.selected_frame.setAlphaF(0.45)
        self.wire_color = _between(self.line, self.muted)
        self.body, self.small, self.strong = now.font(), now.font(small=True), now.font(strong=True)
        self.body_metrics, self.small_metrics = QFontMetrics(self.body), QFontMetrics(self.small)
        self.radius, self.pad, self.bar = now.px(6), now.px(8), now.px(5)
        self.roomy = now.px(150)
        self._families = {
            name: now.family(name)
            for name in ("convolution", "pooling", "normalisation", "activation", "dense", "structure")
        }

    def family(self, name: str) -> QColor:
        return self._families[name]


def _between(one: QColor, other: QColor) -> QColor:
    return QColor.fromRgbF(
        (one.redF() + other.redF()) / 2,
        (one.greenF() + other.greenF()) / 2,
        (one.blueF() + other.blueF()) / 2,
    )
