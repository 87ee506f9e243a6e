"""Hyper-parameter search: a declared space, trials that are runs, and what is to be learned from them."""
