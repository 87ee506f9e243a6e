"""Networks carried away: weights, ONNX and code, with the preprocessing and the class names beside them."""
