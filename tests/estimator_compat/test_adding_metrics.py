"""Metrics that are added to an Estimator."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat as estimator
from tests.models import small_model


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_added_metrics_name_their_arguments(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"not expected args: \['logits'\]; .* functools.partial"):
        estimator.add_metrics(_estimator(tmp_path), lambda logits: {})


def built(mode: str, tmp_path: Path, metric_fn: Any) -> Any:
    """Builds a mode of the small model with added metrics, and returns its spec."""
    model = estimator.add_metrics(small_model.estimator(tmp_path), metric_fn)
    with tf.Graph().as_default():
        tf.compat.v1.train.create_global_step()
        features, labels = {"x": tf.constant(small_model.X)}, tf.constant(small_model.Y)
        return model.model_fn(features, labels, mode, model.config)


def test_an_evaluation_has_both_metrics(tmp_path: Path) -> None:
    given: dict[str, Any] = {}

    def metric_fn(labels: Any, config: Any) -> dict[str, Any]:
        given.update(labels=labels, config=config)
        return {"mine": tf.compat.v1.metrics.mean(labels)}

    spec = built("eval", tmp_path, metric_fn)
    assert list(spec.eval_metric_ops) == ["mae", "mine"]
    assert given["labels"].shape == [6]
    assert given["config"].model_dir == str(tmp_path)


def test_a_metric_replaces_that_of_the_same_name(tmp_path: Path) -> None:
    spec = built("eval", tmp_path, lambda labels: {"mae": tf.compat.v1.metrics.mean(labels)})
    assert list(spec.eval_metric_ops) == ["mae"]
    assert spec.eval_metric_ops["mae"][0].op.name.startswith("mean")


@pytest.mark.parametrize("mode", ["train", "infer"])
def test_other_modes_have_no_metrics(mode: str, tmp_path: Path) -> None:
    def metric_fn(labels: Any) -> dict[str, Any]:
        raise AssertionError("only an evaluation has metrics")

    assert built(mode, tmp_path, metric_fn).eval_metric_ops == {}
