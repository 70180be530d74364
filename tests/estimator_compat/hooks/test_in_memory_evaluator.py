"""What `InMemoryEvaluatorHook` refuses, and when it evaluates."""

import json
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat.hooks import early_stopping
from estimator_compat.hooks.in_memory_evaluator import InMemoryEvaluatorHook
from tests.models import small_model


def _nothing() -> None:
    return None


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_in_memory_evaluation_refuses_a_bad_interval(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"invalid every_n_iter=0; .* pass one"):
        InMemoryEvaluatorHook(_estimator(tmp_path), _nothing, every_n_iter=0)


def test_in_memory_evaluation_refuses_a_cluster(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:1"], "ps": ["c:1"]}
    task = {"type": "chief", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    with pytest.raises(ValueError, match=r"2 workers and 1 parameter servers; .* an evaluator"):
        InMemoryEvaluatorHook(_estimator(tmp_path), _nothing)


def evaluate_at_each_step(model: Any, hook: Any, steps: int) -> list[tuple[int, float]]:
    """Runs a graph whose step adds 1 to the weights, and returns the steps and losses evaluated."""
    with tf1.Graph().as_default():
        step = tf1.train.create_global_step()
        w = tf1.get_variable("w", [2], initializer=tf1.constant_initializer(0.0))
        train_op = tf1.group(tf1.assign_add(step, 1), tf1.assign_add(w, [1.0, 1.0]))
        with tf1.train.SingularMonitoredSession(hooks=[hook]) as session:
            for _ in range(steps):
                session.run(train_op)
    read = early_stopping.read_eval_metrics(model.eval_dir())
    return [(step, metrics["loss"]) for step, metrics in read.items()]


def test_the_variables_of_training_are_evaluated(tmp_path: Any) -> None:
    model = small_model.estimator(tmp_path)
    hook = InMemoryEvaluatorHook(model, small_model.once, every_n_iter=2)
    # The predictions of step n are n * (x0 + x1).
    total = small_model.X.sum(axis=1)
    losses = [np.mean((n * total - small_model.Y) ** 2) for n in (0, 2, 3)]
    evaluated = evaluate_at_each_step(model, hook, 3)
    assert [step for step, _ in evaluated] == [0, 2, 3], "before, after two steps, and at the end"
    np.testing.assert_allclose([loss for _, loss in evaluated], losses, rtol=1e-5)


def test_a_saver_of_the_model_fn_is_refused(tmp_path: Any) -> None:
    def spec() -> dict[str, Any]:
        return {"scaffold": tf1.train.Scaffold(saver=tf1.train.Saver())}

    model = small_model.estimator(tmp_path, {"spec": spec})
    hook = InMemoryEvaluatorHook(model, small_model.once)
    with pytest.raises(ValueError, match=r"custom saver, .* train_and_evaluate"):
        hook.begin()
