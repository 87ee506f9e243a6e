"""The browser's model: what is shown, read and counted, and what is not."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnplay.data.images import ImageArray, ImageSet
from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.browse_page import NONE, PER_CLASS, PER_PAGE, indices_of
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs

CLASSES = ("cat", "dog", "hen")


class Watched:
    """Images whose every pixel is the last byte of their index; `read` are the requested ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.read: set[int] = set()
        self.threads: set[str] = set()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> ImageArray:
        self.read.add(int(index))
        self.threads.add(threading.current_thread().name)
        return np.full((6, 6, 1), index % 256, np.uint8)


def watched() -> tuple[ImageSet, Watched]:
    """240 training, 30 validation and 30 test images, three alternating classes."""
    pictures = Watched(300)
    return ImageSet(
        key="watched",
        title="watched",
        classes=CLASSES,
        images=pictures,
        labels=np.arange(300) % 3,
        train=np.arange(240),
        validation=np.arange(240, 270),
        test=np.arange(270, 300),
        shape=(1, 6, 6),
        channels=1,
    ), pictures


class Bench:
    def __init__(self, qtbot: QtBot) -> None:
        self.data = DataModel()
        self.model = BrowseModel(self.data)
        self._qtbot = qtbot
        images, self.pictures = watched()
        self.data.use(images)

    def settle(self) -> None:
        """Waits until all requests are answered."""
        model = self.model
        self._qtbot.waitUntil(lambda: model.overview is not None or bool(model.overview_error))
        self._qtbot.waitUntil(lambda: model.thumbnails is not None or bool(model.error) or not model.indices)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(qtbot)
    yield made
    close_jobs(made.model, made.data)


def test_nothing_is_read_before_it_is_opened(bench: Bench) -> None:
    assert bench.model.images is None
    assert not bench.pictures.read


def test_samples_of_each_class_come_first_with_counts_and_means(bench: Bench) -> None:
    bench.model.open()
    bench.settle()
    model = bench.model
    assert model.split == "train"
    assert len(model.indices) == len(CLASSES) * PER_CLASS
    assert [index % 3 for index in model.indices] == [0] * PER_CLASS + [1] * PER_CLASS + [2] * PER_CLASS
    assert model.thumbnails is not None
    assert model.thumbnails.shape == (len(model.indices), 6, 6, 3)
    assert model.counts["train"] == (80, 80, 80)
    assert model.overview is not None
    assert model.used_text == "all 240 training images"
    assert model.statistics_text.startswith("μ 0.469 σ 0.27")
    assert model.summary == "3 classes · 240 train / 30 validation / 30 test (held out) · 1 × 6 × 6"


def test_reading_and_computing_happen_beside_the_window(bench: Bench) -> None:
    bench.model.open()
    bench.settle()
    assert bench.pictures.threads == {"cnnplay-browser"}


def test_the_test_split_is_counted_and_not_read_until_the_user_asks(bench: Bench) -> None:
    model = bench.model
    model.open()
    model.choose_split("test")
    bench.settle()
    assert model.hidden
    assert model.indices == ()
    assert model.counts["test"] == (10, 10, 10)
    assert bench.pictures.read == set(range(240))
    model.show_test()
    bench.settle()
    assert {index for index in model.indices if index != NONE} == set(range(270, 300))


def test_a_class_is_turned_page_by_page(bench: Bench) -> None:
    model = bench.model
    model.open()
    model.choose_class(1)
    bench.settle()
    assert model.page_text == f"1–{PER_PAGE} of 80"
    assert model.can_turn(1)
    assert not model.can_turn(-1)
    model.turn(1)
    bench.settle()
    assert model.page_text == f"{PER_PAGE + 1}–80 of 80"
    assert model.indices == tuple(range(1 + 3 * PER_PAGE, 240, 3))
    assert not model.can_turn(1)
    model.turn(1)
    assert model.page == 1


def test_all_classes_are_turned_too_and_end_with_the_largest(bench: Bench) -> None:
    model = bench.model
    model.open()
    model.choose_split("validation")
    bench.settle()
    assert not model.can_turn(1)  # ten of each, all shown
    assert model.indices[:10] == tuple(range(240, 270, 3))
    assert len(model.indices) == 30


def test_a_class_with_fewer_images_leaves_places_empty() -> None:
    images, _ = watched()
    images.train = np.concatenate([np.arange(0, 90, 3), [1, 4], np.arange(2, 60, 3)])
    found = np.array(indices_of(images, "train", None, 0)).reshape(3, PER_CLASS)
    assert found[1].tolist() == [1, 4] + [NONE] * (PER_CLASS - 2)
    found = np.array(indices_of(images, "train", None, 2)).reshape(3, 30 - 2 * PER_CLASS)
    assert found.tolist() == [[84, 87], [NONE, NONE], [NONE, NONE]]


def test_another_data_set_is_followed_while_it_is_open(bench: Bench) -> None:
    model = bench.model
    model.open()
    model.choose_split("test")
    model.show_test()
    bench.settle()
    images, _ = watched()
    bench.data.use(images)
    bench.settle()
    assert model.images is images
    assert (model.split, model.label) == ("train", None)
    model.choose_split("test")
    assert model.hidden  # of this one nobody asked for them
    model.close()
    bench.data.use(watched()[0])
    assert model.images is None  # closed, it keeps no data set in memory


def test_a_deleted_file_stays_gray_and_deleting_all_gives_an_error(
    bench: Bench, tmp_path: Path, qtbot: QtBot
) -> None:
    from cnnplay.data import folder

    for name in CLASSES:
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (6, 6), 200).save(tmp_path / "pets" / name / f"{number}.png")
    bench.data.use(folder.load_folder(tmp_path / "pets", memory=0))
    gone: Callable[[], list[Path]] = lambda: sorted((tmp_path / "pets").rglob("*.png"))  # noqa: E731
    gone()[0].unlink()
    bench.model.open()
    bench.settle()
    assert bench.model.thumbnails is not None
    assert bench.model.error == ""
    for path in gone():
        path.unlink()
    bench.model.choose_class(0)
    bench.settle()
    assert "no such file" in bench.model.error


def test_closing_cancels_pending_requests(bench: Bench) -> None:
    bench.model.open()
    bench.model.close()
    bench.model.open()
    bench.settle()
    assert bench.model.thumbnails is not None
