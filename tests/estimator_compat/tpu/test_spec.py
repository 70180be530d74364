"""`TPUEstimatorSpec`: what it keeps, and the EstimatorSpec that it becomes."""

from typing import Any

import tensorflow as tf

from estimator_compat import tpu

tf1 = tf.compat.v1


def test_a_spec_has_host_calls_of_its_own() -> None:
    """The original ran those of the spec that was built last."""
    with tf.Graph().as_default():
        one = tf.constant(1.0)

        def metric_fn(name: str) -> Any:
            return lambda: {name: tf1.metrics.mean(one)}

        metric = {name: metric_fn(name) for name in ("a", "b")}
        first, second = (
            tpu.TPUEstimatorSpec("eval", loss=one, eval_metrics=(metric[name], []))
            for name in ("a", "b")
        )
        assert [list(s.as_estimator_spec().eval_metric_ops) for s in (first, second)] == [
            ["a"],
            ["b"],
        ]
        replaced = first._replace(eval_metrics=(metric["b"], []))
        assert list(replaced.as_estimator_spec().eval_metric_ops) == ["b"]
