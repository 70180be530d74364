"""The session that hooks get: what it computes, and what it refuses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.hooks.session import HostedSession
from migrate.targets import Target
from tests.models.hooked_programs import X, Y, five_batches, model_fn


@pytest.fixture(scope="module")
def session() -> HostedSession:
    """A session of a TRAIN graph, whose variables have their initial values."""
    target = Target(model_fn=model_fn, input_fns=five_batches)
    built = build_for_one_device(target, "train")
    with built.graph.as_default():
        a = tf1.placeholder_with_default([1.0, 2.0], [2], name="a")
        tf.add(a, 1.0, name="b")
        tf1.add_to_collection("sparse", tf.sparse.from_dense([[0.0, 5.0]]))
    hosted = host_on_one_device(built, {})
    hosted.initialize(hosted.created)
    return HostedSession(hosted, iter(five_batches().repeat()))


def test_structures(session: HostedSession) -> None:
    with session.graph.as_default():
        a, step = session.graph.get_tensor_by_name("a:0"), tf1.train.get_global_step()
        [sparse] = tf1.get_collection("sparse")
        found = session.run({"a": a, "nested": [("b:0", step)], "sparse": sparse, "none": ()})
    assert list(found) == ["a", "nested", "sparse", "none"]
    np.testing.assert_array_equal(found["a"], [1, 2])
    [(b, count)] = found["nested"]
    np.testing.assert_array_equal(b, [2, 3])
    assert (count, found["none"]) == (0, ())
    np.testing.assert_array_equal(found["sparse"].indices, [[0, 1]])
    np.testing.assert_array_equal(found["sparse"].values, [5])


def test_feeds(session: HostedSession) -> None:
    a = session.graph.get_tensor_by_name("a:0")
    with session.graph.as_default():
        np.testing.assert_array_equal(session.run("b:0", {a: [5, 6]}), [6, 7])
        np.testing.assert_array_equal(session.run(["b:0", a], {"a:0": [5, 6]}), [[6, 7], [5, 6]])
        np.testing.assert_array_equal(session.make_callable("b:0", [a])([7, 8]), [8, 9])


def test_each_run_that_needs_the_input_takes_a_batch(session: HostedSession) -> None:
    first, second = session.run("IteratorGetNext:1"), session.run("IteratorGetNext:1")
    np.testing.assert_array_equal(first, Y[:4])
    np.testing.assert_array_equal(second, Y[4:8])


def test_load_and_eval(session: HostedSession) -> None:
    with session.graph.as_default():
        bias = next(v for v in tf1.global_variables() if v.op.name == "dense/bias")
        bias.load(np.array([1, 2, 3, 4], np.float32), session)
        np.testing.assert_array_equal(bias.eval(session), [1, 2, 3, 4])


REFUSED: dict[str, tuple[Callable[[HostedSession], Any], type[Exception], str]] = {
    "None": (lambda s: s.run(None), TypeError, "the fetch None has the type NoneType; expected"),
    "number": (lambda s: s.run("b:0", {3: 1}), TypeError, "the feed 3 has the type int; expected"),
    "tensor": (
        lambda s: s.run("b:0", {"a:0": tf.constant([1.0, 2.0])}),
        TypeError,
        "fed for 'a:0' is a tensor, .*; compute it first",
    ),
    "shape": (
        lambda s: s.run("b:0", {"a:0": [1.0]}),
        ValueError,
        r"Cannot feed value of shape \(1,\) for Tensor 'a:0', which has shape \(2,\); .*; reshape",
    ),
    "unknown": (lambda s: s.run("c:0"), KeyError, "c:0"),
    "metadata": (
        lambda s: s.run("b:0", run_metadata=tf1.RunMetadata()),
        ValueError,
        "`run_metadata` .* are a session's, .*; profile the loop with tf.profiler",
    ),
    "partial_run": (
        lambda s: s.partial_run_setup(["b:0"]),
        NotImplementedError,
        "`session.partial_run_setup` was called .*; expected `run` or .*; fetch all values",
    ),
    "list_devices": (
        lambda s: s.list_devices(),
        NotImplementedError,
        "`session.list_devices` was called",
    ),
}


@pytest.mark.parametrize(("act", "error", "told"), REFUSED.values(), ids=REFUSED)
def test_refusals(
    session: HostedSession,
    act: Callable[[HostedSession], Any],
    error: type[Exception],
    told: str,
) -> None:
    with pytest.raises(error, match=told):
        act(session)


def test_the_input_ends() -> None:
    built = build_for_one_device(Target(model_fn=model_fn, input_fns=five_batches), "infer")
    hosted = host_on_one_device(built, {})
    hosted.initialize(hosted.created)
    short = HostedSession(hosted, iter([(X[:4], Y[:4])]))
    assert short.run(built.spec.predictions)["y"].shape == (4, 1)
    with pytest.raises(tf.errors.OutOfRangeError):
        short.run(built.spec.predictions)
