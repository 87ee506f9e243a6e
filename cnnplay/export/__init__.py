"""Exports networks as weights, ONNX and code, together with preprocessing and class names."""
