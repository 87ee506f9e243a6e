"""Probe results for the stack: strips of maps for the cards, the image above, the prediction below."""

from PySide6.QtCore import QObject

from cnnplay.ui.build.stack import UNTRAINED, StackModel
from cnnplay.ui.look.look import LookModel

TOP = 3
FOREIGN = "another network is in training"
EDITED = "edited after training: train to see a prediction"
LARGE = "too large to update here: see Look inside"
SOON = "in a moment …"


class StackResults(QObject):
    """Puts a `LookModel`'s results into the `StackModel`, and has them probed while a stack is visible."""

    def __init__(self, look: LookModel, stack: StackModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.updates = 0
        """How often the stack got new strips."""
        self._look, self._stack = look, stack
        stack.shown_changed.connect(self._request)
        look.image_choice.changed.connect(self._put_image)
        look.prediction_changed.connect(self._put_prediction)
        look.strips_changed.connect(self._put_strips)
        for signal in (look.state_changed, look.run.weights_cache.changed, look.run.state_changed):
            signal.connect(self._put_prediction)
        self._request()
        self._put_image()
        self._put_prediction()

    def _request(self) -> None:
        self._look.want("stack", self, self._stack.shown)

    def _put_image(self) -> None:
        image = self._look.image_choice.image
        if image is None:
            self._stack.set_input_image(None)
        else:
            pixels = image.pixels[:, :, :3] if image.pixels.shape[2] >= 3 else image.pixels[:, :, :1]
            self._stack.set_input_image(pixels, image.caption)

    def _put_prediction(self) -> None:
        prediction = self._look.prediction
        learned = self._look.origin in ("trained", "live")
        if prediction is None or not learned or self._look.run.trains_other_network:
            self._stack.set_prediction(None, reason=self._no_prediction_reason())
            return
        best = prediction.top(TOP)
        rows = [(prediction.name(number), float(prediction.probabilities[number])) for number in best]
        truth = prediction.name(prediction.truth) if prediction.truth is not None else None
        self._stack.set_prediction(rows, truth=truth)

    def _no_prediction_reason(self) -> str:
        """Why the stack shows no prediction."""
        look = self._look
        if look.run.trains_other_network:
            return FOREIGN
        if not look.live and look.run.weights_cache.weights is None:
            return UNTRAINED
        if look.problem:
            return look.problem
        if look.origin in ("partly", "untrained"):
            return EDITED
        return LARGE if look.too_large_for_stack else SOON

    def _put_strips(self) -> None:
        strips = self._look.strips
        if not strips or self._look.origin == "untrained" or self._look.run.trains_other_network:
            self._stack.clear_strips()
            return
        self.updates += 1
        for node, maps in strips.items():
            self._stack.set_strip(node, maps)
