"""What the engine chose for this machine, and why; details are in the tooltip."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from cnnplay.spec.events import Planned
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.train.run import RunModel


class PlanLine(QLabel):
    """``2 threads: measured 11,400 images/s against 9,000 with 1``."""

    def __init__(self, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        role(self, "muted")
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("What was chosen for this machine, and why")
        self._run, self._wanted = run, True
        run.recorder.changed.connect(self.refresh)
        self.refresh()

    def set_wanted(self, wanted: bool) -> None:
        """Whether it may be visible; its text is updated regardless."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        plan = self._run.history.plan
        text = plan.reason if plan is not None else ""
        self.setText(text)
        self.setToolTip(plan_text(plan) if plan is not None else "")
        self.setVisible(self._wanted and bool(text))


def plan_text(plan: Planned) -> str:
    threads = "1 thread" if plan.threads == 1 else f"{plan.threads} threads"
    parts = [threads, plan.memory_format.replace("_", " ")]
    if plan.precision != "float32":
        parts.append(plan.precision)
    if plan.fused:
        parts.append("fused optimizer")
    parts.append("all images on the device" if plan.resident else "images streamed to the device")
    since = f" (since step {plan.step:,})" if plan.step > 1 else ""
    return f"Chosen for this machine: {', '.join(parts)}{since}.\n{plan.reason}"
