"""The stack view: the network from top to bottom, at the left of every workspace."""
