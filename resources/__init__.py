"""What is shipped beside the code. Read it by `importlib.resources.files("cnnplay.resources")` alone."""
