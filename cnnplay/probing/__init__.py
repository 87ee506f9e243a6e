"""Read-only looks into a module: filters, feature maps, predictions, and their arrangement as pictures."""
