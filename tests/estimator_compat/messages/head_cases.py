"""Mistakes in heads and in canned estimators."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.estimator_compat.messages.api import Case, X, Y, input_fn


def _loss(head: Any, labels: Any, logits: Any = ((1.0,), (2.0,)), features: Any = None) -> Any:
    with tf.Graph().as_default():
        given = labels() if callable(labels) else tf.constant(labels)
        return head.loss(given, tf.constant(logits), features=features or {"x": X}, mode="train")


def _spec(head: Any, mode: str = "train", **arguments: Any) -> Any:
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        given = {
            "features": {"x": X},
            "logits": tf.constant([[1.0], [2.0]]) * tf1.get_variable("w", []),
            "labels": tf.constant([[1.0], [0.0]]),
            **{name: make() if callable(make) else make for name, make in arguments.items()},
        }
        return head.create_estimator_spec(mode=mode, **given)


def _three(case: Case, **arguments: Any) -> Any:
    return case.v2.MultiClassHead(**{"n_classes": 3, **arguments})


def _labels(case: Case, **arguments: Any) -> Any:
    return case.v2.MultiLabelHead(**{"n_classes": 2, **arguments})


def _multi(case: Case, **arguments: Any) -> Any:
    heads = [case.v2.RegressionHead(name=name) for name in ("a", "b")]
    return case.v2.MultiHead(**{"heads": heads, **arguments})


def _column(**arguments: Any) -> Any:
    return tf.feature_column.numeric_column("x", **arguments)


def _trained(estimator: Any, features: Any = None) -> Any:
    def of_a_tensor() -> Any:
        return tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)

    return estimator.train(of_a_tensor if features is None else input_fn, steps=1)


def _two_logits() -> Any:
    return tf.constant([[1.0, 2.0], [1.0, 2.0]])


def _sparse() -> Any:
    return tf.sparse.from_dense(tf.constant([[1.0], [2.0]]))


def _combined(case: Case, **arguments: Any) -> Any:
    return case.v2.DNNLinearCombinedRegressor(**arguments)


_DIMENSIONS = ((1.0, 2.0), (1.0, 2.0))

CASES = {
    "binary, vocabulary": lambda c: c.v2.BinaryClassHead(label_vocabulary="ab"),
    "binary, threshold": lambda c: c.v2.BinaryClassHead(thresholds=[0.5, 1.0]),
    "binary, reduction": lambda c: c.v2.BinaryClassHead(loss_reduction="mean"),
    "binary, loss_fn without logits": lambda c: c.v2.BinaryClassHead(loss_fn=lambda labels: 1),
    "binary, loss_fn without labels": lambda c: c.v2.BinaryClassHead(loss_fn=lambda logits: 1),
    "binary, loss_fn with other": lambda c: c.v2.BinaryClassHead(
        loss_fn=lambda labels, logits, other: 1
    ),
    "binary, weight_column": lambda c: _loss(c.v2.BinaryClassHead(weight_column=1.0), [[1], [0]]),
    "binary, two logits": lambda c: _loss(c.v2.BinaryClassHead(), [[1], [0]], _DIMENSIONS),
    "binary, logits of rank 1": lambda c: _loss(c.v2.BinaryClassHead(), [[1], [0]], (1.0, 2.0)),
    "binary, labels of rank 1": lambda c: _loss(c.v2.BinaryClassHead(), [1, 0, 1]),
    "binary, no labels": lambda c: _loss(c.v2.BinaryClassHead(), lambda: None),
    "binary, two labels": lambda c: _loss(c.v2.BinaryClassHead(), [[1, 1], [0, 0]]),
    "regression, label_dimension": lambda c: c.v2.RegressionHead(label_dimension=0),
    "regression, reduction": lambda c: c.v2.RegressionHead(loss_reduction="mean"),
    "regression, sparse labels": lambda c: _loss(c.v2.RegressionHead(), _sparse),
    "regression, no labels": lambda c: _loss(c.v2.RegressionHead(), lambda: None),
    "regression, two logits": lambda c: _spec(c.v2.RegressionHead(), logits=_two_logits),
    "regression, both ops": lambda c: _spec(
        c.v2.RegressionHead(),
        optimizer=lambda: tf.keras.optimizers.legacy.SGD(),
        train_op_fn=lambda: lambda loss: loss,
        trainable_variables=tf1.global_variables,
    ),
    "regression, no op": lambda c: _spec(c.v2.RegressionHead()),
    "regression, optimizer of text": lambda c: _spec(
        c.v2.RegressionHead(), optimizer="sgd", trainable_variables=tf1.global_variables
    ),
    "regression, variables of text": lambda c: _spec(
        c.v2.RegressionHead(),
        optimizer=lambda: tf.keras.optimizers.legacy.SGD(),
        trainable_variables="w",
    ),
    "regression, no variables": lambda c: _spec(
        c.v2.RegressionHead(), optimizer=lambda: tf.keras.optimizers.legacy.SGD()
    ),
    "regression, update_ops": lambda c: _spec(
        c.v2.RegressionHead(), train_op_fn=lambda: lambda loss: loss, update_ops="ops"
    ),
    "multi class, n_classes None": lambda c: _three(c, n_classes=None),
    "multi class, n_classes 2": lambda c: _three(c, n_classes=2),
    "multi class, vocabulary": lambda c: _three(c, label_vocabulary="abc"),
    "multi class, short vocabulary": lambda c: _three(c, label_vocabulary=["a", "b"]),
    "multi class, reduction": lambda c: _three(c, loss_reduction="mean"),
    "multi class, float labels": lambda c: _loss(_three(c), [[1.0], [0.0]], ((1.0,) * 3,) * 2),
    "multi class, number for a word": lambda c: _loss(
        _three(c, label_vocabulary=["a", "b", "c"]), [[1], [0]], ((1.0,) * 3,) * 2
    ),
    "multi label, n_classes": lambda c: _labels(c, n_classes=1),
    "multi label, threshold": lambda c: _labels(c, thresholds=[0.0]),
    "multi label, vocabulary": lambda c: _labels(c, label_vocabulary="ab"),
    "multi label, short vocabulary": lambda c: _labels(c, label_vocabulary=["a"]),
    "multi label, class words": lambda c: _labels(c, classes_for_class_based_metrics=["a"]),
    "multi label, class of no number": lambda c: _labels(c, classes_for_class_based_metrics=[2]),
    "multi label, reduction": lambda c: _labels(c, loss_reduction="mean"),
    "multi head, no heads": lambda c: _multi(c, heads=[]),
    "multi head, weights": lambda c: _multi(c, head_weights=[1.0]),
    "multi head, no name": lambda c: _multi(c, heads=[c.v2.RegressionHead()]),
    "multi head, logits": lambda c: _loss(_multi(c), lambda: {"a": Y, "b": Y}, ((1.0,),) * 2),
    "sparse labels, multi class": lambda c: _loss(_three(c), lambda: None, ((1.0,) * 3,) * 2),
    "DNN, features": lambda c: _trained(c.v2.DNNRegressor([1], [_column()])),
    "DNN, optimizer": lambda c: _trained(c.v2.DNNRegressor([1], [_column()], optimizer="none"), X),
    "DNN, optimizer of a number": lambda c: _trained(
        c.v2.DNNRegressor([1], [_column()], optimizer=1), X
    ),
    "DNN, n_classes": lambda c: c.v2.DNNClassifier([1], [_column()], n_classes=0),
    "DNN v1, features": lambda c: _trained(c.v1.DNNRegressor([1], [_column()])),
    "DNN v1, optimizer": lambda c: _trained(c.v1.DNNRegressor([1], [_column()], optimizer="x"), X),
    "DNN v1, optimizer of a number": lambda c: _trained(
        c.v1.DNNRegressor([1], [_column()], optimizer=1), X
    ),
    "DNN v1, reduction": lambda c: c.v1.DNNRegressor([1], [_column()], loss_reduction="mean"),
    "DNN v1, weights": lambda c: _trained(
        c.v1.DNNRegressor([1], [_column()], weight_column=1.0), X
    ),
    "Linear, features": lambda c: _trained(c.v2.LinearRegressor([_column()])),
    "Linear, optimizer": lambda c: _trained(c.v2.LinearRegressor([_column()], optimizer="x"), X),
    "Linear v1, features": lambda c: _trained(c.v1.LinearRegressor([_column()])),
    "Linear v1, optimizer": lambda c: _trained(c.v1.LinearRegressor([_column()], optimizer="x"), X),
    "combined, no columns": lambda c: _combined(c),
    "combined, no hidden units": lambda c: _trained(
        _combined(c, dnn_feature_columns=[_column()]), X
    ),
    "combined, features": lambda c: _trained(
        _combined(c, dnn_feature_columns=[_column()], dnn_hidden_units=[1])
    ),
    "combined v1, no columns": lambda c: c.v1.DNNLinearCombinedRegressor(),
    "Baseline, optimizer": lambda c: _trained(c.v2.BaselineRegressor(optimizer="x"), X),
    "Baseline, weights": lambda c: _trained(c.v2.BaselineRegressor(weight_column=1.0), X),
    "Baseline v1, weights": lambda c: _trained(c.v1.BaselineRegressor(weight_column=1.0), X),
    "Baseline v1, n_classes": lambda c: c.v1.BaselineClassifier(n_classes=0),
    "parse spec, label": lambda c: c.v2.classifier_parse_example_spec([_column()], label_key="x"),
    "parse spec, weights": lambda c: c.v2.classifier_parse_example_spec(
        [_column()], label_key="y", weight_column="x"
    ),
    "parse spec, weights of a number": lambda c: c.v2.classifier_parse_example_spec(
        [_column()], label_key="y", weight_column=1.0
    ),
    "parse spec, regressor": lambda c: c.v2.regressor_parse_example_spec(
        [_column()], label_key="x"
    ),
    "logit_fn, a number": lambda c: c.v2.experimental.call_logit_fn(
        lambda features: 1.0, {}, "train", {}, None
    ),
    "logit_fn, units": lambda c: c.v1.experimental.dnn_logit_fn_builder(
        "1", [1], [_column()], tf.nn.relu, None, False, False
    ),
}
