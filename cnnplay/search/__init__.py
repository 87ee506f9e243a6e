"""Hyperparameter search: a declared space, trials that are runs, and hyperparameter importance."""
