"""Checkpoints of both kinds: a hosted loop's own, and an Estimator's."""
