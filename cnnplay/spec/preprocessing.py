"""How an image becomes the network's input: one rule, exported with the weights."""

import msgspec


class Preprocessing(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Images are brought to `size` and number of channels, scaled to 0…1, then (x − mean) / std per channel.

    `input` is the network's (channels, height, width). Gray becomes RGB by repetition, RGB becomes gray by
    luma (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B). 28 × 28 becomes 32 × 32 by 2 pixels of black padding on
    each side; other sizes are resized bilinearly (with antialiasing), without keeping the aspect ratio.
    `mean` and `std` (one value per channel, for images in 0…1) are those of the training split after fitting.
    `white` is the value that becomes 1 in images of more than 8 bits; None if there were none, and in runs of
    earlier versions, in which each file had its own.
    """

    input: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float | None = None
