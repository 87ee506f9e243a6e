"""Networks as torch.nn.Modules, keyed by node id; reading and loading their weights."""
