"""Which devices can be chosen, and when they are known."""

import subprocess
import sys
from pathlib import Path

HALF_IMPORTED = """
import threading
began, go_on = threading.Event(), threading.Event()
thread = threading.Thread(target=lambda: __import__("torch"))
thread.start()
began.wait()
from cnnplay.ui.kit.devices import device_text, torch_is_imported
print(torch_is_imported(), device_text("auto"))
go_on.set()
thread.join()
print(torch_is_imported())
"""

SLOW_TORCH = """
compile = len
import __main__
__main__.began.set()
__main__.go_on.wait()
"""


def test_torch_does_not_count_as_imported_during_its_import(tmp_path: Path) -> None:
    """Using torch then would block the window until the import ends, although it is in sys.modules."""
    package = tmp_path / "torch"
    package.mkdir()
    (package / "__init__.py").write_text(SLOW_TORCH, encoding="utf-8")
    script = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{HALF_IMPORTED}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split("\n") == ["False cpu", "True", ""]
