"""Texts about a run: what it is doing, and which network it trains."""

from cnnplay.ui.train.progress import Progress


def status_text(state: str, progress: Progress) -> str:
    """``epoch 3 / 20, 9,800 images/s, 12 s left``; "" without a run."""
    if state in ("idle", "starting"):
        return "" if state == "idle" else "starting: loading torch and the images"
    speed = progress.images_per_second
    parts = [progress.position_text]
    if state == "running":
        parts += [f"{speed:,.0f} images/s" if speed else "", progress.remaining_text]
    else:
        parts.append("paused" if state == "paused" else "stopping after this step")
    return ", ".join(part for part in parts if part)


def stale_text(other: str) -> str:
    """Which network it trains: another one of this name, or an earlier version ("") of the one on screen."""
    if other:
        return f"This run trains {other}, not the network on screen."
    return "This run trains an earlier version of the network: you edited it after the run started."
