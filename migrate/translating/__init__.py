"""Translates a model_fn into the source of a TF2 training loop. Nothing here imports TensorFlow."""
