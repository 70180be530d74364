"""Tables of the names of `tf.estimator` and `tf.contrib`, and what became of each."""
