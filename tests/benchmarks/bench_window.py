"""How quick the window is: `python tests/benchmarks/bench_window.py [--seconds 60]`.

The start (from the process's first instruction to the first paint, in fresh processes), opening VGG-16 with
shapes and costs on screen, single edits in ResNet-34, the first and the second opening of each workspace, and
how late the event loop is while LeNet-5 trains with all live views of Train, and then of Look inside, open.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

START = """
import os, sys, time
def age():
    ticks = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - ticks / os.sysconf("SC_CLK_TCK")
from PySide6.QtWidgets import QApplication
application = QApplication([])
from cnnplay.app import make_window
from cnnplay.ui.kit.views.first_paint import FirstPaint
window = make_window()
def painted():
    print(age(), "torch" in sys.modules)
    os._exit(0)
first = FirstPaint(window)
first.painted.connect(painted)
window.show()
application.exec()
"""

OPEN = """
import os, statistics, sys, time
from PySide6.QtWidgets import QApplication
application = QApplication([])
from cnnplay.app import make_window
window = make_window()
window.show()
for _ in range(50):
    application.processEvents(); time.sleep(0.01)
def memory():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
editor = window.session.editor
torch_was_there = "torch" in sys.modules
while not window.session.warm:
    application.processEvents(); time.sleep(0.01)
def shown():
    window.build.repaint(); application.processEvents()
editor.load_preset("resnet-18"); shown(); editor.undo(); shown()
before, start = memory(), time.perf_counter()
editor.load_preset("vgg-16"); shown()
took, grown = time.perf_counter() - start, memory() - before
print(f"open vgg-16 in the window: {1e3 * took:.0f} ms to the repaint, {grown:.1f} MiB more memory, "
      f"{editor.report.parameters:,} parameters")
editor.load_preset("resnet-34"); shown()
from cnnplay.network.nodes import Convolution
from cnnplay.network.network import leaves
nodes = [node for node in leaves(editor.network) if isinstance(node, Convolution)]
times = []
for number in range(200):
    node = nodes[number % len(nodes)]
    start = time.perf_counter()
    editor.set_fields((node.id,), "bias", number // len(nodes) % 2 == 0)
    times.append(time.perf_counter() - start)
    application.processEvents()
print(f"an edit in resnet-34, all views notified: median {1e3 * statistics.median(times):.1f} ms of 200")
window.session.document.dirty = False
window.close()
"""

OPENINGS = """
import os, statistics, sys, tempfile, time
place = tempfile.mkdtemp()
for kind in ("CONFIG", "DATA", "STATE"):
    os.environ[f"XDG_{kind}_HOME"] = os.path.join(place, kind)
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
application = QApplication([])
from cnnplay.app import make_window
from cnnplay.demo.ui_driver import Clock
from cnnplay.ui.kit.views.first_paint import FirstPaint
window = make_window()
window.show()
def wait(seconds, reached=lambda: False):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not reached():
        application.processEvents(); time.sleep(0.001)
clock = Clock()
clock.start()
wait(60, lambda: window.session.warm)
warming = max(clock.late)
clock.late.clear()
wait(IDLE)
print(f"opened IDLE s after torch was loaded (longest stall until then {warming:.0f} ms, "
      f"from then on {max(clock.late):.0f} ms):")
for key in ("train", "look", "runs", "train", "look", "runs"):
    seen = []
    clock.late.clear()
    start = time.perf_counter()
    window.show_workspace(key)
    first = FirstPaint(window.pages.currentWidget())
    first.painted.connect(lambda: seen.append(time.perf_counter() - start))
    wait(10, lambda: seen)
    wait(0.7)
    print(f"    {key}: painted after {1e3 * seen[0]:.0f} ms, longest stall {max(clock.late):.0f} ms")
window.session.document.dirty = False
window.close()
"""


def run(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    environment["QT_LOGGING_RULES"] = "qt.qpa.*=false"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    found = [run(START).split() for _ in range(6)][1:]
    seconds = sorted(float(row[0]) for row in found)
    torch = any(row[1] == "True" for row in found)
    print(
        f"first paint: median {statistics.median(seconds):.2f} s, "
        f"from {seconds[0]:.2f} to {seconds[-1]:.2f} s; torch imported by then: {'yes' if torch else 'no'}"
    )
    print(run(OPEN))
    for idle in ("0.1", "3"):
        print(run(OPENINGS.replace("IDLE", idle)))
    for workspace in ("train", "look"):
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        command = [sys.executable, str(HERE / "engine_in_window.py"), "--seconds", str(asked.seconds)]
        done = subprocess.run(
            [*command, "--workspace", workspace], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        row = json.loads(done.stdout.splitlines()[-1])
        late = ", ".join(f"{value} ms ({name})" for name, value in row["late_ms"].items())
        print(f"{workspace}: {row['images_per_second']:,.0f} images/s; a 5 ms timer is late by {late}")


if __name__ == "__main__":
    main()
