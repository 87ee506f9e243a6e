"""CNN Playground: click convolutional networks together, train them while watching, look inside them."""

__version__ = "0.1.0"
