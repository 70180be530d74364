"""Trains and evaluates a model_fn in the replicas of a `tf.distribute` strategy."""
