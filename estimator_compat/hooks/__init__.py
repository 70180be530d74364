"""Public hooks that take an Estimator."""
