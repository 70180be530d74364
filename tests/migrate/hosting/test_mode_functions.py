"""The functions of a loop's modes: which are built once, and which are built each time."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.mode_functions import PredictFunctions, TrainFunctions


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    outputs = features * tf1.get_variable("weight", initializer=2.0)
    if params["noise"]:
        outputs += tf1.random_normal(tf.shape(outputs), seed=3)
    loss = tf.reduce_mean(outputs)
    train_op = tf1.train.GradientDescentOptimizer(0.1).minimize(loss, tf1.train.get_global_step())
    return estimator_compat.EstimatorSpec(mode, outputs, loss, train_op)


def hosted(mode: str, *, noise: bool = False) -> Any:
    target = migrate.Target(
        model_fn=model_fn,
        input_fns=lambda: tf.data.Dataset.from_tensors(np.ones([2], np.float32)),
        params={"noise": noise},
    )
    graph = host_on_one_device(build_for_one_device(target, mode), {})
    graph.initialize(graph.created)
    return graph


def test_a_function_is_made_once() -> None:
    functions = TrainFunctions(graph=hosted("train"), jit_compile=False)
    assert functions.forward is functions.forward
    assert functions.step is functions.step
    assert functions.begin_loop() is functions.begin_loop()


def test_a_training_draws_from_the_beginning_each_time() -> None:
    """As in the new session of each `Estimator.train`."""

    def losses() -> list[float]:
        batches = iter(tf.data.Dataset.from_tensors(np.ones([2], np.float32)).repeat())
        return functions.begin_loop()(batches, 2, summarize=False).losses.tolist()

    functions = TrainFunctions(graph=hosted("train", noise=True), jit_compile=False)
    first, second = losses(), losses()
    # The gradient of the mean of `weight * 1` is 1: 0.1 less in each of the two steps.
    np.testing.assert_allclose(np.subtract(first, second), [0.2, 0.2], rtol=1e-5)
    assert first[0] != first[1] + 0.1


@pytest.mark.parametrize("noise", [False, True])
def test_predictions_draw_from_the_beginning_each_time(noise: bool) -> None:
    predict = PredictFunctions(graph=hosted("infer", noise=noise)).predict
    first, second = predict.begin(), predict.begin()
    assert (first is second) != noise
    batch = np.ones([2], np.float32)
    begun = first(batch).numpy()
    assert begun.tolist() == second(batch).numpy().tolist()
    assert (begun.tolist() == first(batch).numpy().tolist()) != noise
