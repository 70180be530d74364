"""Builds a model_fn's graph and runs it in sessions: training, evaluation and prediction."""
