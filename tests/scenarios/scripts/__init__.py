"""Scenarios: what the Estimator's companions do, each a function of a folder that returns JSON.

A script is legacy code: `import tensorflow.compat.v1 as tf`, with `tf.estimator` put there by the
runner. Its `run(folder)` returns what can be observed; floats as hex, arrays through `encode`.
"""
