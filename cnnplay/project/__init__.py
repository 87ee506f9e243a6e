"""The .cnnplay file: a network with its settings, weights and history; and weights read back from files."""
