"""Durations and sizes as text."""

import pytest

from cnnplay.ui.kit.text import bytes_text, duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "under 1 s"),
        (3.4, "3 s"),
        (59.7, "1 min"),
        (80, "1 min 20 s"),
        (725, "12 min"),
        (3 * 3600 + 300, "3 h 5 min"),
        (20 * 3600, "20 h"),
        (30 * 86400, "30 days"),
        (float("inf"), "very long"),
    ],
)
def test_a_duration_reads(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(240e6, "240 MB"), (1.44e9, "1.4 GB"), (31e9, "31 GB"), (2_000, "2 kB"), (12, "12 B")],
)
def test_a_size_reads(count: float, text: str) -> None:
    assert bytes_text(count) == text
