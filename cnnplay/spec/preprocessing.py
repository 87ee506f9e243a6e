"""How a picture becomes the network's input: one stated rule, exported with the weights."""

import msgspec


class Preprocessing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures are brought to `size` and channel count, scaled to 0…1, then (x − mean) / std per channel.

    `input` is (channels, height, width) of the network. Grey becomes RGB by repetition, RGB becomes grey by
    luma (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B). 28 × 28 becomes 32 × 32 by 2 pixels of black
    on each side; any other size is resized bilinearly (with antialiasing), not keeping the aspect ratio.
    `mean` and `std` (one number a channel, of pictures in 0…1) are the training part's, after fitting.
    """

    input: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
