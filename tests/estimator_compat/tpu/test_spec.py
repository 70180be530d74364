"""`TPUEstimatorSpec`: what it keeps, and the EstimatorSpec that it becomes."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import tpu
from estimator_compat.tpu import host_calls

tf1: Any = tf.compat.v1


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


def test_what_both_specs_have_is_checked_alike() -> None:
    with tf.Graph().as_default():
        one = tf.constant([1.0])
        spec = tpu.TPUEstimatorSpec("eval", loss=one, predictions=one)
        assert spec.loss.shape.rank == 0, "a loss of one element becomes a scalar"
        with pytest.raises(ValueError, match="loss"):
            tpu.TPUEstimatorSpec("eval", predictions=one)
        with pytest.raises(TypeError, match="All hooks must be SessionRunHook"):
            tpu.TPUEstimatorSpec("eval", loss=one, evaluation_hooks=[3])


@pytest.mark.parametrize("name", ["eval_metrics", "host_call"])
def test_a_host_call_is_a_pair_of_a_function_and_its_tensors(name: str) -> None:
    with tf.Graph().as_default():
        calls: tuple[Any, ...] = ((lambda: None,), (lambda: None, [], []))
        for call in calls:
            with pytest.raises(ValueError, match=name):
                tpu.TPUEstimatorSpec("predict", predictions=tf.constant(1.0), **{name: call})
        wrong: Any = (3, [])
        with pytest.raises(TypeError, match=name):
            tpu.TPUEstimatorSpec("predict", predictions=tf.constant(1.0), **{name: wrong})


def test_functions_are_called_in_their_order_when_the_spec_is_needed() -> None:
    calls: list[str] = []

    def called(name: str, result: Any) -> Callable[..., Any]:
        def function(*_: Any) -> Any:
            calls.append(name)
            return result

        return function

    with tf.Graph().as_default():
        one = tf.constant(1.0)
        scaffold = tf1.train.Scaffold()
        spec = tpu.TPUEstimatorSpec(
            "eval",
            loss=one,
            scaffold_fn=called("scaffold_fn", scaffold),
            host_call=(called("host_call", [one]), [one]),
            eval_metrics=(called("eval_metrics", {}), [one]),
        )
        assert calls == []
        estimator_spec = spec.as_estimator_spec()
    assert calls == ["eval_metrics", "host_call", "scaffold_fn"]
    assert estimator_spec.scaffold is scaffold


def test_a_host_call_runs_in_every_mode() -> None:
    class Mine(tf1.train.SessionRunHook):
        pass

    mine = Mine()
    with tf.Graph().as_default():
        one = tf.constant(1.0)
        spec = tpu.TPUEstimatorSpec(
            "eval", loss=one, training_hooks=[mine], host_call=(lambda x: [x], [one])
        ).as_estimator_spec()
    assert spec.training_hooks[0] is mine
    every = (spec.training_hooks, spec.evaluation_hooks, spec.prediction_hooks)
    assert [len(hooks) for hooks in every] == [2, 1, 1]
    assert all(type(hooks[-1]) is host_calls.HostCallHook for hooks in every)
