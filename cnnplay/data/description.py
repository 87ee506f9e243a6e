"""What a data set is made of, in numbers: for `cnnplay data describe`, and before a training run."""

import msgspec

from cnnplay.data.images import ImageSet
from cnnplay.data.input_size import size_text
from cnnplay.data.left_out import Group, grouped
from cnnplay.spec.plurals import plural

MOST_NAMED = 8
"""The most classes that are listed by name in one line."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """`parts` has the number of images of each split, `counts` that of each class over all splits. `size` is
    (height, width), None where it is mixed; `size_text` says it in words. `scale` is (black, white) in the
    files' own values.
    """

    key: str
    title: str
    classes: tuple[str, ...]
    parts: dict[str, int]
    counts: dict[str, int]
    size: tuple[int, int] | None
    size_text: str
    channels: int
    scale: tuple[float, float]
    left_out: tuple[Group, ...]
    remarks: tuple[str, ...]

    @property
    def line(self) -> str:
        """``2 classes (cat, dog); 80 training, 20 validation and 10 test images (held out); RGB, 32 × 32``"""
        names = ", ".join(self.classes[:MOST_NAMED]) + (" …" if len(self.classes) > MOST_NAMED else "")
        test = self.parts["test"]
        counts = f"{self.parts['train']:,} training, {self.parts['validation']:,} validation"
        images = f"{counts} and {test:,} test images (held out)" if test else f"{counts} images"
        color = "grayscale" if self.channels == 1 else "RGB"
        return f"{plural(len(self.classes), 'class')} ({names}); {images}; {color}, {self.size_text}"


def describe(images: ImageSet) -> Description:
    """The description of a data set that was loaded."""
    parts = {"train": images.train, "validation": images.validation, "test": images.test}
    return Description(
        key=images.key,
        title=images.title,
        classes=images.classes,
        parts={name: len(part) for name, part in parts.items()},
        counts=dict(zip(images.classes, images.counts(), strict=True)),
        size=None if images.shape is None else images.shape[1:],
        size_text=size_text(images),
        channels=images.channels,
        scale=(0.0, 255.0 if images.white is None else images.white),
        left_out=grouped(images.left_out),
        remarks=images.remarks,
    )
