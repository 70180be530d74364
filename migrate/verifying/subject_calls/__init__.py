"""The calls to a loop that a person wrote, and the process that serves them.

The modules of this package do not import `estimator_compat`, which asks TensorFlow for legacy
Keras. In the process of a subject, `tf.keras` is what it is in the user's own program.
"""
