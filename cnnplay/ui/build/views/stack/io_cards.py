"""The cards at the two ends of the stack: the input image and the prediction."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.style import StackStyle
from cnnplay.ui.kit.views.names_width import names_width

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def draw_input(
    painter: QPainter,
    style: StackStyle,
    rect: QRect,
    image: QImage | None,
    caption: str,
    state: tuple[bool, bool, bool],
) -> None:
    """The input card: the image and where it comes from. `state`: selected, focused, with a problem."""
    selected, focused, has_problem = state
    if selected or has_problem:
        painter.setPen(QPen(style.fault if has_problem else style.accent, 2 if focused else 1))
        painter.setBrush(style.selection if selected else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), style.radius, style.radius)
    size = rect.height() - 2
    place = QRect(rect.x() + 1, rect.y() + 1, size, size)
    if image is None:
        painter.setPen(QPen(style.line, 1))
        painter.setBrush(style.sunken)
        painter.drawRoundedRect(QRectF(place).adjusted(2.5, 2.5, -2.5, -2.5), style.radius, style.radius)
    else:
        scaled = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, scaled.width(), scaled.height())
        target.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > target.width())
        painter.drawImage(target, image)
    text = rect.adjusted(size + style.pad + 2, 0, -style.pad, 0)
    half = text.height() // 2 if caption else text.height() - 4
    painter.setFont(style.body)
    painter.setPen(style.text)
    painter.drawText(QRect(text.x(), text.y() + 2, text.width(), half), _LEFT, "input")
    painter.setPen(style.muted)
    shown = style.body_metrics.elidedText(caption, Qt.TextElideMode.ElideRight, text.width())
    painter.drawText(QRect(text.x(), text.y() + half - 1, text.width(), half), _LEFT, shown)


def draw_prediction(
    painter: QPainter, style: StackStyle, rect: QRect, model: StackModel, has_problem: bool
) -> None:
    """Bars for the top classes, best first; without a prediction, a caption that says how to get one."""
    prediction, caption, function = model.prediction, model.prediction_caption, model.output_function
    painter.setFont(style.body)
    painter.setPen(style.fault if has_problem else style.muted)
    if not prediction:
        if has_problem:
            caption = "needs one score per class"
        line_text = f"{function} · {caption}" if caption else function
        line = QRect(rect.x(), rect.y(), rect.width(), style.px(20))
        painter.drawText(
            line, _LEFT, style.body_metrics.elidedText(line_text, Qt.TextElideMode.ElideRight, line.width())
        )
        return
    row = style.px(20)
    left = style.body_metrics.horizontalAdvance(function) + style.pad
    painter.drawText(QRect(rect.x(), rect.y(), left, row * len(prediction)), _LEFT, function)
    widest = max(style.body_metrics.horizontalAdvance(name) for name, _ in prediction)
    percents = style.body_metrics.horizontalAdvance("100.0 %")
    names = names_width(max(widest, style.px(20)), rect.width() - left - percents - 2 * style.pad)
    bar_x = rect.x() + left + names + style.pad
    bar_width = rect.right() - percents - style.pad - bar_x
    for index, (name, fraction) in enumerate(prediction):
        y = rect.y() + index * row
        painter.setPen(style.text)
        shown = style.body_metrics.elidedText(name, Qt.TextElideMode.ElideRight, names)
        painter.drawText(QRect(rect.x() + left, y, names, row), _RIGHT, shown)
        color = _color(style, name, model.truth, index == 0)
        _bar(
            painter, style, QRect(bar_x, y + row // 2 - style.px(4), bar_width, style.px(8)), fraction, color
        )
        painter.setPen(style.muted)
        painter.drawText(
            QRect(bar_x + bar_width, y, percents + style.pad, row), _RIGHT, f"{100 * fraction:.1f} %"
        )


def _color(style: StackStyle, name: str, truth: str | None, best: bool) -> QColor:
    """As in Look inside: the true class, a wrong top-1 class, a top-1 class without a known truth."""
    if name == truth:
        return style.good
    if not best:
        return style.muted
    return style.accent if truth is None else style.fault


def _bar(painter: QPainter, style: StackStyle, rect: QRect, fraction: float, color: QColor) -> None:
    painter.fillRect(rect, style.sunken)
    filled = QRect(
        rect.x(), rect.y(), max(1, round(rect.width() * min(max(fraction, 0.0), 1.0))), rect.height()
    )
    painter.fillRect(filled, color)
