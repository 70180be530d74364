"""Public session hooks whose first argument is an Estimator."""
