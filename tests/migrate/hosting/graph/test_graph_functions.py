"""The functions of a graph: their fetches, their arguments and their initializers."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.targets import Target
from tests.models.hosted_programs import X, Y, hosted

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "batch": (
        lambda: hosted().train_step({"x": X[:4]}),
        "the batch has the form {'x': (4, 3)}; expected that of what the input_fn yields, ",
    ),
    "feature": (
        lambda: hosted().train_step({"z": X[:4]}, Y[:4]),
        "the batch has the form ({'z': (4, 3)}, (4, 1)); expected that of what the input_fn",
    ),
}


@pytest.mark.parametrize(("act", "told"), REFUSED.values(), ids=REFUSED)
def test_refusals(act: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        act()


def initialized_value(variable: Any) -> Any:
    """Returns a variable's value, or its initial value if it has none: as TensorFlow 1 did."""
    is_initialized = tf1.is_variable_initialized(variable)
    return tf1.cond(is_initialized, variable.read_value, lambda: variable.initial_value)


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    """Its loss is the sum of `weight * features`; `twice` is initialized from `weight`."""
    weight = tf1.get_variable("weight", initializer=3.0)
    tf1.get_variable("twice", initializer=2 * initialized_value(weight))
    products = tf.multiply(weight, features["x"], name="products")
    train_op = tf1.train.get_global_step().assign_add(1, read_value=False)
    return EstimatorSpec(
        mode,
        loss=tf.reduce_sum(products),
        train_op=train_op,
        scaffold=SCAFFOLDS[labels is not None](),
    )


def with_init_op() -> Any:
    """Returns a Scaffold that initializes `weight` with a number that it feeds."""
    fed = tf1.placeholder(tf.float32, [])
    [weight] = [v for v in tf1.global_variables() if v.op.name == "weight"]
    others = [v.initializer for v in tf1.global_variables() if v is not weight]
    init_op = tf.group(weight.assign(fed), *others)
    return tf1.train.Scaffold(init_op=init_op, init_feed_dict={fed: 7.0})


SCAFFOLDS: dict[bool, Callable[[], Any]] = {False: tf1.train.Scaffold, True: with_init_op}
BATCH = {"x": np.array([1, 2], np.float32)}


def small(element: Any = BATCH) -> HostedGraph:
    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(element)

    target = Target(model_fn=model_fn, input_fns=input_fn)
    return host_on_one_device(build_for_one_device(target, "train"), {})


def values(graph: HostedGraph, names: list[str]) -> list[Any]:
    """Reads the graph's variables with its own operations."""
    find = graph.built.graph.as_graph_element
    return [graph.functions.compute(find(f"{name}/Read/ReadVariableOp:0")) for name in names]


def test_variables_get_their_initial_values() -> None:
    graph = small()
    graph.functions.initialize(["weight", "twice", "global_step"])
    assert values(graph, ["weight", "twice", "global_step"]) == [3.0, 6.0, 0]


def test_the_others_keep_their_values() -> None:
    graph = small()
    graph.functions.initialize(["weight"])
    assert values(graph, ["weight", "twice"]) == [3.0, 0.0]


def test_the_scaffold_initializes_all_variables_together() -> None:
    graph = small((BATCH, np.float32(0)))
    graph.functions.initialize(["weight", "twice", "global_step"])
    assert values(graph, ["weight", "twice"]) == [7.0, 6.0]  # `twice` has the initial value


def test_a_function_runs_what_its_fetches_need() -> None:
    graph = small()
    spec, functions = graph.built.spec, graph.functions
    functions.initialize(["weight", "twice", "global_step"])
    products = graph.built.graph.as_graph_element("products:0")
    loss = functions.function({"loss": spec.loss, "products": products})(BATCH)
    assert float(loss["loss"]) == 9.0  # 3*1 + 3*2
    np.testing.assert_array_equal(loss["products"], [3, 6])
    assert values(graph, ["global_step"]) == [0]
    # Integers are converted to the dtype of the feature.
    [loss, nothing] = functions.function([spec.loss, graph.built.train_op])({"x": np.array([2, 4])})
    assert (float(loss), nothing) == (18.0, None)
    assert values(graph, ["global_step"]) == [1]


def test_an_input_can_be_fetched() -> None:
    graph = small()
    [x] = graph.functions.function(graph.built.inputs)(BATCH)
    np.testing.assert_array_equal(x, [1, 2])


def test_arguments_replace_tensors_inside_the_graph() -> None:
    graph = small()
    products = graph.built.graph.as_graph_element("products:0")
    loss = graph.functions.between([products], graph.built.spec.loss)(tf.constant([10.0, 20.0]))
    assert float(loss) == 30.0
