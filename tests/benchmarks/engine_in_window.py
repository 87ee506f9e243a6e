"""A network trained in the real window with all live views of a workspace open.

Prints {"images_per_second": …, "late_ms": …}. The rate is counted as engine_loop.py counts it: from step to
step in the training thread, looks of the views included, judging the validation part left out. With `--clock`
`late_ms` says by how much a 5 ms timer in the window's event loop was late; it costs the run a little itself.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from engine_loop import Counter
from engine_networks import engine_network, engine_pictures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workspace", choices=("train", "look"), default="train")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--clock", action="store_true")
    parser.add_argument("--network", default="lenet-5")
    parser.add_argument("--announce", action="store_true", help="print a line at the first step")
    asked = parser.parse_args()
    home = tempfile.mkdtemp()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = str(Path(home) / name)
    os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")
    print(
        json.dumps(
            measure(asked.seconds, asked.workspace, asked.size, asked.clock, asked.network, asked.announce)
        )
    )


def measure(
    seconds: float,
    workspace: str,
    size: str,
    clock: bool = False,
    network: str = "lenet-5",
    announce: bool = False,
) -> dict[str, Any]:
    from PySide6.QtWidgets import QApplication

    from cnnplay.app import make_window
    from cnnplay.viewmodels.mailbox import Mailbox
    from cnnplay.widgets.pilot import Pilot

    application = QApplication([])
    window = make_window()
    window.resize(*map(int, size.split("x")))
    window.show()
    pilot = Pilot(window, Path(tempfile.mkdtemp()), print)
    session = window.session
    pilot.until(lambda: session.data.state == "ready", "the digits")
    if network != "lenet-5":
        session.data.use(engine_pictures(network))
        session.editor.reset(engine_network(network))
    session.settings.set("epochs", 100_000)
    window.show_workspace(workspace)

    class Stopper:
        """Stands in for the control that engine_loop's counter stops."""

        reached = False

        def stop(self) -> None:
            self.reached = True

    stopper = Stopper()
    counter = Counter(seconds, stopper, announce)  # type: ignore[arg-type]
    put = Mailbox.put

    def counting(box: Mailbox, letter: Any) -> None:
        counter(letter)
        put(box, letter)

    Mailbox.put = counting  # type: ignore[method-assign]
    pilot.click(window.controls.train_button)
    pilot.until(lambda: counter.total > 0, "training to begin")
    if clock:
        pilot.start_clock()
    pilot.settle(round(seconds * 1000))  # without anything that asks in between
    pilot.until(lambda: stopper.reached, "the end")
    pilot.stop_clock()
    Mailbox.put = put  # type: ignore[method-assign]
    late, views = pilot.delay_ms(), pilot.views()
    session.run.stop()
    pilot.until(lambda: session.run.state == "idle", "the run to end")
    session.document.dirty = False
    window.close()
    del application
    return {
        "images_per_second": counter.images / counter.training,
        "with_validation": counter.images / counter.total,
        "late_ms": late,
        "views": views,
        "plans": counter.plans,
        "timeline": counter.timeline,
        "rates": counter.rates[:: max(1, len(counter.rates) // 2000)],
    }


if __name__ == "__main__":
    main()
