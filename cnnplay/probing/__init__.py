"""Reading filters, feature maps, receptive fields and predictions from a module, without changing it."""
