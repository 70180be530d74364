"""Proves that a training loop computes what the model_fn computes under an Estimator."""
