"""Reads what a run of a model_fn shows, as the values of `migrate.translating.facts`."""
