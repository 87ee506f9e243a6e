"""The usual suffixes of files; their content decides what they are. Needs no torch."""

WEIGHTS_SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".tar", ".bin")
