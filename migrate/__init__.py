"""Translates Estimator-style model_fns into TF2 custom loops and proves that they are the same."""

from migrate.targets import Target

__all__ = ["Target"]
