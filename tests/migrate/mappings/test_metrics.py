"""Tests for migrate.mappings.metrics: each row, the legacy metric in a graph against Keras 3."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)
from migrate.mappings import metrics
from migrate.mappings.metrics import MetricRow

_RANDOM = np.random.RandomState(0)
_CLASSES = _RANDOM.randint(0, 3, 12).astype(np.int64)
_WEIGHTS = _RANDOM.randint(0, 3, 12).astype(np.float32)
_BINARY = {"labels": _CLASSES > 0, "predictions": _RANDOM.randint(0, 2, 12) > 0}
_SCORES = {"labels": _CLASSES > 0, "predictions": _RANDOM.rand(12).astype(np.float32)}
_NUMBERS = {
    "labels": _RANDOM.randn(12).astype(np.float32),
    "predictions": _RANDOM.randn(12).astype(np.float32),
}
_OF_CLASSES = {"labels": _CLASSES, "predictions": _RANDOM.randint(0, 3, 12).astype(np.int64)}
_LARGEST = {"labels": _CLASSES, "predictions": _RANDOM.rand(12, 3).astype(np.float32), "k": 2}
_UNIT = _RANDOM.randn(2, 12, 3).astype(np.float32)
_UNIT /= np.linalg.norm(_UNIT, axis=2, keepdims=True)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "mean": {"values": _NUMBERS["labels"]},
    "accuracy": _OF_CLASSES,
    "precision": _BINARY,
    "recall": _BINARY,
    "true_positives": _BINARY,
    "true_negatives": _BINARY,
    "false_positives": _BINARY,
    "false_negatives": _BINARY,
    "root_mean_squared_error": _NUMBERS,
    "mean_squared_error": _NUMBERS,
    "mean_absolute_error": _NUMBERS,
    "mean_relative_error": {**_NUMBERS, "normalizer": np.abs(_NUMBERS["labels"]) + 1},
    "percentage_below": {"values": _NUMBERS["labels"], "threshold": 0.3},
    "mean_per_class_accuracy": {**_OF_CLASSES, "num_classes": 3},
    "mean_iou": {**_OF_CLASSES, "num_classes": 3},
    "auc": {**_SCORES, "num_thresholds": 50},
    "mean_cosine_distance": {"labels": _UNIT[0], "predictions": _UNIT[1], "dim": 1},
    "recall_at_k": _LARGEST,
    "precision_at_k": _LARGEST,
    "precision_at_thresholds": {**_SCORES, "thresholds": [0.25, 0.5]},
    "recall_at_thresholds": {**_SCORES, "thresholds": [0.25, 0.5]},
}
# A weight for each example; these have other shapes, or are without.
_WITHOUT_WEIGHTS = {"mean_cosine_distance"}
_CASES = [
    *(pytest.param(name, row, {}, id=name) for name, row in metrics.ROWS.items()),
    *(
        pytest.param(
            name, row, {"curve": curve, "summation_method": method}, id=f"{name} {curve} {method}"
        )
        for (name, curve, method), row in metrics.AREAS.items()
    ),
]


def _batches(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two batches, of 8 and of 4 examples."""
    return [
        {k: v[part] if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
        for part in (slice(0, 8), slice(8, 12))
    ]


def _legacy(name: str, arguments: Mapping[str, Any]) -> Any:
    with tf.Graph().as_default(), tf1.Session() as session:
        fed = {
            k: tf1.placeholder(tf.as_dtype(v.dtype), [None, *v.shape[1:]])
            for k, v in arguments.items()
            if isinstance(v, np.ndarray)
        }
        function = getattr(tf1.metrics, name.rpartition(".")[2])
        value, update = function(**{**arguments, **fed})
        session.run(tf1.local_variables_initializer())
        for batch in _batches(arguments):
            session.run(update, {fed[k]: v for k, v in batch.items() if k in fed})
        return session.run(value)


def _written(row: MetricRow, arguments: Mapping[str, Any]) -> Any:
    names: dict[str, Any] = {"tf": tf, "keras": keras, "Any": Any}
    exec(row.definition, names)
    made: Any = None
    for batch in _batches(arguments):
        given = {**{k: eval(v) for k, v in row.defaults}, **batch}
        texts = {k: f"given[{k!r}]" for k in given}
        names["given"] = {
            k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in given.items()
        }
        if made is None:
            made = eval(row.make.format(**texts), names)
        values = [eval(one.format(**texts), names) for one in row.update]
        if "weights" in batch:
            values.append(batch["weights"])
        made.update_state(*values)
    return np.asarray(made.result())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "row", "more"), _CASES)
def test_the_keras_metric_computes_the_same(
    name: str, row: MetricRow, more: dict[str, Any], weighted: bool
) -> None:
    short = name.rpartition(".")[2]
    arguments = {**ARGUMENTS[short], **more}
    if weighted:
        if short in _WITHOUT_WEIGHTS:
            pytest.skip("its weights have another shape")
        arguments["weights"] = _WEIGHTS
    legacy = _legacy(name, arguments)
    # Keras's AUC has its thresholds a little elsewhere, and divides without an epsilon.
    tolerance = 1e-5 if short == "auc" else 1e-6
    np.testing.assert_allclose(_written(row, arguments), legacy, rtol=tolerance, atol=tolerance)
