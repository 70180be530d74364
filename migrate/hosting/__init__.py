"""Hosts a model_fn in a TF2 custom loop: no session and no Estimator."""
