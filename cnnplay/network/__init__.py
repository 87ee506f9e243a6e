"""What a network is: layer kinds, skip and branch blocks, edits, presets, its JSON."""
