"""What heads refuse, in the original's first words, and what to do instead."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat as ec
from estimator_compat.heads import factories, legacy_multi

BINARY, MULTI = ec.BinaryClassHead, ec.MultiClassHead
LABEL, NUMBER = ec.MultiLabelHead, ec.RegressionHead

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "reduction": (
        lambda: BINARY(loss_reduction="none"),
        "Invalid loss_reduction: none; .*pass one",
    ),
    "v1 reduction": (
        lambda: factories.regression_head(loss_reduction="none"),
        "Invalid loss_reduction: none; .*pass one",
    ),
    "a reduction of version 1": (
        lambda: BINARY(loss_reduction="weighted_sum"),
        "Invalid loss_reduction: weighted_sum",
    ),
    "threshold": (lambda: BINARY(thresholds=[0.5, 1.0]), r"thresholds not in \(0, 1\): \(\(0.5, 1"),
    "label threshold": (
        lambda: LABEL(2, thresholds=[0.0]),
        r"thresholds must be in \(0, 1\) range. Given: 0.0; .* leave this threshold out",
    ),
    "vocabulary": (
        lambda: BINARY(label_vocabulary={"a": 1}),
        "label_vocabulary should be a list or a tuple. Given type: .*; pass a list",
    ),
    "words": (
        lambda: MULTI(3, label_vocabulary=["a", "b"]),
        '"label_vocabulary" does not have "n_classes" items. .* change one of the two',
    ),
    "label words": (
        lambda: LABEL(3, label_vocabulary=["a", "b"]),
        r"Length of label_vocabulary must be n_classes \(3\). Given: 2",
    ),
    "no classes": (lambda: MULTI(None), "n_classes cannot be None"),
    "two classes": (lambda: MULTI(2), "n_classes must be > 2: 2; .* use BinaryClassHead"),
    "one label": (lambda: LABEL(1), "n_classes must be > 1 for multi-label .* Given: 1"),
    "metric class": (
        lambda: LABEL(2, classes_for_class_based_metrics=[2]),
        r"All classes_for_class_based_metrics must be in range \[0, 1\]. Given: 2",
    ),
    "metric word": (
        lambda: LABEL(2, classes_for_class_based_metrics=["a"]),
        "label_vocabulary must be provided when",
    ),
    "dimension": (lambda: NUMBER(0), "Invalid label_dimension 0; .* pass 1 or more"),
    "loss_fn": (
        lambda: NUMBER(loss_fn=lambda labels: labels),
        "loss_fn must contain argument: logits. Given arguments: .*; .* add the argument",
    ),
    "more of loss_fn": (
        lambda: NUMBER(loss_fn=lambda labels, logits, name: labels),
        r"loss_fn has unexpected args: \['name'\]; .* bind the others",
    ),
    "no heads": (lambda: ec.MultiHead([]), r"Must specify heads. Given: \[\]; .* in a list"),
    "head weights": (
        lambda: ec.MultiHead([BINARY(name="a")], [1.0, 2.0]),
        r"heads and head_weights must have the same size. Given len\(heads\): 1.",
    ),
    "no name": (
        lambda: legacy_multi.multi_head([factories.binary_classification_head()]),
        "All given heads must have name specified.* pass `name=`",
    ),
    "keys": (
        lambda: BINARY().predictions(tf.ones([2, 1]), ["score"]),
        "Prediction key must be in PredictionKeys, given: score; .* leave the others out",
    ),
    "logits": (
        lambda: MULTI(3).predictions(tf.ones([2, 4])),
        r"logits shape must be \[D0, D1, ... DN, logits_dimension\], got \(2, 4\); .* 3 units",
    ),
    "no labels": (
        lambda: BINARY().loss(None, tf.ones([2, 1]), {}),
        "You must provide a labels Tensor. Given: None",
    ),
    "label shape": (
        lambda: BINARY().loss(tf.ones([2, 2]), tf.ones([2, 1]), {}),
        "Mismatched label shape. Expected labels dimension=1. Received 2",
    ),
    "sparse labels": (
        lambda: BINARY().loss(tf.sparse.from_dense([[1]]), tf.ones([1, 1]), {}),
        "SparseTensor labels are not supported",
    ),
    "range": (
        lambda: MULTI(3).loss(tf.constant([[3]]), tf.ones([1, 3]), {}),
        "Labels must be <= 3 - 1; .* check `n_classes`",
    ),
    "weights": (
        lambda: NUMBER(weight_column="w").loss(
            tf.ones([2, 1]), tf.ones([2, 1]), {"w": tf.ones([3, 1])}
        ),
        r"weights shape must be \[D0, D1, ... DN\].*logits_shape: \[2 1\]. weights_shape: \[3 1\]",
    ),
}


@pytest.mark.parametrize(("build", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        build()


TRAINED: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "train_op_fn and optimizer cannot both be None; .* pass `optimizer`, or"),
    "both": (
        {"train_op_fn": tf.identity, "optimizer": "SGD"},
        "train_op_fn and optimizer cannot both be set",
    ),
    "variables": ({"optimizer": True}, "trainable_variables cannot be None"),
    "variable": (
        {"optimizer": True, "trainable_variables": "v"},
        "trainable_variables should be a list or a tuple. Given type",
    ),
    "update": ({"update_ops": "op"}, "update_ops should be a list or a tuple. Given type"),
    "kind": (
        {"optimizer": 3, "trainable_variables": []},
        "The given optimizer is not a tf_keras.optimizers.Optimizer instance",
    ),
}


@pytest.mark.parametrize(("given", "words"), TRAINED.values(), ids=TRAINED)
def test_a_training_that_is_refused(given: dict[str, Any], words: str) -> None:
    with tf.Graph().as_default():
        if given.get("optimizer") is True:
            given = {**given, "optimizer": tf.keras.optimizers.legacy.SGD()}
        with pytest.raises(ValueError, match=f"^{words}"):
            NUMBER().create_estimator_spec({}, "train", tf.ones([2, 1]), tf.ones([2, 1]), **given)


def test_a_head_must_define_its_interface() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ec.Head()
