"""The lecture: one module a concept, computed, not drawn."""
