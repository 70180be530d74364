"""The input of a hosted loop, drawn as an Estimator draws it."""
