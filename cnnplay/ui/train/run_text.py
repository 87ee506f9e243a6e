"""Texts about a run: what it is doing, and which network it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel


def status_text(run: RunModel) -> str:
    """``epoch 3 / 20, 9,800 images/s, 12 s left``; "" without a run."""
    if run.state in ("idle", "starting"):
        return "starting: loading torch and the images" if run.active else ""
    speed = run.progress.images_per_second
    parts = [run.progress.position_text]
    if run.state == "running":
        parts += [f"{speed:,.0f} images/s" if speed else "", run.progress.remaining_text]
    else:
        parts.append("paused" if run.state == "paused" else "stopping after this step")
    return ", ".join(part for part in parts if part)


def stale_text(run: RunModel) -> str:
    """Which network it trains, if that is not the one on screen; else ""."""
    if run.trains_other_network and run.network is not None:
        return f"This run trains {run.network.name}, not the network on screen."
    if not run.is_stale:
        return ""
    return "This run trains an earlier version of the network: you edited it after the run started."
