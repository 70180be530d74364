"""A model_fn's v1 graph as functions that TF2 code can call."""
