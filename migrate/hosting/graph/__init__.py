"""Turns a model_fn's v1 graph into functions that TF2 code can call."""
