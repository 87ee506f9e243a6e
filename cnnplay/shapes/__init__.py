"""Integer arithmetic over a network: output sizes, costs, receptive fields, faults with mends, formulas in
words."""
