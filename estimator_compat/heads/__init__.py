"""Heads: the loss, the metrics, the predictions and the exports of a kind of model, a file a head.

A `Task` says what is special about a kind of labels. The heads of TensorFlow 2
(`single_head.SingleHead`) and of TensorFlow 1 (`legacy_head.LegacyHead`) are made of tasks.
"""
