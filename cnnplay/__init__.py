"""CNN Playground: click convolutional networks together, train them while watching, look inside them."""

import os

__version__ = "0.1.0"

# torch reads it once, before its first tensor: on Linux it then asks for huge pages for tensors of 2 MiB
# and more.
# A step that is bound by memory takes some hundredths less time (ResNet-8 at 32 × 32 in a bare loop: 5 %).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
