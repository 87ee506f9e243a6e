"""What the engine chose for this machine, and why: one muted line."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from cnnplay.spec.events import Planned
from cnnplay.viewmodels.run import RunModel
from cnnplay.widgets.panel import ElidedLabel
from cnnplay.widgets.theme import role


class PlanLine(ElidedLabel):
    """``2 threads, channels last, fused; all pictures on the device · measured …``."""

    def __init__(self, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        role(self, "muted")
        self.setAccessibleName("What was chosen for this machine, and why")
        self._run = run
        run.history_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the newest plan."""
        plan = self._run.history.plan
        self.setText(plan_words(plan) if plan is not None else "")
        self.setVisible(plan is not None)


def plan_words(plan: Planned) -> str:
    threads = "1 thread" if plan.threads == 1 else f"{plan.threads} threads"
    parts = [threads, plan.memory_format.replace("_", " ")]
    if plan.fused:
        parts.append("fused optimizer")
    parts.append("all pictures on the device" if plan.resident else "pictures streamed in")
    since = f" (from step {plan.step:,} on)" if plan.step > 1 else ""
    return f"Chosen for this machine: {', '.join(parts)}{since} · {plan.reason}"
