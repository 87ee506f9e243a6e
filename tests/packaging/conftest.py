"""Makes the scripts in packaging/ importable, last on the path: one is called like the library `test`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "packaging"))
