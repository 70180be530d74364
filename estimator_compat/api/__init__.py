"""Tables of names: those of `tf.estimator` and `tf.contrib`, and what became of each."""
