"""Looking through the data set: its pictures by class and part, how many there are, their means.

Reading and computing happen in a thread of their own. The test part is kept apart: it is counted, and none
of its pictures is read until somebody asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.describe import shape_text
from cnnplay.ui.data.browse_page import PER_CLASS, PER_PAGE, Part, indices_of, read
from cnnplay.ui.data.data import DataModel, parts_words
from cnnplay.ui.data.pictures import Bytes
from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller
from cnnplay.ui.kit.numerals import numeral
from cnnplay.ui.kit.priority_worker import PriorityWorker, Reply

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.data.overview import Overview

COLOURS = ("red", "green", "blue")


class BrowseModel(QObject):
    """What the browser shows.

    `changed`: another data set, part, class or page; its pictures may still be on their way.
    `pictures_came`: they are there, or `error` says why not. `overview_changed`: the counts and means.
    """

    changed = Signal()
    pictures_came = Signal()
    overview_changed = Signal()

    def __init__(self, data: DataModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._box = Mailbox()
        self._postman = MailboxPoller(self._box, self._deliver, self)
        self._looker = PriorityWorker(self._box, self._postman.work, "cnnplay-browser")
        self._images: ImageSet | None = None
        self._open = False
        self._part: Part = "train"
        self._label: int | None = None
        self._page = 0
        self._test_shown = False
        self._indices: tuple[int, ...] = ()
        self._thumbnails: Bytes | None = None
        self._counts: dict[str, tuple[int, ...]] = {}
        self._overview: Overview | None = None
        self._error = self._overview_error = ""
        data.changed.connect(self._data_changed)

    # what is shown

    @property
    def images(self) -> ImageSet | None:
        return self._images

    @property
    def part(self) -> Part:
        return self._part

    @property
    def label(self) -> int | None:
        """The class that is shown; None for some pictures of each."""
        return self._label

    @property
    def page(self) -> int:
        return self._page

    @property
    def hidden(self) -> bool:
        """Whether the test part was chosen and its pictures were not asked for yet."""
        return self._part == "test" and not self._test_shown

    @property
    def classes(self) -> tuple[str, ...]:
        return self._images.classes if self._images is not None else ()

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """Of each part, how many pictures each class has."""
        return self._counts

    @property
    def indices(self) -> tuple[int, ...]:
        """The pictures of this page; with all classes as many of each, NONE where a class has fewer."""
        return self._indices

    @property
    def thumbnails(self) -> Bytes | None:
        """Small pictures of this page, n × h × w × 3; None while they are being read."""
        return self._thumbnails

    @property
    def error(self) -> str:
        """Why this page's pictures cannot be shown."""
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
    def words(self) -> str:
        """``10 classes · 4,000 train / 1,000 validation · 1 × 28 × 28``."""
        images = self._images
        if images is None:
            return self._data.words
        parts = parts_words(len(images.train), len(images.validation), len(images.test))
        size = shape_text(images.shape) if images.shape else "mixed sizes"
        return f"{len(images.classes):,} classes · {parts} · {size}"

    @property
    def page_text(self) -> str:
        """``61–120 of 400``; of all classes which of each."""
        count = self._count()
        if not count:
            return ""
        if self._label is None:
            first = self._page * PER_CLASS
            return f"{first + 1:,}–{min(first + PER_CLASS, count):,} of each class"
        first = self._page * PER_PAGE
        return f"{first + 1:,}–{min(first + PER_PAGE, count):,} of {count:,}"

    @property
    def statistics_words(self) -> str:
        """``μ 0.131 · σ 0.308``, a pair for each channel of colour pictures."""
        found = self._overview
        if found is None or not found.mean:
            return ""
        pairs = [f"μ {numeral(m)} σ {numeral(s)}" for m, s in zip(found.mean, found.std, strict=True)]
        if len(pairs) > 1:
            pairs = [f"{color} {pair}" for color, pair in zip(COLOURS, pairs, strict=True)]
        return " · ".join(pairs)

    @property
    def used_words(self) -> str:
        """Of which pictures the means are."""
        found = self._overview
        if found is None or self._images is None:
            return self._overview_error or "computing …"
        whole = found.used == len(self._images.train)
        return (
            f"the {found.used:,} training pictures" if whole else f"{found.used:,} of the training pictures"
        )

    def can_turn(self, pages: int) -> bool:
        """Whether there is a page that many pages on."""
        count = self._count()
        size = PER_CLASS if self._label is None else PER_PAGE
        return 0 <= self._page + pages < max(1, -(-count // size))

    # what people do

    @Slot()
    def open(self) -> None:
        """The browser is on screen: from now on it follows the data set."""
        self._open = True
        self._follow()

    @Slot()
    def close(self) -> None:
        """Nobody looks any more: what is still wanted is given up."""
        self._open = False
        for kind in ("thumbnails", "overview"):
            self._looker.forget(kind)

    def choose_part(self, part: Part) -> None:
        if part != self._part:
            self._part, self._page = part, 0
            self._show()

    def choose_class(self, label: int | None) -> None:
        """A class's pictures, or some of each class."""
        if label != self._label:
            self._label, self._page = label, 0
            self._show()

    def turn(self, pages: int) -> None:
        """So many pages on."""
        if self.can_turn(pages):
            self._page += pages
            self._show()

    @Slot()
    def show_test(self) -> None:
        """Somebody asked for the test part's pictures."""
        self._test_shown = True
        self._show()

    def shutdown(self) -> None:
        """Joins the thread. Nothing is delivered afterwards."""
        self._open = False
        self._looker.stop()
        self._postman.rest()

    # underneath

    @Slot()
    def _data_changed(self) -> None:
        if self._open:
            self._follow()
        else:  # the pictures of a data set that is in use no more need not stay in memory
            self._images, self._thumbnails, self._overview = None, None, None
            self._indices, self._counts = (), {}

    def _follow(self) -> None:
        images = self._data.images
        if images is not self._images:
            self._images, self._overview, self._overview_error = images, None, ""
            self._part, self._label, self._page, self._test_shown = "train", None, 0, False
            self._counts = {}
            if images is not None:
                from cnnplay.data.overview import counts_of

                self._counts = counts_of(images)
            self._show()
            self.overview_changed.emit()
        elif self._thumbnails is None:
            self._show()
        if images is not None and self._overview is None:
            self._ask_overview(images)

    def _ask_overview(self, images: ImageSet) -> None:
        looker = self._looker
        number = looker.newest("overview") + 1

        def work() -> tuple[ImageSet, Overview]:
            from cnnplay.data.folder import LoadCancelled
            from cnnplay.data.overview import overview

            def breathe(done: int, whole: int) -> None:
                looker.breathe("overview")
                if looker.outdated("overview", number):
                    raise LoadCancelled("nobody looks any more")

            return images, overview(images, breathe)

        looker.ask("overview", work)

    def _show(self) -> None:
        """Asks for the pictures of this page."""
        self._thumbnails, self._error = None, ""
        self._looker.forget("thumbnails")
        images = self._images
        self._indices = ()
        if images is not None and not self.hidden:
            self._indices = indices = indices_of(images, self._part, self._label, self._page)
            if indices:
                self._looker.ask("thumbnails", lambda: read(images, indices))
        self.changed.emit()

    def _count(self) -> int:
        """Pictures of the chosen class; of all classes, those of the largest."""
        counts = self._counts.get(self._part, ())
        if self.hidden or not counts:
            return 0
        return max(counts) if self._label is None else counts[self._label]

    def _deliver(self, mail: Mail) -> None:
        for reply in mail.letters:
            if reply.request == self._looker.newest(reply.kind):
                self._take(reply)
        if not self._looker.busy:
            self._postman.rest()

    def _take(self, reply: Reply) -> None:
        if reply.kind == "thumbnails":
            self._thumbnails, self._error = reply.value, reply.error
            self.pictures_came.emit()
        elif reply.error:
            self._overview_error = reply.error
            self.overview_changed.emit()
        elif reply.value[0] is self._images:
            self._overview = reply.value[1]
            self.overview_changed.emit()
