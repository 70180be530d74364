"""Tests for migrate.mappings.layers: each row, the legacy layer in a graph against Keras 3."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)
from estimator_compat import facade
from migrate.mappings import layers
from migrate.mappings.layers import LayerRow
from migrate.translating.model_uses import RESERVED

_NORMALIZED = {"momentum": 0.8, "epsilon": 0.01}
# The arguments and the shape of the inputs.
CASES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "dense": ({"units": 3, "activation": tf.nn.relu}, [4, 5]),
    "conv1d": ({"filters": 3, "kernel_size": 2, "strides": 2}, [4, 6, 2]),
    "conv2d": ({"filters": 3, "kernel_size": 2, "padding": "same"}, [4, 5, 5, 2]),
    "conv3d": ({"filters": 2, "kernel_size": 2, "use_bias": False}, [2, 3, 3, 3, 2]),
    "conv2d_transpose": ({"filters": 3, "kernel_size": 3, "strides": 2}, [2, 4, 4, 2]),
    "conv3d_transpose": ({"filters": 2, "kernel_size": 2, "strides": 2}, [2, 3, 3, 3, 2]),
    "separable_conv1d": ({"filters": 3, "kernel_size": 2}, [4, 6, 2]),
    "separable_conv2d": (
        {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "activation": tf.nn.relu},
        [4, 5, 5, 2],
    ),
    "batch_norm": ({"decay": 0.8, "epsilon": 0.01, "scale": True}, [3, 4, 4, 2]),
    "max_pool2d": ({"kernel_size": 2}, [4, 5, 5, 2]),
    "avg_pool2d": ({"kernel_size": 2, "padding": "SAME"}, [4, 5, 5, 2]),
    "layer_norm": ({}, [4, 5]),
    "max_pooling1d": ({"pool_size": 2, "strides": 2}, [4, 6, 2]),
    "max_pooling2d": ({"pool_size": 2, "strides": 2, "padding": "same"}, [4, 5, 5, 2]),
    "max_pooling3d": ({"pool_size": 2, "strides": 1}, [2, 3, 3, 3, 2]),
    "average_pooling1d": ({"pool_size": 2, "strides": 1}, [4, 6, 2]),
    "average_pooling2d": ({"pool_size": 2, "strides": 2, "padding": "same"}, [4, 5, 5, 2]),
    "average_pooling3d": ({"pool_size": 2, "strides": 2}, [2, 4, 4, 4, 2]),
    "flatten": ({}, [4, 3, 2]),
    "dropout": ({"rate": 0.4}, [4, 3]),
    "batch_normalization": (_NORMALIZED, [6, 3]),
    "Dense": ({"units": 3, "activation": "tanh"}, [4, 5]),
    "Conv1D": ({"filters": 3, "kernel_size": 2}, [4, 6, 2]),
    "Conv2D": ({"filters": 3, "kernel_size": 2, "padding": "same"}, [4, 5, 5, 2]),
    "Conv3D": ({"filters": 2, "kernel_size": 2}, [2, 3, 3, 3, 2]),
    "Dropout": ({"rate": 0.4}, [4, 3]),
    "Flatten": ({}, [4, 3, 2]),
    "Reshape": ({"target_shape": [6]}, [4, 3, 2]),
    "Activation": ({"activation": "elu"}, [4, 3]),
    "GlobalAveragePooling1D": ({}, [4, 6, 2]),
    "GlobalAveragePooling2D": ({}, [4, 5, 5, 2]),
    "GlobalMaxPooling1D": ({}, [4, 6, 2]),
    "GlobalMaxPooling2D": ({}, [4, 5, 5, 2]),
    "MaxPooling1D": ({"pool_size": 2}, [4, 6, 2]),
    "MaxPooling2D": ({"pool_size": 2}, [4, 5, 5, 2]),
    "MaxPooling3D": ({"pool_size": 2}, [2, 4, 4, 4, 2]),
    "AveragePooling1D": ({"pool_size": 2}, [4, 6, 2]),
    "AveragePooling2D": ({"pool_size": 2}, [4, 5, 5, 2]),
    "AveragePooling3D": ({"pool_size": 2}, [2, 4, 4, 4, 2]),
    "LayerNormalization": ({"epsilon": 0.01}, [4, 5]),
}
_LOOKED_UP = "tf.keras.layers.Embedding"
_OF_CONTRIB = sorted(name for name in layers.ROWS if name.startswith("tf.contrib."))
_NAMES = {
    f"tf.layers.{keras_name}": legacy.rpartition(".")[2]
    for legacy, keras_name in ((one.legacy, one.keras) for one in layers.ROWS.values())
    if legacy.startswith("tf.layers.") and not layers.ROWS[legacy].is_class
}


def _case(row: LayerRow) -> tuple[dict[str, Any], list[int]]:
    return CASES[_NAMES.get(row.legacy, row.legacy.rpartition(".")[2])]


def _inputs(shape: list[int]) -> np.ndarray:
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def _legacy_outputs(row: LayerRow, inputs: Any, arguments: dict[str, Any], training: bool) -> Any:
    function: Any = facade.tensorflow() if row.legacy in _OF_CONTRIB else tf1
    for part in row.legacy.split(".")[1:]:
        function = getattr(function, part)
    called = {row.training[0]: training} if row.takes_training else {}
    if row.is_class:
        return function(**arguments)(inputs, **called)
    return function(inputs, **arguments, **called)


def _legacy(row: LayerRow, training: bool) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The variables before, and after: outputs, gradients and variables."""
    arguments, shape = _case(row)
    values = _inputs(shape)
    with tf.Graph().as_default(), tf1.Session() as session:
        inputs = tf1.placeholder(tf.float32, shape)
        outputs = _legacy_outputs(row, inputs, arguments, training)
        weights = tf1.trainable_variables()
        gradients = tf1.gradients(tf.reduce_sum(outputs**2), [inputs, *weights])
        updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
        session.run(tf1.global_variables_initializer())
        random = np.random.RandomState(1)
        for variable in tf1.global_variables():
            shape = variable.shape.as_list()
            variable.load(random.uniform(0.5, 1.5, shape).astype(np.float32), session)
        before = {v.op.name: session.run(v) for v in tf1.global_variables()}
        found = session.run([outputs, gradients], {inputs: values})
        session.run(updates, {inputs: values})
        after = {v.op.name: session.run(v) for v in tf1.global_variables()}
    names = ["outputs", "inputs", *(v.op.name for v in weights)]
    return before, dict(zip(names, [found[0], *found[1]], strict=True)) | {
        f"{name} after": value for name, value in after.items()
    }


def _written(
    row: LayerRow, layer: Any, before: dict[str, np.ndarray], training: bool
) -> dict[str, np.ndarray]:
    inputs = tf.constant(_inputs(_case(row)[1]))
    called = {"training": training} if row.takes_training else {}
    layer(inputs)
    variables = {
        name: getattr(layer, row.variables[name.rpartition("/")[2]]).value for name in before
    }
    for name, value in before.items():
        variables[name].assign(value)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, **called)
        loss = tf.reduce_sum(outputs**2)
    weights = {name: v for name, v in variables.items() if v.trainable}
    gradients = tape.gradient(loss, {"inputs": inputs, **weights})
    after = {f"{name} after": v.numpy() for name, v in variables.items()}
    return {"outputs": outputs.numpy(), **{n: g.numpy() for n, g in gradients.items()}, **after}


def _assert_alike(legacy: dict[str, np.ndarray], written: dict[str, np.ndarray]) -> None:
    assert legacy.keys() == written.keys()
    for name, value in legacy.items():
        np.testing.assert_allclose(written[name], value, rtol=2e-6, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", sorted(set(layers.ROWS) - {_LOOKED_UP, *_OF_CONTRIB}))
def test_the_keras_layer_computes_the_same(name: str, training: bool) -> None:
    row = layers.ROWS[name]
    if row.keras == "Dropout" and training:
        pytest.skip("random")
    before, legacy = _legacy(row, training)
    arguments = {row.renamed.get(name, name): value for name, value in _case(row)[0].items()}
    layer = getattr(keras.layers, row.keras)(**arguments)
    _assert_alike(legacy, _written(row, layer, before, training))


@pytest.mark.slow  # it gives tf-slim the names of TensorFlow that it asks for
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", _OF_CONTRIB)
def test_the_layer_of_contrib_computes_the_same(name: str, training: bool) -> None:
    pytest.importorskip("tf_slim")
    row = layers.ROWS[name]
    before, legacy = _legacy(row, training)
    names: dict[str, Any] = {"tf": tf, "keras": keras, "Any": Any}
    exec(row.source, names)
    given = {**{k: eval(v) for k, v in row.defaults.items()}, **_case(row)[0]}
    arguments = {row.renamed.get(key, key): value for key, value in given.items()}
    layer = (names if row.source else vars(keras.layers))[row.keras](**arguments)
    _assert_alike(legacy, _written(row, layer, before, training))


@pytest.mark.parametrize("training", [False, True])
def test_a_fused_batch_normalization_has_a_class_of_its_own(training: bool) -> None:
    row = layers.ROWS["tf.layers.batch_normalization"]
    names: dict[str, Any] = {"tf": tf, "keras": keras, "Any": Any}
    exec(layers.FUSED_BATCH_NORMALIZATION, names)
    CASES["batch_normalization"] = (_NORMALIZED, [3, 4, 4, 2])
    try:
        before, legacy = _legacy(row, training)
        layer = names["FusedBatchNormalization"](**_NORMALIZED)
        _assert_alike(legacy, _written(row, layer, before, training))
        if training:
            # Keras's own layer moves the variance of the batch: 48 numbers, so 47 / 48 of it.
            own = _written(row, keras.layers.BatchNormalization(**_NORMALIZED), before, training)
            name = "batch_normalization/moving_variance after"
            moved = before[name.removesuffix(" after")] * 0.8
            np.testing.assert_allclose(
                (own[name] - moved) * 48 / 47, legacy[name] - moved, rtol=1e-4
            )
    finally:
        CASES["batch_normalization"] = (_NORMALIZED, [6, 3])


def test_dropout_has_the_same_rate() -> None:
    for name in ("tf.layers.dropout", "tf.layers.Dropout", "tf.keras.layers.Dropout"):
        row = layers.ROWS[name]
        ones = np.ones([100, 100], np.float32)
        with tf.Graph().as_default(), tf1.Session() as session:
            legacy = session.run(_legacy_outputs(row, tf.constant(ones), {"rate": 0.4}, True))
        written = getattr(keras.layers, row.keras)(rate=0.4)(ones, training=True).numpy()
        for values in (legacy, written):
            found = {round(float(one), 4) for one in np.unique(values)}
            assert found == {0.0, 1.6667}  # 1 / 0.6
            assert abs(np.mean(values == 0) - 0.4) < 0.03  # 6 standard errors of 0.005


def test_an_embedding_has_the_legacy_table() -> None:
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    with tf.Graph().as_default(), tf1.Session() as session:
        outputs = tf1.keras.layers.Embedding(3, 2)(tf.constant([2, 0]))
        [variable] = tf1.global_variables()
        session.run(tf1.global_variables_initializer())
        variable.load(table, session)
        legacy = session.run(outputs)
    layer = keras.layers.Embedding(3, 2)
    layer(tf.constant([2, 0]))
    layer.embeddings.assign(table)
    np.testing.assert_array_equal(layer(tf.constant([2, 0])), legacy)
    assert layers.ROWS[_LOOKED_UP].variables == {"embeddings": "embeddings"}


def test_attributes_do_not_hide_those_of_keras() -> None:
    class Model(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

    model = Model()
    model.compile("sgd", "mse")
    assert {name for name in dir(model) if not name.startswith("_")} <= RESERVED
