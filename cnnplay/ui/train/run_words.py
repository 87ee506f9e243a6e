"""What a run is doing, and which network it trains, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel


def doing(run: RunModel) -> str:
    """``epoch 3 / 20, 9,800 images/s, 12 s left``; "" while none is on."""
    if run.state in ("idle", "starting"):
        return "getting ready: torch and the pictures are being loaded" if run.active else ""
    speed = run.progress.images_per_second
    parts = [run.progress.place_words]
    if run.state == "running":
        parts += [f"{speed:,.0f} images/s" if speed else "", run.progress.left_words]
    else:
        parts.append("paused" if run.state == "paused" else "stopping after this step")
    return ", ".join(part for part in parts if part)


def earlier(run: RunModel) -> str:
    """Which other network it trains than the one on screen; "" where it is the same."""
    if run.trains_another and run.network is not None:
        return f"This run trains {run.network.name}, not the network on screen."
    if not run.earlier_version:
        return ""
    return "This run trains an earlier version of the network: it was edited since the run began."
