"""Proves that two ways to run a model_fn compute the same."""
