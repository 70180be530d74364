"""`BuiltGraph`: the attributes of each mode's graph; building it computes nothing."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.hosting.graph.built_graph import BuiltGraph, build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    outputs = tf1.layers.dense(features, 1)[:, 0]
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, predictions=outputs)
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.5)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn() -> Any:
    batch = np.ones([4, 3], np.float32), np.ones([4], np.float32)
    return tf.data.Dataset.from_tensors(batch)


def built(mode: str) -> BuiltGraph:
    return build_for_one_device(migrate.Target(model_fn=model_fn, input_fns=input_fn), mode)


def test_a_training_graph_tells_of_its_steps() -> None:
    graph = built("train")
    assert list(graph.step_values) == [
        "loss",
        "learning_rate",
        "gradient_norm",
        "loss_per_example",
        "average_loss",
    ]
    assert list(graph.losses) == ["loss", "loss_per_example", "average_loss"]
    assert graph.ledger is not None
    assert (graph.ledger.mode, graph.ledger.loss) == ("train", graph.spec.loss.name)
    assert graph.saved_variables == ("global_step", "dense/kernel", "dense/bias")
    assert graph.trainable == ["dense/kernel", "dense/bias"]
    assert [summary.op.name for summary in graph.summaries] == ["loss"]


@pytest.mark.parametrize(("mode", "metrics"), [("eval", ["loss"]), ("infer", [])])
def test_other_modes_have_no_steps(mode: str, metrics: list[str]) -> None:
    graph = built(mode)
    assert (graph.step_values, graph.ledger, list(graph.metrics)) == ({}, None, metrics)
    assert bool(graph.local) == (mode == "eval")


def test_modes_share_variables() -> None:
    variables: dict[str, tf.Variable] = {}
    first = host_on_one_device(built("train"), variables)
    assert first.created == {"global_step", "dense/kernel", "dense/bias"}
    assert first.replicas is None
    second = host_on_one_device(built("eval"), variables)
    assert second.created == second.built.local
    first.initialize(first.created)
    variables["dense/kernel"].assign(tf.zeros([3, 1]))
    [loss] = first.functions.function([first.built.spec.loss])(next(iter(input_fn())))
    assert loss == 1.0  # (0 - 1)^2


def test_gradients_may_be_added_before_the_import() -> None:
    graph = built("train")
    with graph.graph.as_default():
        [gradient] = tf1.gradients(
            graph.spec.loss, graph.graph.get_collection("trainable_variables")[1]
        )
    hosted = host_on_one_device(graph, {})
    hosted.initialize(hosted.created)
    hosted.functions.compute(graph.initializers["dense/bias"])
    assert hosted.functions.function(gradient)(next(iter(input_fn()))).shape == [1]
