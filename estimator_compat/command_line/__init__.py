"""The inside of `estimator-train`, and what the command lines share."""
