"""What an Estimator supports and a loop refuses."""

import re
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting import unsupported
from migrate.hosting.host import host
from tests.models.hosted_programs import (
    INPUT_FNS,
    X,
    Y,
    hosted,
    model_fn,
)


class Own(tf1.train.SessionRunHook):
    pass


def profiler() -> Any:
    with tf.Graph().as_default():  # it opens an event file
        return tf1.train.ProfilerHook(save_steps=1, output_dir=tempfile.mkdtemp())


def asks_python(features: Any, labels: Any, mode: str, params: Any) -> Any:
    features = {"x": tf1.py_func(lambda x: x, [features["x"]], tf.float32)}
    features["x"].set_shape([None, 3])
    return model_fn(features, labels, mode, params)


def never_ready(features: Any, labels: Any, mode: str, params: Any) -> Any:
    spec = model_fn(features, labels, mode, params)
    return spec._replace(scaffold=tf1.train.Scaffold(init_fn=lambda scaffold, session: None))


def never_counting(features: Any, labels: Any, mode: str, params: Any) -> Any:
    spec = model_fn(features, labels, mode, params)
    return spec._replace(train_op=tf.gradients(spec.loss, tf1.trainable_variables())[0])


def growing(features: Any, labels: Any, mode: str, params: Any) -> Any:
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 1.0, name="seen")
    factor = table.lookup(tf.constant(5, tf.int64))
    return model_fn({"x": features["x"] * factor}, labels, mode, params)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "hook": (
        lambda: hosted(params={"hooks": [profiler()]}).train(steps=1),
        "the hook ProfilerHook asks a session for the trace of a step, and a custom loop has none; "
        "profile the loop with tf.profiler.experimental",
    ),
    "py_func": (
        lambda: host(asks_python, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the op PyFunc calls Python from inside the step, where there is no session; do its work",
    ),
    "init_fn": (
        lambda: host(never_ready, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the Scaffold's init_fn needs a session; give the variables their values with `restore`",
    ),
    "step": (
        lambda: host(never_counting, input_fn=INPUT_FNS, params={}).train(steps=1),
        "its train_op does not count its steps, and training would never be done; pass global_step",
    ),
    "table": (
        lambda: host(growing, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the lookup table seen is filled step by step, and no checkpoint of a loop has it; use a",
    ),
}


@pytest.mark.parametrize(("act", "told"), REFUSED.values(), ids=REFUSED)
def test_refusals(act: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        act()


def test_a_refused_graph_leaves_no_variables() -> None:
    loop = hosted(params={"hooks": [profiler()]})
    with pytest.raises(ValueError, match="the hook ProfilerHook asks a session"):
        loop.train(steps=1)
    assert loop.variables == {}
    assert loop.evaluate() == hosted().evaluate()  # with initial values, not with zeros


def test_hooks_can_be_left_out() -> None:
    assert len(hosted(params={"hooks": [profiler()]}, ignore_hooks=True).train(steps=2)) == 2


def test_a_single_step_runs_no_hooks() -> None:
    loop, batch = hosted(params={"hooks": [Own()]}), ({"x": X[:4]}, Y[:4])
    with pytest.raises(ValueError, match=r"has the hooks Own; .*; call `train`, or leave"):
        loop.train_step(*batch)
    assert hosted(params={"hooks": [Own()]}, ignore_hooks=True).train_step(*batch).loss > 0


def test_all_problems_are_named_together() -> None:
    def refused(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = never_counting(features, labels, mode, {"hooks": [profiler()]})
        return spec._replace(scaffold=tf1.train.Scaffold(init_fn=lambda scaffold, session: None))

    with pytest.raises(ValueError, match="in mode 'train': ") as raised:
        host(refused, input_fn=INPUT_FNS, params={}).train(steps=1)
    problems = str(raised.value).partition(": ")[2].split("; ")
    assert "the hook ProfilerHook asks a session" in problems[0]
    assert "the Scaffold's init_fn needs a session" in problems
    assert "its train_op does not count its steps, and training would never be done" in problems
    assert str(raised.value).endswith("estimator_compat.Estimator, runs it as it is.")


def test_forward_is_for_one_device() -> None:
    unsupported.check_one_device(None)
    replication: Any = SimpleNamespace(strategy="a strategy")
    with pytest.raises(ValueError, match=r"trains on 'a strategy'; .*without it, or use `train_st"):
        unsupported.check_one_device(replication)


def test_an_evaluator_does_not_train() -> None:
    config: Any = SimpleNamespace(task_type="evaluator")
    with pytest.raises(ValueError, match=r"is an evaluator, .*; train in the chief and"):
        unsupported.check_trains(config)
    unsupported.check_trains(SimpleNamespace(task_type="chief"))  # type: ignore[arg-type]
