"""Scenarios of `train_and_evaluate`, hooks, inputs and exports: functions that return JSON.

A script is legacy code: it has `import tensorflow.compat.v1 as tf`, and the runner adds
`tf.estimator`. Its `run(folder)` returns the observed values: floats as hex, arrays by `encode`.
"""
