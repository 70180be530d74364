"""What a training step leaves out is found, and nothing else is."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec, ModeKeys
from estimator_compat.ledger import cautions, json_values
from estimator_compat.ledger.values import LeftOut, LossLedger, Omission
from migrate import measured_ledger
from migrate.targets import Target

X = np.ones([4, 3], np.float32)
Y = np.ones([4, 1], np.float32)


def _train(loss: Any, *after: Any) -> Any:
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    with tf.control_dependencies(list(after)):
        return optimizer.minimize(loss, tf1.train.get_global_step())


def _squares(labels: Any, outputs: Any) -> Any:
    return tf1.losses.mean_squared_error(labels, outputs)


def _spec(mode: str, loss: Any, *after: Any, trained: Any = None, **spec: Any) -> Any:
    train_op = _train(loss if trained is None else trained, *after)
    return EstimatorSpec(mode, loss=loss, train_op=train_op, **spec)


def _updates(graph_updates: bool) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        hidden = tf1.layers.batch_normalization(features, training=mode == ModeKeys.TRAIN)
        loss = _squares(labels, tf1.layers.dense(hidden, 1))
        after = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS) if graph_updates else []
        return _spec(mode, loss, *after)

    return model_fn


def _keras_updates(run: bool) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        layer = tf.keras.layers.BatchNormalization(name="norm")
        hidden = layer(features, training=mode == ModeKeys.TRAIN)
        loss = _squares(labels, tf1.layers.dense(hidden, 1))
        return _spec(mode, loss, *(layer.updates if run else []))

    return model_fn


def _collected(where: str) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        regularizer = tf.keras.regularizers.L2(0.1)
        outputs = tf1.layers.dense(features, 1, kernel_regularizer=regularizer, name="out")
        loss = _squares(labels, outputs)
        total = loss + tf1.losses.get_regularization_loss()
        if where == "loss":
            return _spec(mode, total)
        return _spec(mode, loss, trained=total if where == "gradient" else None)

    return model_fn


def _keras_regularizer(where: str, regularizer: Any = None) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        layer = tf.keras.layers.Dense(
            1, kernel_regularizer=regularizer or tf.keras.regularizers.L2(0.1), name="out"
        )
        loss = _squares(labels, layer(features))
        if where == "loss":
            loss += tf.add_n(layer.losses)
        if where == "by hand":
            loss += 0.1 * tf.nn.l2_loss(layer.kernel)
        if where == "function":
            loss += tf.function(lambda: tf.add_n(layer.losses))()
        trained = loss + tf.add_n(layer.losses) if where == "gradient" else None
        return _spec(mode, loss, trained=trained)

    return model_fn


class _Activity(tf.keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        self.add_loss(tf.reduce_mean(tf.abs(inputs)))
        return inputs


def _added(where: str) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        layer = _Activity()
        outputs = layer(tf1.layers.dense(features, 1))
        loss = _squares(labels, outputs)
        if where == "loss":
            loss += tf.add_n(layer.losses)
        trained = loss + tf.add_n(layer.losses) if where == "gradient" else None
        return _spec(mode, loss, trained=trained)

    return model_fn


def _activity(features: Any, labels: Any, mode: str) -> Any:
    layer = tf.keras.layers.Dense(1, activity_regularizer="l2", name="out")
    return _spec(mode, _squares(labels, layer(features)))


def _keras_3(features: Any, labels: Any, mode: str) -> Any:
    keras = importlib.import_module("keras")

    layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1), name="out")
    hidden = keras.layers.BatchNormalization(name="norm")(features, training=True)
    return _spec(mode, _squares(labels, layer(hidden)))


class _Runs(tf1.train.SessionRunHook):
    """A hook that may run anything."""


def _with_hook(features: Any, labels: Any, mode: str) -> Any:
    spec = _updates(graph_updates=False)(features, labels, mode)
    return spec._replace(training_hooks=(_Runs(),))


def _ledger(model_fn: Callable[..., Any], mode: str = ModeKeys.TRAIN) -> LossLedger:
    inputs = lambda: tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)  # noqa: E731
    return measured_ledger.examine(Target(model_fn=model_fn, input_fns=inputs), mode, batches=1)


FOUND = {
    "UPDATE_OPS": (
        _updates(graph_updates=False),
        [
            (
                Omission.UPDATE_OPS,
                (
                    "batch_normalization/AssignMovingAvg/AssignSubVariableOp",
                    "batch_normalization/AssignMovingAvg_1/AssignSubVariableOp",
                ),
            )
        ],
    ),
    "updates of Keras": (
        _keras_updates(run=False),
        [
            (Omission.KERAS_UPDATES, ("norm/moving_mean",)),
            (Omission.KERAS_UPDATES, ("norm/moving_variance",)),
        ],
    ),
    "collection": (_collected(""), [(Omission.REGULARIZATION_LOSSES, ("out/kernel",))]),
    "regularizer": (_keras_regularizer(""), [(Omission.KERAS_REGULARIZERS, ("out/kernel",))]),
    "add_loss": (_added(""), [(Omission.KERAS_LOSSES, ("private__activity/Mean",))]),
    "activity": (_activity, [(Omission.KERAS_LOSSES, ("out/ActivityRegularizer/truediv",))]),
    "Keras 3": (
        _keras_3,
        [
            (Omission.KERAS_UPDATES, ("norm/moving_mean",)),
            (Omission.KERAS_UPDATES, ("norm/moving_variance",)),
            (Omission.KERAS_REGULARIZERS, ("out/kernel",)),
        ],
    ),
}


@pytest.mark.parametrize(("model_fn", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_left_out(model_fn, expected):
    ledger = _ledger(model_fn)
    assert [(each.part, each.names) for each in ledger.left_out] == expected
    assert {line.file for each in ledger.left_out for line in each.lines} <= {__file__}
    given = [caution.code for caution in cautions.warnings(ledger)]
    assert given == list(
        dict.fromkeys(
            f"{part.value}-left-out"
            for part, _ in sorted(
                expected,
                key=lambda each: list(cautions._LEFT_OUT).index(each[0]),
            )
        )
    )
    assert _ledger(model_fn, ModeKeys.EVAL).left_out == ()


class _Orthogonal(tf.keras.regularizers.Regularizer):
    def __call__(self, x: Any) -> Any:
        return tf.reduce_sum(tf.transpose(x) @ x)


NOTHING = {
    "UPDATE_OPS run": _updates(graph_updates=True),
    "UPDATE_OPS and a hook": _with_hook,
    "updates of Keras run": _keras_updates(run=True),
    "collection in the loss": _collected("loss"),
    "collection in the gradient": _collected("gradient"),
    "regularizer in the loss": _keras_regularizer("loss"),
    "regularizer in the gradient": _keras_regularizer("gradient"),
    "regularizer in a function": _keras_regularizer("function"),
    "the user's penalty": _keras_regularizer("by hand"),
    "a regularizer of 0": _keras_regularizer("", tf.keras.regularizers.L2(0.0)),
    "a regularizer of the user's": _keras_regularizer("", _Orthogonal()),
    "add_loss in the loss": _added("loss"),
    "add_loss in the gradient": _added("gradient"),
}


@pytest.mark.parametrize("model_fn", NOTHING.values(), ids=NOTHING)
def test_nothing_is_left_out(model_fn):
    assert _ledger(model_fn).left_out == ()


def test_keras_has_its_methods_again():
    before = tf.keras.layers.Layer.add_weight, tf.keras.layers.Layer.add_loss
    _ledger(_activity)
    assert (tf.keras.layers.Layer.add_weight, tf.keras.layers.Layer.add_loss) == before


def test_it_is_a_new_key_of_the_json():
    left = LeftOut(part=Omission.UPDATE_OPS, names=("a", "b"))
    assert json_values.to_json(left) == {"part": "update-ops", "names": ["a", "b"], "lines": []}
    ledger = LossLedger(loss="loss:0", dtype="float32", terms=(), left_out=(left,))
    assert ledger.to_json()["left_out"] == [json_values.to_json(left)]
