"""A network as a torch.nn.Module, keyed by node id; weights taken out of it and put back."""
