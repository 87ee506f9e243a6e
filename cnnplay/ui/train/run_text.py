"""Texts about a run: what it is doing, and which network it trains."""

from cnnplay.spec.events import Planned
from cnnplay.ui.train.progress import Progress


def status_text(state: str, progress: Progress) -> str:
    """``epoch 3 / 20, 9,800 images/s, 12 s left``, or the last step in a pause; "" without a run."""
    if state in ("idle", "starting"):
        return "" if state == "idle" else "starting: loading torch and the images"
    speed = progress.images_per_second
    parts = [progress.position_text]
    if state == "running":
        parts += [f"{speed:,.0f} images/s" if speed else "", progress.remaining_text]
    elif state == "paused":
        parts += ["paused", progress.step_text]
    else:
        parts.append("stopping after this step")
    return ", ".join(part for part in parts if part)


def stale_text(other: str) -> str:
    """Which network it trains: another one of this name, or an earlier version ("") of the one on screen."""
    if other:
        return f"This run trains {other}, not the network on screen."
    return "This run trains an earlier version of the network: you edited it after the run started."


def plan_text(plan: Planned) -> str:
    """What was chosen for this machine, and why."""
    parts = [threads_text(plan), plan.memory_format.replace("_", " ")]
    if plan.precision != "float32":
        parts.append(plan.precision)
    if plan.fused:
        parts.append("fused optimizer")
    parts.append("all images on the device" if plan.resident else "images streamed to the device")
    since = f" (since step {plan.step:,})" if plan.step > 1 else ""
    return f"Chosen for this machine: {', '.join(parts)}{since}.\n{plan.reason}"


def threads_text(plan: Planned) -> str:
    """``2 threads``."""
    return "1 thread" if plan.threads == 1 else f"{plan.threads} threads"
