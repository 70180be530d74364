"""Prepared run calls give what `Session.run` gives; every case ran under TF 2.15.1's Estimator."""

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec
from estimator_compat.runtime import cached_run
from tests.models.small_model import estimator, forever

tf1: Any = tf.compat.v1


TRACE = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)


Pair = collections.namedtuple("Pair", "a b")


class Fetching(tf1.train.SessionRunHook):
    """Fetches what `fetch(self)` names at each step; feeds the placeholder at odd steps."""

    def __init__(self, fetch: Callable[[Any], Any], *, feeds: bool = False, options: Any = None):
        self._fetch, self._feeds, self._options = fetch, feeds, options
        self.results: list[Any] = []
        self.traced: list[bool] = []
        self.step = 0

    def begin(self) -> None:
        self.fed = tf1.placeholder_with_default(7.0, [], name="fed")
        self.pair = tf.constant([1.0, 2.0], name="pair")
        self.sparse = tf.SparseTensor([[0]], [5.0], [1])
        self.many = [tf.constant(float(i)) for i in range(60)]
        self.held = {"k": self.pair}
        self.variable = tf1.get_local_variable("own", [], initializer=tf1.ones_initializer())

    def before_run(self, run_context: Any) -> Any:
        self.step += 1
        feeds = {self.fed: float(self.step)} if self._feeds and self.step % 2 else None
        return tf1.train.SessionRunArgs(self._fetch(self), feeds, self._options)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.results.append(run_values.results)
        self.traced.append(bool(run_values.run_metadata.step_stats.dev_stats))


def _mutated(hook: Fetching) -> dict[str, Any]:
    hook.held["k"] = hook.many[hook.step]
    return hook.held


PAIR = [1.0, 2.0]


# What is fetched at each of five steps, and what comes back.
FETCHES: dict[str, tuple[Callable[[Fetching], Any], list[Any]]] = {
    "tensor": (lambda h: h.pair, [PAIR] * 5),
    "name": (lambda h: "pair:0", [PAIR] * 5),
    "list": (lambda h: [h.pair, h.fed], [[PAIR, 7.0]] * 5),
    "tuple": (lambda h: (h.pair, h.fed), [(PAIR, 7.0)] * 5),
    "dict": (lambda h: {"a": h.pair, "b": h.fed}, [{"a": PAIR, "b": 7.0}] * 5),
    "named_tuple": (lambda h: Pair(h.pair, h.fed), [Pair(PAIR, 7.0)] * 5),
    "nested": (lambda h: [h.pair, ({"k": [h.fed]},)], [[PAIR, ({"k": [7.0]},)]] * 5),
    "changing": (lambda h: h.many[h.step], [1.0, 2.0, 3.0, 4.0, 5.0]),
    "changing_dict": (lambda h: {"k": h.many[h.step]}, [{"k": float(i)} for i in range(1, 6)]),
    "mutated_dict": (_mutated, [{"k": float(i)} for i in range(1, 6)]),
    "alternating": (lambda h: h.fed if h.step % 2 else h.pair, [7.0, PAIR, 7.0, PAIR, 7.0]),
    "alternating_names": (
        lambda h: "fed:0" if h.step % 2 else "pair:0",
        [7.0, PAIR, 7.0, PAIR, 7.0],
    ),
    "operation": (lambda h: h.pair.op, [None] * 5),
    "operations_name": (lambda h: "pair", [None] * 5),
    "variable": (lambda h: h.variable, [1.0] * 5),
    "nothing": (lambda h: None, [None] * 5),
    "empty": (lambda h: [], [[]] * 5),
}


def plain(value: Any) -> Any:
    return tf.nest.map_structure(lambda v: v.tolist() if hasattr(v, "tolist") else v, value)


def trained(tmp_path: Path, hook: Any, count: int = 5) -> Any:
    estimator(tmp_path).train(forever, steps=count, hooks=[hook])
    return hook


@pytest.mark.parametrize(("fetch", "results"), FETCHES.values(), ids=FETCHES)
def test_fetches(tmp_path: Path, fetch: Any, results: list[Any]) -> None:
    assert plain(trained(tmp_path, Fetching(fetch)).results) == results


def test_more_structures_than_are_prepared(tmp_path: Path) -> None:
    assert cached_run._MOST_CALLS < 45
    hook = trained(tmp_path, Fetching(lambda h: h.many[h.step]), 45)
    assert plain(hook.results) == [float(i) for i in range(1, 46)]


def test_a_sparse_tensor(tmp_path: Path) -> None:
    (*_, last) = trained(tmp_path, Fetching(lambda h: h.sparse)).results
    assert isinstance(last, tf1.SparseTensorValue)
    assert plain(last.values) == [5.0]


def test_the_kind_of_dict_is_kept(tmp_path: Path) -> None:
    def ordered(hook: Fetching) -> Any:
        return (collections.OrderedDict if hook.step % 2 else dict)(a=hook.pair)

    # Nothing else is fetched, or the steps would differ by that already.
    hook = Fetching(ordered)
    quiet = estimator(tmp_path, save_summary_steps=None, log_step_count_steps=None)
    quiet.train(forever, steps=5, hooks=[hook])
    kinds = [type(result) for result in hook.results]
    assert kinds == [collections.OrderedDict, dict] * 2 + [collections.OrderedDict]


@pytest.mark.parametrize("options", [None, TRACE], ids=["plain", "traced"])
def test_feeds_and_options(tmp_path: Path, options: Any) -> None:
    hook = trained(tmp_path, Fetching(lambda h: h.fed, feeds=True, options=options))
    assert plain(hook.results) == [1.0, 7.0, 3.0, 7.0, 5.0]
    assert hook.traced == [options is not None] * 5


@pytest.mark.parametrize(("fetch", "error"), [(3, TypeError), ("nope:0", ValueError)], ids=str)
def test_what_cannot_be_fetched(tmp_path: Path, fetch: Any, error: Any) -> None:
    with pytest.raises(error):
        trained(tmp_path, Fetching(lambda h: fetch))


def test_a_fed_placeholder_of_the_model(tmp_path: Path) -> None:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        fed = tf1.placeholder(tf.float32, [None], name="fed")
        w = tf1.get_variable("w", [], initializer=tf1.zeros_initializer())
        step = tf1.assign_add(tf1.train.get_global_step(), 1)
        return EstimatorSpec(
            mode,
            loss=tf.reduce_mean(fed),
            train_op=tf.group(step, tf1.assign_add(w, tf.reduce_sum(fed))),
            training_hooks=[tf1.train.FeedFnHook(lambda: {"fed:0": [1.0, 2.0]})],
        )

    model = estimator(tmp_path, function=model_fn)
    model.train(forever, steps=3)
    assert model.get_variable_value("w") == 9.0  # three steps of 1 + 2


def test_an_error_of_a_step_names_its_op_and_line(tmp_path: Path) -> None:
    """A prepared call knows neither; `Session.run` told both."""

    def input_fn() -> Any:
        data = [({"x": np.ones([6, 2], np.float32)}, np.ones(3, np.float32))]
        specs = ({"x": tf.TensorSpec([None, 2])}, tf.TensorSpec([None]))
        return tf.data.Dataset.from_generator(lambda: iter(data), output_signature=specs)

    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes") as caught:
        estimator(tmp_path).train(input_fn)
    assert f"Original stack trace for {caught.value.op.name!r}" in str(caught.value)
    assert "small_model.py" in str(caught.value)
    assert caught.value.node_def.name == caught.value.op.name


class Counting:
    """A session that counts the calls of `run`, and the callables that it made."""

    def __init__(self, session: Any) -> None:
        self._session, self.graph = session, session.graph
        self.runs = self.callables = 0

    def run(self, *arguments: Any) -> Any:
        self.runs += 1
        return self._session.run(*arguments)

    def make_callable(self, fetches: Any) -> Any:
        self.callables += 1
        return self._session.make_callable(fetches)


def test_a_structure_is_prepared_once() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        a, b = tf.constant(1.0), tf.constant(2.0)
        counting = Counting(session)
        run = cached_run.PreparedRun(counting)
        assert [run({"x": [a, b], "y": a}) for _ in range(3)] == [{"x": [1.0, 2.0], "y": 1.0}] * 3
        assert (counting.callables, counting.runs) == (1, 0)
        assert run({"x": [b, a], "y": a}) == {"x": [2.0, 1.0], "y": 1.0}
        assert run({"x": (a, b), "y": a}) == {"x": (1.0, 2.0), "y": 1.0}
        assert (counting.callables, counting.runs) == (3, 0)


def test_feeds_options_and_further_structures_are_run() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        tensors = [tf.constant(float(i)) for i in range(cached_run._MOST_CALLS + 1)]
        counting = Counting(session)
        run = cached_run.PreparedRun(counting)
        assert run(tensors[0], feed_dict={tensors[0]: 7.0}) == 7.0
        assert run(tensors[0], options=TRACE) == 0.0
        assert (counting.callables, counting.runs) == (0, 2)
        assert run(tensors[0], options=tf1.RunOptions()) == 0.0  # of default values alone
        assert (counting.callables, counting.runs) == (1, 2)
        assert [run(tensor) for tensor in tensors] == [float(i) for i in range(len(tensors))]
        assert (counting.callables, counting.runs) == (cached_run._MOST_CALLS, 3)


def test_an_error_names_the_line_of_its_op() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        checked = tf1.debugging.Assert(tf.constant(False), ["no"], name="mine")
        run = cached_run.PreparedRun(Counting(session))
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            run(checked)
    assert caught.value.op is not None
    assert Path(__file__).name in str(caught.value)
