"""The lecture's concepts, one module each: the computation, not the drawing."""
