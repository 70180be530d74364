"""What the cases of mistakes share: an API, and small things of it that work."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

X = np.array([[1.0], [2.0]], np.float32)
Y = np.array([1.0, 0.0], np.float32)


def nothing() -> None:
    """Returns None, as an input_fn or a predicate."""


def input_fn() -> Any:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(2)


def tuple_of_three() -> Any:
    return tf.data.Dataset.from_tensor_slices((X, Y, Y)).batch(2)


@contextlib.contextmanager
def environment(tf_config: Any) -> Iterator[None]:
    """Sets TF_CONFIG: a text, or an object that is written as JSON."""
    text = tf_config if isinstance(tf_config, str) else json.dumps(tf_config)
    os.environ["TF_CONFIG"] = text
    try:
        yield
    finally:
        del os.environ["TF_CONFIG"]


class Case:
    """An API, and what the cases need of it.

    Args:
      v2: The names of `tf.estimator`.
      v1: The names of `tf.compat.v1.estimator`.
      model_to_estimator: That of `tf.keras.estimator`.
    """

    def __init__(self, v2: Any, v1: Any, model_to_estimator: Any) -> None:
        self.v2, self.v1, self.model_to_estimator = v2, v1, model_to_estimator

    def model_fn(self, features: Any, labels: Any, mode: str, **spec: Any) -> Any:
        values = features["x"] if isinstance(features, dict) else features
        weight = tf1.get_variable("w", [1], initializer=tf1.ones_initializer())
        loss = tf.reduce_sum(values * weight)
        given = {
            "predictions": {"y": values * weight},
            "loss": loss,
            "train_op": tf1.train.get_global_step().assign_add(1),
            **spec,
        }
        return self.v2.EstimatorSpec(mode, **given)

    def estimator(self, make: Any = None, spec: Any = None, **arguments: Any) -> Any:
        """Makes an Estimator; `spec()` returns other fields of its EstimatorSpec."""

        def model_fn(features: Any, labels: Any, mode: str) -> Any:
            return self.model_fn(features, labels, mode, **(spec() if spec else {}))

        given = {"model_dir": tempfile.mkdtemp(), **arguments}
        return self.v2.Estimator(make or model_fn, **given)

    def trained(self, **arguments: Any) -> Any:
        return self.estimator(**arguments).train(input_fn, steps=1)

    def spec(self, mode: str = "train", **fields: Any) -> Any:
        """Makes an EstimatorSpec in a graph; a field may be a function without arguments."""
        with tf.Graph().as_default():
            given = {"loss": tf.constant(1.0), "train_op": tf.no_op(), **fields}
            made = {name: value() if callable(value) else value for name, value in given.items()}
            return self.v2.EstimatorSpec(mode, **made)

    def in_cluster(self, task: Any, **jobs: Any) -> Any:
        with environment({"cluster": jobs, "task": task}):
            return self.v2.RunConfig()

    def with_config(self, tf_config: Any, **arguments: Any) -> Any:
        with environment(tf_config):
            return self.v2.RunConfig(**arguments)


def other_graph() -> Any:
    """Returns a tensor of another graph."""
    with tf.Graph().as_default():
        return tf.constant(1.0, name="foreign")
