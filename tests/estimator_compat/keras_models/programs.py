"""Keras models of which Estimators are made, and their inputs; a function each.

Weights are given or constant: the initializers of two releases draw other numbers.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

keras = tf.keras
_RANDOM = np.random.RandomState(7)
X = _RANDOM.normal(size=[10, 3]).astype(np.float32)
Z = _RANDOM.normal(size=[10, 2]).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 0.5).astype(np.float32)
CLASSES = np.array([0, 1, 2, 0, 1, 2, 2, 1, 0, 1], np.int32)[:, None]
BINARY = (Y > 0).astype(np.float32)
WEIGHTS = np.array([1, 0, 2, 0.5, 1, 0, 3, 1, 1, 0.25], np.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A model and how it is trained.

    Attributes:
      model: The compiled model.
      features: Arrays, or a dict of them.
      labels: Arrays, or a dict of them.
      arguments: Further arguments of `model_to_estimator`.
      is_random: Whether training draws random numbers, so that only the structure is compared.
    """

    model: Any
    features: Any
    labels: Any
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict)
    is_random: bool = False


def _weights(*shape: int, seed: int = 1) -> Any:
    values = np.random.RandomState(seed).normal(size=shape) * 0.5
    return keras.initializers.constant(values.astype(np.float32))


def _dense(rows: int, units: int, **settings: Any) -> Any:
    return keras.layers.Dense(units, kernel_initializer=_weights(rows, units), **settings)


def _sequential(*middle: Any, units: int = 1, **last: Any) -> Any:
    first = keras.layers.InputLayer([3], name="x")
    return keras.Sequential(
        [first, _dense(3, 4, activation="tanh"), *middle, _dense(4, units, **last)]
    )


def _sgd(rate: float = 0.05, **settings: Any) -> Any:
    return keras.optimizers.legacy.SGD(rate, **settings)


def sequential() -> Program:
    model = _sequential()
    model.compile(_sgd(momentum=0.9), "mse", metrics=["mae", "mse"])
    return Program(model=model, features={"x": X}, labels=Y)


def sequential_of_names() -> Program:
    return dataclasses.replace(sequential(), arguments={"checkpoint_format": "saver"})


def functional() -> Program:
    """Two inputs and two outputs, with weights of the losses."""
    x, z = keras.Input([3], name="x"), keras.Input([2], name="z")
    joined = keras.layers.Concatenate()([_dense(3, 4, activation="tanh")(x), z])
    outputs = [
        _dense(6, 1, name="amount")(joined),
        _dense(6, 3, name="kind", activation="softmax")(joined),
    ]
    model = keras.Model([x, z], outputs)
    model.compile(
        keras.optimizers.legacy.Adam(0.01),
        {"amount": "mse", "kind": "sparse_categorical_crossentropy"},
        metrics={"amount": ["mae"], "kind": ["accuracy"]},
        loss_weights={"amount": 0.25, "kind": 2.0},
    )
    labels = {"amount": Y, "kind": CLASSES}
    return Program(model=model, features={"x": X, "z": Z}, labels=labels)


def functional_of_lists() -> Program:
    """The same with tuples, other metric names and outputs of its own."""
    given = functional()
    return dataclasses.replace(
        given,
        features=(X, Z),
        labels=(Y, CLASSES),
        arguments={
            "checkpoint_format": "saver",
            "metric_names_map": {"amount_mae": "a", "kind_accuracy": "b"},
        },
    )


class Subclassed(tf.keras.Model):
    """A model without a graph of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = _dense(3, 4, activation="tanh")
        self.last = _dense(4, 1, activation="sigmoid")

    def call(self, x: Any) -> Any:
        return self.last(self.hidden(x))

    def get_config(self) -> Any:
        return {}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        return cls()


def subclassed() -> Program:
    model = Subclassed()
    model.compile(keras.optimizers.legacy.Adagrad(0.1), "binary_crossentropy", ["accuracy"])
    arguments = {"checkpoint_format": "saver"}
    return Program(model=model, features=X, labels=BINARY, arguments=arguments)


def batch_normalization() -> Program:
    model = _sequential(keras.layers.BatchNormalization())
    model.compile(_sgd(), "mse")
    return Program(model=model, features={"x": X}, labels=Y)


def dropout() -> Program:
    model = _sequential(keras.layers.Dropout(0.5))
    model.compile(_sgd(), "mse")
    return Program(model=model, features={"x": X}, labels=Y, is_random=True)


def regularized() -> Program:
    penalty = keras.regularizers.l2(0.01)
    model = _sequential(units=3, activation="softmax", kernel_regularizer=penalty)
    model.compile(_sgd(), "sparse_categorical_crossentropy", ["accuracy"])
    return Program(model=model, features={"x": X}, labels=CLASSES)


def _reduced(reduction: str) -> Program:
    model = _sequential()
    loss = keras.losses.Huber(reduction=getattr(keras.losses.Reduction, reduction))
    model.compile(_sgd(0.01), loss, metrics=[keras.metrics.RootMeanSquaredError()])
    return Program(model=model, features={"x": X}, labels=Y)


def reduced_auto() -> Program:
    return _reduced("AUTO")


def reduced_sum() -> Program:
    return _reduced("SUM")


def reduced_mean() -> Program:
    return _reduced("SUM_OVER_BATCH_SIZE")


def optimizer_of_version_1() -> Program:
    model = _sequential(units=1, activation="sigmoid")
    optimizer = tf.compat.v1.train.AdagradOptimizer(0.1)
    model.compile(optimizer, keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
    return Program(model=model, features={"x": X}, labels=BINARY)


def new_optimizer() -> Program:
    """An optimizer that graphs cannot run: it is converted."""
    model = _sequential()
    model.compile(keras.optimizers.RMSprop(0.01), "mse")
    return Program(model=model, features={"x": X}, labels=Y)


def weighted() -> Program:
    given = sequential()
    return dataclasses.replace(given, features={"features": {"x": X}, "sample_weights": WEIGHTS})


def weighted_outputs() -> Program:
    given = functional()
    weights = {"amount": WEIGHTS, "kind": WEIGHTS[::-1].copy()}
    return dataclasses.replace(
        given, features={"features": {"x": X, "z": Z}, "sample_weights": weights}
    )


def with_weights() -> Program:
    """A model whose weights were set: they are the first checkpoint."""
    model = _sequential()
    model.compile(_sgd(0.0), "mse")
    model.set_weights([np.full(w.shape, 0.25, np.float32) for w in model.get_weights()])
    return Program(model=model, features={"x": X}, labels=Y)


PROGRAMS: dict[str, Callable[[], Program]] = {
    made.__name__: made
    for made in (
        sequential,
        sequential_of_names,
        functional,
        functional_of_lists,
        subclassed,
        batch_normalization,
        dropout,
        regularized,
        reduced_auto,
        reduced_sum,
        reduced_mean,
        optimizer_of_version_1,
        new_optimizer,
        weighted,
        weighted_outputs,
        with_weights,
    )
}
