"""Hosts a model_fn in a TF2 custom loop, without a session and without an Estimator."""
