"""Prepared run calls give what `Session.run` gives; every case ran under TF 2.15.1's Estimator."""

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec
from estimator_compat.runtime import cached_run
from tests.models.small_model import estimator, forever, once, steps

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


def test_the_profilers_hook(tmp_path: Path) -> None:
    def spec() -> dict[str, Any]:
        return {"training_hooks": [tf1.train.ProfilerHook(2, output_dir=str(tmp_path))]}

    estimator(tmp_path, {"spec": spec}).train(forever, steps=5)
    assert [path.name for path in sorted(tmp_path.glob("timeline*"))] == [
        "timeline-2.json",
        "timeline-4.json",
    ]


def test_a_logging_hook_with_a_formatter(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def spec() -> dict[str, Any]:
        hook = tf1.train.LoggingTensorHook(
            {"a": tf.constant(3)}, every_n_iter=2, at_end=True, formatter=lambda d: f"got {d['a']}"
        )
        return {"training_hooks": [hook]}

    with caplog.at_level("INFO", logger="tensorflow"):
        estimator(tmp_path, {"spec": spec}).train(forever, steps=5)
    assert caplog.messages.count("got 3") == 4  # steps 1, 3, 5 and the end


def test_the_session_of_a_run_context(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Hook(tf1.train.SessionRunHook):
        def after_create_session(self, session: Any, coord: Any) -> None:
            seen.append(session.run(tf1.train.get_global_step()))

        def after_run(self, run_context: Any, run_values: Any) -> None:
            step = tf1.train.get_global_step()
            metadata = tf1.RunMetadata()
            run_context.session.run(step, options=TRACE, run_metadata=metadata)
            assert metadata.step_stats.dev_stats
            seen.append(step.eval(session=run_context.session))

        def end(self, session: Any) -> None:
            seen.append(session.run([tf1.train.get_global_step()])[0])

    trained(tmp_path, Hook(), 2)
    assert seen == [0, 1, 2, 2]


class Stopping(tf1.train.SessionRunHook):
    def __init__(self, at: str) -> None:
        self._at = at

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._at == "create":
            coord.request_stop()

    def before_run(self, run_context: Any) -> None:
        if self._at == "before":
            run_context.request_stop()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._at == "after":
            run_context.request_stop()
        if self._at == "end_of_input":
            raise tf.errors.OutOfRangeError(None, None, "the end")
        if self._at == "stop_iteration":
            raise StopIteration
        if self._at == "error":
            raise ValueError("the hook's own")


STOPS = {"create": 0, "before": 1, "after": 1, "end_of_input": 1, "stop_iteration": 1}


@pytest.mark.parametrize(("at", "made"), STOPS.items(), ids=STOPS)
def test_a_hook_that_stops(tmp_path: Path, at: str, made: int) -> None:
    model = estimator(tmp_path)
    model.train(forever, steps=9, hooks=[Stopping(at)])
    assert model.get_variable_value("global_step") == made
    assert model.evaluate(once, hooks=[Stopping(at)])["global_step"] == made
    counts = {"create": 0, "before": 2, "after": 2, "end_of_input": 0, "stop_iteration": 0}
    assert len(list(model.predict(once, hooks=[Stopping(at)]))) == counts[at]


def test_a_hooks_error_is_raised_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the hook's own"):
        estimator(tmp_path).train(forever, steps=9, hooks=[Stopping("error")])
    assert steps(tmp_path) == [0], "nothing is saved after an error"


def test_an_error_of_a_step_names_its_op_and_line(tmp_path: Path) -> None:
    """The error of a prepared call has neither; the error of `Session.run` has both."""

    def input_fn() -> Any:
        data = [({"x": np.ones([6, 2], np.float32)}, np.ones(3, np.float32))]
        specs = ({"x": tf.TensorSpec([None, 2])}, tf.TensorSpec([None]))
        return tf.data.Dataset.from_generator(lambda: iter(data), output_signature=specs)

    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes") as caught:
        estimator(tmp_path).train(input_fn)
    assert f"Original stack trace for {caught.value.op.name!r}" in str(caught.value)
    assert "small_model.py" in str(caught.value)
    assert caught.value.node_def.name == caught.value.op.name


def test_a_closed_session_runs_no_more(tmp_path: Path) -> None:
    kept: list[Any] = []

    class Hook(tf1.train.SessionRunHook):
        def begin(self) -> None:
            self.step = tf1.train.get_global_step()

        def after_run(self, run_context: Any, run_values: Any) -> None:
            kept[:] = [run_context.session, self.step]
            run_context.session.run(self.step)

    trained(tmp_path, Hook(), 1)
    with pytest.raises((RuntimeError, tf.errors.OpError), match="closed"):
        kept[0].run(kept[1])


def test_a_nan_stops_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        step = tf1.train.get_global_step()
        w = tf1.get_variable("w", [], initializer=tf1.ones_initializer())
        loss = tf.where(tf.greater_equal(step, 4), tf.constant(float("nan")), w)
        with tf.control_dependencies([loss]):  # which reads what the train_op writes
            train_op = tf.group(tf1.assign_add(step, 1), tf1.assign_add(w, 1.0))
        return EstimatorSpec(mode, loss=loss, train_op=train_op)

    model = estimator(tmp_path, function=model_fn, save_checkpoints_steps=2)
    with pytest.raises(tf1.train.NanLossDuringTrainingError, match="NaN loss during training"):
        model.train(forever, steps=20)
    # As recorded: the step that met the NaN is not saved, those before are.
    assert steps(tmp_path) == [0, 2, 4]
    assert model.get_variable_value("w") == 5.0


def test_an_initializer_that_fails_is_not_taken_for_a_bad_checkpoint(tmp_path: Path) -> None:
    vocabulary = tmp_path / "words.txt"
    vocabulary.write_text("a\nb\n")

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        lookup = tf1.lookup
        words = lookup.TextFileInitializer(
            str(vocabulary),
            tf.string,
            lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            lookup.TextFileIndex.LINE_NUMBER,
        )
        found = lookup.StaticVocabularyTable(words, 1).lookup(tf.constant(["a"]))
        w = tf1.get_variable("w", [], initializer=tf1.ones_initializer())
        step = tf1.assign_add(tf1.train.get_global_step(), 1)
        return EstimatorSpec(mode, loss=w * tf.cast(found[0], tf.float32), train_op=step)

    model = estimator(tmp_path / "model", function=model_fn)
    model.train(forever, steps=1)
    vocabulary.unlink()
    with pytest.raises(tf.errors.NotFoundError, match=r"words\.txt") as caught:
        model.train(forever, steps=1)
    assert "could not be restored" not in str(caught.value)
