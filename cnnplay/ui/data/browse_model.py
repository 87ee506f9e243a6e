"""The model of the data set browser: samples by class and split, counts and mean images.

Reading and computing happen in a separate thread. The test split is held out: it is counted, but none of its
images is read until the user asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.data.input_size import size_text
from cnnplay.network.describe import shape_text
from cnnplay.ui.data.browse_page import PER_CLASS, PER_PAGE, Split, indices_of, read_thumbnails
from cnnplay.ui.data.data import DataModel, splits_text
from cnnplay.ui.data.input_image import Bytes
from cnnplay.ui.kit.numerals import numeral
from cnnplay.ui.kit.priority_worker import PriorityWorker, Request

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.data.overview import Overview

COLORS = ("red", "green", "blue")


class BrowseModel(QObject):
    """What the browser shows.

    `changed`: another data set, split, class or page, whose images may still be loading. `images_loaded`:
    the images are loaded, or `error` says why not. `overview_changed`: other counts and means.
    """

    changed = Signal()
    images_loaded = Signal()
    overview_changed = Signal()

    def __init__(self, data: DataModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._worker = PriorityWorker(self, "browser")
        self._images: ImageSet | None = None
        self._open = False
        self._split: Split = "train"
        self._label: int | None = None
        self._page = 0
        self._test_shown = False
        self._indices: tuple[int, ...] = ()
        self._thumbnails: Bytes | None = None
        self._counts: dict[str, tuple[int, ...]] = {}
        self._overview: Overview | None = None
        self._error = self._overview_error = ""
        data.changed.connect(self._data_changed)

    # State

    @property
    def images(self) -> ImageSet | None:
        return self._images

    @property
    def split(self) -> Split:
        return self._split

    @property
    def label(self) -> int | None:
        """The class that is shown; None for samples of each class."""
        return self._label

    @property
    def page(self) -> int:
        return self._page

    @property
    def hidden(self) -> bool:
        """Whether the test split is selected and the user has not asked for its images yet."""
        return self._split == "test" and not self._test_shown

    @property
    def classes(self) -> tuple[str, ...]:
        return self._images.classes if self._images is not None else ()

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """The number of samples of each class, by split."""
        return self._counts

    @property
    def indices(self) -> tuple[int, ...]:
        """The samples on this page; for all classes the same number of each, padded with NONE."""
        return self._indices

    @property
    def thumbnails(self) -> Bytes | None:
        """The thumbnails of this page, n × h × w × 3; None while they are loading."""
        return self._thumbnails

    @property
    def error(self) -> str:
        """Why this page's images cannot be shown."""
        return self._error

    @property
    def overview(self) -> Overview | None:
        """None while it is being computed."""
        return self._overview

    @property
    def overview_error(self) -> str:
        return self._overview_error

    @property
    def title(self) -> str:
        return self._data.title if self._images is not None else ""

    @property
    def summary(self) -> str:
        """``10 classes · 4,000 train / 1,000 validation · 1 × 28 × 28``."""
        images = self._images
        if images is None:
            return self._data.summary
        splits = splits_text(len(images.train), len(images.validation), len(images.test))
        size = shape_text(images.shape) if images.shape else size_text(images)
        return f"{len(images.classes):,} classes · {splits} · {size}"

    @property
    def page_text(self) -> str:
        """``61–120 of 400``, or ``1–14 of each class``."""
        count = self._count()
        if not count:
            return ""
        if self._label is None:
            first = self._page * PER_CLASS
            return f"{first + 1:,}–{min(first + PER_CLASS, count):,} of each class"
        first = self._page * PER_PAGE
        return f"{first + 1:,}–{min(first + PER_PAGE, count):,} of {count:,}"

    @property
    def statistics_text(self) -> str:
        """``μ 0.131 · σ 0.308``, with a pair for each channel of color images."""
        found = self._overview
        if found is None or not found.mean:
            return ""
        pairs = [f"μ {numeral(m)} σ {numeral(s)}" for m, s in zip(found.mean, found.std, strict=True)]
        if len(pairs) > 1:
            pairs = [f"{color} {pair}" for color, pair in zip(COLORS, pairs, strict=True)]
        return " · ".join(pairs)

    @property
    def used_text(self) -> str:
        """Which images the means are computed from."""
        found = self._overview
        if found is None or self._images is None:
            return self._overview_error or "computing…"
        whole = found.used == len(self._images.train)
        return f"all {found.used:,} training images" if whole else f"{found.used:,} of the training images"

    def can_turn(self, pages: int) -> bool:
        """Whether there is a page that many pages further."""
        count = self._count()
        size = PER_CLASS if self._label is None else PER_PAGE
        return 0 <= self._page + pages < max(1, -(-count // size))

    # Actions

    @Slot()
    def open(self) -> None:
        """Called when the browser is shown: it follows the data set from now on."""
        self._open = True
        self._update_data_set()

    @Slot()
    def close(self) -> None:
        """Called when the browser is hidden: discards pending requests."""
        self._open = False
        for kind in ("thumbnails", "overview"):
            self._worker.discard(kind)

    def choose_split(self, split: Split) -> None:
        if split != self._split:
            self._split, self._page = split, 0
            self._show()

    def choose_class(self, label: int | None) -> None:
        """Shows one class, or samples of each class for None."""
        if label != self._label:
            self._label, self._page = label, 0
            self._show()

    def turn(self, pages: int) -> None:
        """Goes that many pages further."""
        if self.can_turn(pages):
            self._page += pages
            self._show()

    @Slot()
    def show_test(self) -> None:
        """Shows the images of the test split."""
        self._test_shown = True
        self._show()

    # Internals

    @Slot()
    def _data_changed(self) -> None:
        if self._open:
            self._update_data_set()
        else:  # do not keep the images of a data set that is no longer in use in memory
            self._images, self._thumbnails, self._overview = None, None, None
            self._indices, self._counts = (), {}

    def _update_data_set(self) -> None:
        images = self._data.images
        if images is not self._images:
            self._images, self._overview, self._overview_error = images, None, ""
            self._split, self._label, self._page, self._test_shown = "train", None, 0, False
            self._counts = {}
            self._worker.discard("overview")
            if images is not None:
                from cnnplay.data.overview import counts_of

                self._counts = counts_of(images)
            self._show()
            self.overview_changed.emit()
        elif self._thumbnails is None:
            self._show()
        if images is not None and self._overview is None:
            self._request_overview(images)

    def _request_overview(self, images: ImageSet) -> None:
        def work(request: Request) -> Overview:
            from cnnplay.data.loading import LoadCancelled
            from cnnplay.data.overview import overview

            def progress(done: int, whole: int) -> None:
                request.yield_to_urgent()
                if request.outdated:
                    raise LoadCancelled("the request is outdated")

            return overview(images, progress)

        self._worker.submit("overview", work, self._show_overview, self._overview_failed)

    def _show(self) -> None:
        """Requests the images of this page."""
        self._thumbnails, self._error = None, ""
        self._worker.discard("thumbnails")
        images = self._images
        self._indices = ()
        if images is not None and not self.hidden:
            self._indices = indices = indices_of(images, self._split, self._label, self._page)
            if indices:
                self._worker.submit(
                    "thumbnails",
                    lambda _: read_thumbnails(images, indices),
                    self._show_thumbnails,
                    lambda error: self._show_thumbnails(None, error),
                )
        self.changed.emit()

    def _count(self) -> int:
        """The number of samples of the selected class; for all classes, of the largest."""
        counts = self._counts.get(self._split, ())
        if self.hidden or not counts:
            return 0
        return max(counts) if self._label is None else counts[self._label]

    def _show_thumbnails(self, thumbnails: Bytes | None, error: str = "") -> None:
        self._thumbnails, self._error = thumbnails, error
        self.images_loaded.emit()

    def _show_overview(self, overview: Overview) -> None:
        self._overview = overview
        self.overview_changed.emit()

    def _overview_failed(self, error: str) -> None:
        self._overview_error = error
        self.overview_changed.emit()
