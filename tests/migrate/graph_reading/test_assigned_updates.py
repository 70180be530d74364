"""Tests for migrate.graph_reading.assigned_updates: an optimizer that a program writes itself."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from migrate.graph_reading import assigned_updates
from migrate.translating.facts import Call, Callee, Span
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import OptimizerFact

CALL = Call(
    span=Span("", 0, 0, 0, 0), callee=Callee(), arguments={}, result=None, iterations=(),
    variables=(), reads=(), scope="", calls=(), branches={}, values={},
)  # fmt: skip


def _slot(name: str, value: float = 0.0) -> Any:
    return tf1.get_variable(name, [2], trainable=False, initializer=tf1.constant_initializer(value))


def _adam(decayed: tuple[str, ...], slots: float = 0.0) -> tuple[Any, list[str], Any]:
    """A graph with an Adam without bias correction, and with weight decay for some weights."""
    graph = tf1.Graph()
    with graph.as_default():
        step = tf1.train.create_global_step()
        rate = 0.1 * (1.0 - tf.cast(step, tf.float32) / 10.0)
        names = ["dense/kernel", "dense/bias", "LayerNorm/gamma"]
        weights = [tf1.get_variable(name, [2], use_resource=True) for name in names]
        loss = tf.add_n([tf.reduce_sum((i + 1.0) * w * w) for i, w in enumerate(weights)])
        ops = []
        for weight, gradient in zip(weights, tf1.gradients(loss, weights), strict=True):
            m, v = _slot(f"{weight.op.name}/adam_m", slots), _slot(f"{weight.op.name}/adam_v")
            next_m = 0.9 * m + (1.0 - 0.9) * gradient
            next_v = 0.999 * v + (1.0 - 0.999) * tf.square(gradient)
            update = next_m / (tf.sqrt(next_v) + 1e-6)
            if weight.op.name in decayed:
                update += 0.01 * weight
            ops += [weight.assign(weight - rate * update), m.assign(next_m), v.assign(next_v)]
        ops.append(step.assign_add(1))
        train_op = tf.group(ops)
    return graph, names, train_op


def _read(graph: Any, names: list[str], train_op: Any) -> OptimizerFact:
    with graph.as_default():
        used = set(graph_traversal.ancestors([train_op], control_inputs=True))
        ops = [op for op in graph.get_operations() if op in used]
        found = assigned_updates.read(ops, names, CALL)
    assert found is not None
    fact, gradients = found
    assert set(gradients) == set(names)
    return fact


def test_the_formula_is_written_with_its_branches() -> None:
    graph, names, train_op = _adam(decayed=("dense/kernel",))
    fact = _read(graph, names, train_op)
    assert fact.rate == "0.1 * (1.0 - (tf.cast(step, tf.float32) / 10.0))"
    assert fact.weights == tuple(names)
    assert not isinstance(fact.kernel, str)
    body = fact.kernel.source.partition("convert_to_tensor(gradient)\n")[2]
    step = "next_adam_m / (tf.sqrt(next_adam_v) + 1e-06)"
    assert body.splitlines() == [
        "            next_adam_m = (0.9 * adam_m) + (0.1 * gradient)",
        "            next_adam_v = (0.999 * adam_v) + (0.001 * tf.square(gradient))",
        "            if 'kernel' in name:",
        f"                weight.assign_sub(rate * (({step}) + (0.01 * weight)))",
        "            else:",
        f"                weight.assign_sub(rate * ({step}))",
        "            adam_m.assign(next_adam_m)",
        "            adam_v.assign(next_adam_v)",
    ]


def test_the_class_does_what_the_graph_does() -> None:
    graph, names, train_op = _adam(decayed=("dense/kernel", "dense/bias"))
    fact = _read(graph, names, train_op)
    assert not isinstance(fact.kernel, str)
    with graph.as_default(), tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        starts = session.run(tf1.trainable_variables())
        session.run(train_op)
        session.run(train_op)
        ends = session.run(tf1.trainable_variables())
    scope: dict[str, Any] = {"tf": tf}
    exec(fact.kernel.source, scope)
    weights = {name: tf.Variable(value) for name, value in zip(names, starts, strict=True)}
    optimizer = scope[fact.kernel.name](weights)
    for step in (0, 1):
        # The gradient of (i + 1) * w * w is 2 * (i + 1) * w.
        gradients = [2.0 * (i + 1.0) * w for i, w in enumerate(weights.values())]
        rate = eval(fact.rate, {"tf": tf, "step": tf.constant(step, tf.int64)})
        optimizer.apply(gradients, rate)
    for weight, end in zip(weights.values(), ends, strict=True):
        np.testing.assert_allclose(weight, end, rtol=1e-6)


def test_slots_that_begin_with_another_number_are_refused() -> None:
    graph, names, train_op = _adam(decayed=(), slots=0.5)
    with pytest.raises(Refusal, match="does not begin with zeros"):
        _read(graph, names, train_op)
