"""`Estimator`: what it leaves on disk, resumption, prediction, and the program around it.

Steps, tags, file names and orders were recorded from the original on TF 2.15.1.
"""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import Estimator, EstimatorSpec, RunConfig
from tests.models.small_model import X, Y, estimator, forever, model_fn, once, step_op, steps, tags

tf1 = tf.compat.v1


def gradient_descent(count: int) -> np.ndarray:
    """`w` after a number of steps, by hand: w - 0.1 * mean over the batch of 2 (x w - y) x."""
    w = np.array([0.5, 0.5])
    for step in range(count):
        at = 2 * (step % 3)
        x, y = X[at : at + 2].astype(float), Y[at : at + 2]
        w -= 0.1 * np.mean(2 * (x @ w - y)[:, None] * x, axis=0)
    return w


def test_what_training_leaves(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    assert model.train(forever, steps=10) is model
    np.testing.assert_allclose(model.get_variable_value("w"), gradient_descent(10), rtol=1e-5)
    assert model.get_variable_names() == ["global_step", "w"]
    kept = [0, 3, 6, 9, 10]
    assert sorted(path.name.partition("events")[1] or path.name for path in tmp_path.iterdir()) == (
        sorted(
            [
                "checkpoint",
                "events",
                "graph.pbtxt",
                *(
                    f"model.ckpt-{step}.{kind}"
                    for step in kept
                    for kind in ("data-00000-of-00001", "index", "meta")
                ),
            ]
        )
    )
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "model.ckpt-10"\n'
        + "".join(f'all_model_checkpoint_paths: "model.ckpt-{step}"\n' for step in kept)
    )
    assert tags(tmp_path) == [
        (1, "loss"),
        *itertools.chain.from_iterable(
            [(step, "global_step/sec"), (step, "loss")] for step in (3, 5, 7, 9)
        ),
    ]
    assert model.latest_checkpoint() == str(tmp_path / "model.ckpt-10")


def test_training_goes_on_where_it_ended(tmp_path: Path) -> None:
    model = estimator(tmp_path, save_summary_steps=None, log_step_count_steps=None)
    model.train(forever, steps=3)
    model.train(forever, max_steps=6)
    assert model.get_variable_value("global_step") == 6
    np.testing.assert_allclose(model.get_variable_value("w"), gradient_descent(6), rtol=1e-5)
    assert tags(tmp_path) == []


@pytest.mark.parametrize("max_steps", [2, 3])
def test_training_that_is_done_is_skipped(
    tmp_path: Path, max_steps: int, caplog: pytest.LogCaptureFixture
) -> None:
    model = estimator(tmp_path)
    model.train(forever, steps=3)
    with caplog.at_level("INFO", logger="tensorflow"):
        assert model.train(lambda: 1 / 0, max_steps=max_steps) is model
    assert caplog.messages[-1] == "Skipping training since max_steps has already saved."


def test_the_input_ends_before_the_steps(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    model.train(once, steps=100)
    assert model.get_variable_value("global_step") == 3
    assert steps(tmp_path) == [0, 3]


@pytest.mark.parametrize(
    ("summary", "written"),
    [("loss", ["loss"]), ("x/loss", ["x/loss", "loss"]), (None, ["loss"])],
)
def test_the_loss_is_written_once(tmp_path: Path, summary: str | None, written: list[str]) -> None:
    params = {"summary": summary} if summary else {}
    estimator(tmp_path, params, log_step_count_steps=None).train(forever, steps=1)
    assert tags(tmp_path) == [(1, tag) for tag in written]


def test_copies_of_params_and_config(tmp_path: Path) -> None:
    def spoiling(features: Any, labels: Any, mode: str, params: Any, config: Any) -> Any:
        params["list"].append(2)
        config.session_config.intra_op_parallelism_threads = 3
        return EstimatorSpec(mode, loss=tf.constant(1.0), train_op=step_op())

    params = {"list": [1]}
    model = Estimator(spoiling, str(tmp_path), params=params)
    params["list"].append(7)
    model.params["list"].append(8)
    model.config.session_config.intra_op_parallelism_threads = 5
    model.train(forever, steps=1)
    assert model.params == {"list": [1]}
    assert model.config.session_config.intra_op_parallelism_threads == 0


def test_the_public_model_fn_is_bound_to_the_params(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        spec = model.model_fn({"x": tf.constant(X)}, tf.constant(Y), "train", model.config)
    assert spec.mode == "train"


def test_folders(tmp_path: Path) -> None:
    model = Estimator(model_fn, tmp_path / "a", params={})
    assert model.model_dir == str(tmp_path / "a")
    assert model.eval_dir() == model.eval_dir("") == str(tmp_path / "a" / "eval")
    assert model.eval_dir("two") == str(tmp_path / "a" / "eval_two")
    there = RunConfig(model_dir=str(tmp_path / "b"))
    assert Estimator(model_fn, config=there, params={}).model_dir == str(tmp_path / "b")
    assert Path(Estimator(model_fn, params={}).model_dir).is_dir()


def _subclass(**members: Any) -> type[Estimator]:
    return type("Own", (Estimator,), members)


OVERRIDES: dict[str, Callable[[], Any]] = {
    "train": lambda: _subclass(train=lambda self: 1),
    "predict": lambda: _subclass(predict=lambda self: 1),
    "params": lambda: _subclass(params=property(lambda self: 1)),
    "eval_dir": lambda: _subclass(eval_dir=lambda self: 1),
}
ALLOWED: dict[str, Callable[[], Any]] = {
    "own": lambda: _subclass(own=lambda self: 1),
    "model_fn": lambda: _subclass(model_fn=property(lambda self: 1)),
    "latest_checkpoint": lambda: _subclass(latest_checkpoint=lambda self: None),
    "same": lambda: _subclass(train=Estimator.train),
    "init": lambda: _subclass(__init__=lambda self, *a, **k: Estimator.__init__(self, *a, **k)),
}


@pytest.mark.parametrize("cls", OVERRIDES.values(), ids=OVERRIDES)
def test_a_subclass_that_overrides(tmp_path: Path, cls: Any) -> None:
    with pytest.raises(ValueError, match="wrap the Estimator instead"):
        cls()(model_fn, str(tmp_path), params={})


@pytest.mark.parametrize("cls", ALLOWED.values(), ids=ALLOWED)
def test_a_subclass_that_may_be(tmp_path: Path, cls: Any) -> None:
    assert isinstance(cls()(model_fn, str(tmp_path), params={}), Estimator)


# Predictions.

W = np.array([0.5, 0.5], np.float32)


def predicted(tmp_path: Path, predictions: Any = None, **arguments: Any) -> list[Any]:
    params = {"predictions": predictions} if predictions else {}
    return list(estimator(tmp_path, params).predict(once, **arguments))


@pytest.mark.parametrize("keys", [None, [], ["p", "x"], "px"])
def test_all_predictions(tmp_path: Path, keys: Any) -> None:
    examples = predicted(tmp_path, predict_keys=keys)
    np.testing.assert_allclose([one["p"] for one in examples], X @ W, rtol=1e-6)
    np.testing.assert_array_equal([one["x"] for one in examples], X)


@pytest.mark.parametrize("keys", [["x"], "x", {"x"}, ["missing", "x"]], ids=str)
def test_some_predictions(tmp_path: Path, keys: Any) -> None:
    assert [set(one) for one in predicted(tmp_path, predict_keys=keys)] == [{"x"}] * 6


def test_batches(tmp_path: Path) -> None:
    batches = predicted(tmp_path, yield_single_examples=False)
    assert [batch["p"].shape for batch in batches] == [(2,)] * 3


def test_arrays(tmp_path: Path) -> None:
    np.testing.assert_allclose(predicted(tmp_path, lambda p, x: p), X @ W, rtol=1e-6)
    batches = predicted(tmp_path, lambda p, x: p, yield_single_examples=False)
    assert [batch.shape for batch in batches] == [(2,)] * 3


def test_predictions_of_no_example(tmp_path: Path) -> None:
    assert predicted(tmp_path, lambda p, x: {"p": p[:0]}) == []


def test_predictions_of_another_checkpoint(tmp_path: Path) -> None:
    estimator(tmp_path).train(forever, steps=4)
    path = str(tmp_path / "model.ckpt-3")
    examples = predicted(tmp_path, checkpoint_path=path)
    w = tf.train.load_variable(path, "w")
    np.testing.assert_allclose([one["p"] for one in examples], X @ w, rtol=1e-6)


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no_such_key": (None, {"predict_keys": ["q"]}, "name one of them"),
    "key_of_array": (lambda p, x: p, {"predict_keys": ["p"]}, "leave `predict_keys` out"),
    "lengths": (
        lambda p, x: {"p": p, "c": tf.constant([1.0])},
        {},
        "pass `yield_single_examples=False`",
    ),
}


@pytest.mark.parametrize(("predictions", "arguments", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused_predictions(tmp_path: Path, predictions: Any, arguments: Any, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        predicted(tmp_path, predictions, **arguments)


def test_other_lengths_as_batches(tmp_path: Path) -> None:
    batches = predicted(
        tmp_path, lambda p, x: {"p": p, "c": tf.constant([1.0])}, yield_single_examples=False
    )
    assert [batch["c"].shape for batch in batches] == [(1,)] * 3


def test_labels_are_dropped(tmp_path: Path) -> None:
    got: list[Any] = []

    def model(features: Any, labels: Any, mode: str) -> Any:
        got.append(labels)
        return EstimatorSpec(mode, predictions=features["x"])

    list(estimator(tmp_path, function=model).predict(once))
    assert got == [None]


@pytest.mark.parametrize("is_endless", [True, False])
def test_an_endless_input_is_warned_of(
    tmp_path: Path, is_endless: bool, caplog: pytest.LogCaptureFixture
) -> None:
    input_fn = (lambda: {"x": tf.constant(X)}) if is_endless else forever
    with caplog.at_level("WARNING", logger="tensorflow"):
        assert len(list(itertools.islice(estimator(tmp_path).predict(input_fn), 9))) == 9
    assert ("predict yields forever" in caplog.text) is is_endless


def test_nothing_happens_before_the_first_prediction_is_asked_for(tmp_path: Path) -> None:
    predictions = estimator(tmp_path).predict(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(predictions)


def test_two_predictions_may_be_interleaved(tmp_path: Path) -> None:
    """The original could not: its generator kept its own graph as the default graph."""
    model = estimator(tmp_path)
    pairs = list(zip(model.predict(once), model.predict(once), strict=True))
    assert len(pairs) == 6
    assert all(a["p"] == b["p"] for a, b in pairs)


def test_the_caller_is_left_in_its_own_context_between_predictions(tmp_path: Path) -> None:
    for one in estimator(tmp_path).predict(once):
        assert tf.executing_eagerly()
        assert float(tf.reduce_sum(one["x"])) == pytest.approx(one["x"].sum())
    with tf.Graph().as_default() as graph:
        for _ in estimator(tmp_path).predict(once):
            assert tf1.get_default_graph() is graph


# The program around it.


def test_the_callers_graph_is_left_as_it_is(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    with tf.Graph().as_default() as graph:
        tf.constant(1.0)
        model.train(once)
        model.evaluate(once)
        list(model.predict(once))
        model.get_variable_value("w")
        assert tf1.get_default_graph() is graph
        assert len(graph.get_operations()) == 1
    assert tf.executing_eagerly()


def test_user_code_runs_in_a_graph(tmp_path: Path) -> None:
    eager: list[bool] = []

    def input_fn() -> Any:
        eager.append(tf.executing_eagerly())
        return once()

    def spec() -> dict[str, Any]:
        eager.append(tf.executing_eagerly())
        return {}

    estimator(tmp_path, {"spec": spec}).train(input_fn)
    assert eager == [False, False]


@pytest.mark.parametrize("scope", [tf1.variable_scope, tf.name_scope, tf.device])
def test_scopes_of_the_caller_do_not_reach_the_model(tmp_path: Path, scope: Any) -> None:
    model = estimator(tmp_path)
    with scope("/cpu:0" if scope is tf.device else "outer"):
        model.train(forever, steps=1)
    assert model.get_variable_names() == ["global_step", "w"]


def test_two_estimators_in_turn(tmp_path: Path) -> None:
    one, other = estimator(tmp_path / "one"), estimator(tmp_path / "other")
    one.train(forever, steps=2)
    other.train(forever, steps=3)
    one.train(forever, steps=2)
    np.testing.assert_allclose(other.get_variable_value("w"), gradient_descent(3), rtol=1e-5)
    assert one.get_variable_value("global_step") == 4


def test_threads(tmp_path: Path) -> None:
    got: dict[int, Any] = {}

    def run(count: int) -> None:
        model = estimator(tmp_path / str(count))
        model.train(forever, steps=count)
        got[count] = model.get_variable_value("w")

    threads = [threading.Thread(target=run, args=(count,)) for count in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for count in (1, 2, 3):
        np.testing.assert_allclose(got[count], gradient_descent(count), rtol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_queues(tmp_path: Path) -> None:
    def queue(epochs: int | None) -> Any:
        def input_fn() -> Any:
            one = tf1.train.slice_input_producer([X, Y], num_epochs=epochs, shuffle=False)
            x, y = tf1.train.batch(one, 2, allow_smaller_final_batch=True)
            return {"x": x}, y

        return input_fn

    model = estimator(tmp_path)
    model.train(queue(2))
    np.testing.assert_allclose(model.get_variable_value("w"), gradient_descent(6), rtol=1e-5)
    model.train(queue(None), steps=3)
    assert model.evaluate(queue(1))["global_step"] == 9
    assert len(list(model.predict(queue(1)))) == 6
    assert not any("QueueRunner" in thread.name for thread in threading.enumerate())


# Scaffolds.


def _local() -> Any:
    local = tf1.get_local_variable("own", [], initializer=tf1.ones_initializer())
    return tf1.train.Scaffold(local_init_op=local.initializer)


def _overwriting() -> Any:
    (w,) = [v for v in tf1.global_variables() if v.op.name == "w"]
    nines = tf1.assign(w, [9.0, 9.0])
    return tf1.train.Scaffold(init_fn=lambda scaffold, session: session.run(nines))


SCAFFOLDS: dict[str, Callable[[], Any]] = {
    "default": tf1.train.Scaffold,
    "local_init_op": _local,
    "init_fn": _overwriting,
    "saver": lambda: tf1.train.Scaffold(saver=tf1.train.Saver(max_to_keep=1)),
    "summary_op": lambda: tf1.train.Scaffold(summary_op=tf1.summary.scalar("only", 1.0)),
}


@pytest.mark.parametrize("name", SCAFFOLDS)
def test_scaffolds(tmp_path: Path, name: str) -> None:
    model = estimator(tmp_path, {"spec": lambda: {"scaffold": SCAFFOLDS[name]()}})
    model.train(forever, steps=4)
    w = model.get_variable_value("w")
    assert (float(w[0]) > 5) is (name == "init_fn"), "init_fn sets both to 9 before the first step"
    assert steps(tmp_path) == ([4] if name == "saver" else [0, 3, 4])
    expected = ["only", "only"] if name == "summary_op" else ["loss", "loss"]
    assert [tag for _, tag in tags(tmp_path) if "sec" not in tag] == expected
    results = model.evaluate(once)
    assert results["loss"] == pytest.approx(float(np.mean((X @ w - Y) ** 2)), rel=1e-5)
    np.testing.assert_allclose([one["p"] for one in model.predict(once)], X @ w, rtol=1e-5)
