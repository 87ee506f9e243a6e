"""The stack: the network from top to bottom, as it stands at the left of every workspace."""
