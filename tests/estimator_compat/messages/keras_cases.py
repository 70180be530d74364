"""Mistakes of `model_to_estimator`."""

from typing import Any

import tensorflow as tf

from tests.estimator_compat.messages.api import Case, X, input_fn


def _model(*, compiled: bool = True, **settings: Any) -> Any:
    first = tf.keras.layers.InputLayer([1], name="x")
    model = tf.keras.Sequential([first, tf.keras.layers.Dense(1, name="y")])
    if compiled:
        optimizer = tf.keras.optimizers.legacy.SGD()
        model.compile(optimizer, "mse", **settings)
    return model


class Subclassed(tf.keras.Model):
    """A model without a configuration."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = tf.keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.layer(x)

    def get_config(self) -> Any:
        raise NotImplementedError


class Configured(Subclassed):
    """A model with a configuration."""

    def get_config(self) -> Any:
        return {}


def _compiled(model: Any) -> Any:
    model.compile(tf.keras.optimizers.legacy.SGD(), "mse")
    return model


def _two_outputs() -> Any:
    given = tf.keras.Input([1], name="x")
    outputs = [tf.keras.layers.Dense(1, name=name)(given) for name in ("a", "b")]
    return _compiled(tf.keras.Model(given, outputs))


def _made(case: Case, model: Any, **arguments: Any) -> Any:
    return case.model_to_estimator(model, **arguments)


def _other_features() -> Any:
    return tf.data.Dataset.from_tensors(({"other": X}, X))


def _weighted(weights: Any) -> Any:
    def weighted_input_fn() -> Any:
        features = {"features": X, "sample_weights": weights}
        return tf.data.Dataset.from_tensors((features, (X, X)))

    return weighted_input_fn


def _trained(case: Case, model: Any, input_fn: Any, **arguments: Any) -> Any:
    return _made(case, model, **arguments).train(input_fn, steps=1)


def _evaluated(case: Case, **names: str) -> Any:
    model = _model(metrics=["mae"])
    return _made(case, model, metric_names_map=names).evaluate(input_fn)


CASES = {
    "keras, no model": lambda c: _made(c, None),
    "keras, model and path": lambda c: _made(c, _model(), keras_model_path="path"),
    "keras, not compiled": lambda c: _made(c, _model(compiled=False)),
    "keras, checkpoint_format": lambda c: _made(c, _model(), checkpoint_format="h5"),
    "keras, no config": lambda c: _made(c, _compiled(Subclassed()), checkpoint_format="saver"),
    "keras, subclassed with objects": lambda c: _made(c, _compiled(Configured())),
    "keras, features": lambda c: _trained(c, _model(), _other_features),
    "keras, metric names": lambda c: _evaluated(c, other="a"),
    "keras, extra metric names": lambda c: _evaluated(c, mae="a", other="b"),
    "keras, weights of a list": lambda c: _trained(c, _two_outputs(), _weighted((X[:, 0],))),
    "keras, weights of a tensor": lambda c: _trained(c, _two_outputs(), _weighted(X[:, 0])),
    "keras, weights of other names": lambda c: _trained(
        c, _two_outputs(), _weighted({"z": X[:, 0]})
    ),
    "keras, export_outputs": lambda c: _trained(
        c, _model(), input_fn, export_outputs={"z": c.v2.export.RegressionOutput}
    ),
}
