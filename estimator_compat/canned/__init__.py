"""Canned estimators: models of feature columns with a head, a file a kind of model."""
