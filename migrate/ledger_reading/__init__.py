"""Reads the ledger of a model_fn's loss from its source; nothing of it is imported or run."""
