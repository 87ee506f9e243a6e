"""Networks as values: layer kinds, skip and branches blocks, edits, presets, JSON."""
