"""Training on several replicas with `tf.distribute`."""
