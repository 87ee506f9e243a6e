"""What all tests share: no screen, no user's folders, no leaked threads, garbage collected in one thread."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# No example has a deadline: machines are noisy. A failing one is made small, and not explained line by line,
# which takes minutes. In CI the examples are the same every time.
settings.register_profile(
    "cnnplay",
    deadline=None,
    derandomize="CI" in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cnnplay")


def pytest_collection_finish() -> None:
    """From here on garbage is collected between tests, in this thread: as the window's GcTimer does it.

    What the imports left is taken out of it, or every round would walk through all of torch.
    """
    gc.disable()
    gc.freeze()


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """What the test left in cycles goes in the thread in which its Qt objects lived."""
    yield
    gc.collect(1)


@pytest.fixture(autouse=True, scope="module")
def all_collected_here() -> Iterator[None]:
    """What lived longer than a test goes with the module's end."""
    yield
    gc.collect()


def _move_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    """None touches the developer's settings or runs."""
    for kind in ("config", "data", "cache", "state"):
        patch.setenv(f"XDG_{kind.upper()}_HOME", str(home / kind))


@pytest.fixture(autouse=True, scope="module")
def folders_of_the_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is made once for several tests has a user's home too."""
    with pytest.MonkeyPatch.context() as patch:
        _move_in(tmp_path_factory.mktemp("module"), patch)
        yield


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a user's home of its own."""
    home = tmp_path_factory.mktemp("home")
    _move_in(home, monkeypatch)
    return home


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A test that leaves a thread of ours behind fails."""
    before = set(threading.enumerate())
    yield
    left = [
        t for t in threading.enumerate() if t not in before and t.is_alive() and t.name.startswith("cnnplay")
    ]
    for thread in left:
        # Closing leaves daemons behind that time layers: they end after the current one.
        thread.join(timeout=60 if thread.daemon else 5)
    left = [thread for thread in left if thread.is_alive()]
    assert not left, f"threads left running: {[thread.name for thread in left]}"
