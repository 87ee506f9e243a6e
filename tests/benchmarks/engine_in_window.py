"""A network trained in the real window with all live views of a workspace open.

The rate is counted as engine_loop.py counts it, including the views' probes. It runs until it is killed
(see track.py), or with `--seconds` for so long: then it prints {"images_per_second": …, "late_ms": …}, by how
much a 5 ms timer in the window's event loop was late. That costs the run a little itself.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from engine_loop import Counter
from engine_networks import engine_images, engine_network
from track import IMAGES, Track, reading, track_file


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--track")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--workspace", choices=("train", "look"), default="train")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--network", default="lenet-5")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = str(Path(home, name))
        track = Track(asked.track or track_file(home))
        train(track, Path(home), asked.seconds, asked.workspace, asked.size, asked.network)


def train(track: Track, home: Path, seconds: float | None, workspace: str, size: str, network: str) -> None:
    from PySide6.QtWidgets import QApplication

    from cnnplay.app import make_window
    from cnnplay.demo.ui_driver import UiDriver
    from cnnplay.ui.kit.mailbox import Mailbox

    application = QApplication([])
    window = make_window()
    window.resize(*map(int, size.split("x")))
    window.show()
    driver = UiDriver(window, home, print)
    session = window.session
    driver.until(lambda: session.data.state == "ready", "the digits")
    if network != "lenet-5":
        session.data.use(engine_images(network))
        session.editor.reset(engine_network(network))
    session.settings.set("epochs", 100_000)
    window.show_workspace(workspace)
    counter, put = Counter(track), Mailbox.put

    def counting(box: Mailbox, letter: Any) -> None:
        counter(letter)
        put(box, letter)

    Mailbox.put = counting  # type: ignore[method-assign]
    driver.click(window.controls.train_button)
    if seconds is None:
        application.exec()
        return
    driver.until(lambda: track.cells[IMAGES] > 0, "training to begin")
    driver.settle(1000)
    driver.start_clock()
    before = reading(track)
    driver.settle(round(seconds * 1000))  # without anything that asks in between
    rate = reading(track).rate_since(before)
    driver.stop_clock()
    found = {"images_per_second": rate, "late_ms": driver.delay_ms(), "views": driver.views()}
    session.run.stop()
    driver.until(lambda: session.run.state == "idle", "the run to end")
    session.document.dirty = False
    window.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
