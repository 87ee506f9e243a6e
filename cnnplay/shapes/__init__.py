"""Integer arithmetic over a network: output sizes, costs, receptive fields, problems with fixes, formulas."""
