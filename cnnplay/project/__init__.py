"""The .cnnplay file (network, settings, weights, history), and reading weights from other files."""
