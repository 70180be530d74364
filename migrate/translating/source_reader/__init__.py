"""Reads the source of a model_fn: which statements each mode runs, and what they compute."""
