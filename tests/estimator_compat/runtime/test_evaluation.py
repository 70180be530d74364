"""`evaluate`: its numbers, its event files, and what it refuses; compared with TF 2.15.1."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.models.small_model import X, Y, empty, estimator, forever, once, tags


def expected_metrics(w: Any, batches: int = 3) -> dict[str, float]:
    """The mean over batches of the mean squared error, and the mean absolute error."""
    error = (X @ w - Y)[: 2 * batches]
    return {"loss": float(np.mean(error**2)), "mae": float(np.mean(np.abs(error)))}


def test_metrics_and_event_files(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    model.train(forever, steps=4)
    results = model.evaluate(once)
    assert results.pop("global_step") == 4
    w = model.get_variable_value("w")
    assert results == pytest.approx(expected_metrics(w), rel=1e-6)
    named = model.evaluate(forever, steps=2, name="two")
    assert named["loss"] == pytest.approx(expected_metrics(w, 2)["loss"], rel=1e-6)
    written = [(4, "loss"), (4, "mae"), (4, "checkpoint_path")]
    assert tags(model.eval_dir()) == tags(model.eval_dir("two")) == written


def test_a_hook_may_take_note_of_its_evaluation(tmp_path: Path) -> None:
    class Noting(tf1.train.SessionRunHook):
        def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
            self.evaluated, self.eval_dir = evaluated, eval_dir
            self.counts: list[int] = []

        def before_run(self, run_context: Any) -> Any:
            return tf1.train.SessionRunArgs(self.evaluated)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self.counts.append(int(run_values.results))

    model, hook = estimator(tmp_path), Noting()
    model.evaluate(once, hooks=[hook], name="noted")
    assert (hook.eval_dir, hook.counts) == (model.eval_dir("noted"), [1, 2, 3])


def test_a_short_last_batch_counts_as_a_whole_one_in_the_loss(tmp_path: Path) -> None:
    batches = lambda: once().unbatch().batch(4)  # noqa: E731
    results = estimator(tmp_path).evaluate(batches)
    error = (X @ [0.5, 0.5] - Y) ** 2
    assert results["loss"] == pytest.approx((error[:4].mean() + error[4:].mean()) / 2, rel=1e-6)


def test_another_checkpoint(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    model.train(forever, steps=4)
    path = str(tmp_path / "model.ckpt-3")
    results = model.evaluate(once, checkpoint_path=path)
    assert results["global_step"] == 3
    w = tf.train.load_variable(path, "w")
    assert results["loss"] == pytest.approx(expected_metrics(w)["loss"], rel=1e-6)


def test_without_a_checkpoint_fresh_variables_are_evaluated(tmp_path: Path) -> None:
    results = estimator(tmp_path).evaluate(once)
    assert results.pop("global_step") == 0
    assert results == pytest.approx(expected_metrics([0.5, 0.5]), rel=1e-6)


def test_an_empty_input_gives_zeros(tmp_path: Path) -> None:
    # As the original: a streaming mean of nothing is 0.
    assert estimator(tmp_path).evaluate(empty) == {"loss": 0.0, "mae": 0.0, "global_step": 0}


SUMMARY = tf1.Summary(value=[tf1.Summary.Value(tag=t, simple_value=1.0) for t in "xy"])


def _fixed(value: Any, dtype: Any = None) -> Callable[..., Any]:
    return lambda p, y: {"m": (tf.constant(value, dtype), tf.no_op())}


# A metric, and the tags that the event file has for it.
KINDS: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "int": (_fixed(3), ["m"]),
    "int64": (_fixed(3, tf.int64), ["m"]),
    "float64": (_fixed(1.0, tf.float64), ["m"]),
    "array": (_fixed([1.0, 2.0]), ["m"]),
    "texts": (_fixed(["a", "b"]), ["m"]),
    "summary": (_fixed(SUMMARY.SerializeToString()), ["m/0", "m/1"]),
    "bytes": (_fixed(b"\xff\xffnope"), []),
    "text": (_fixed("hello"), []),
    "bool": (_fixed(True), []),
    "float16": (_fixed(1.0, tf.float16), []),
    "uint8": (_fixed(1, tf.uint8), []),
    "nested": (lambda p, y: {"m": ({"a": tf.constant(1.0)}, tf.no_op())}, []),
    "slash": (lambda p, y: {"a/b c": tf1.metrics.mean(p)}, ["a/b c"]),
}


@pytest.mark.parametrize(("metrics", "written"), KINDS.values(), ids=KINDS)
def test_kinds_of_metrics(tmp_path: Path, metrics: Any, written: list[str]) -> None:
    model = estimator(tmp_path, {"metrics": metrics})
    results = model.evaluate(once, steps=1)
    assert set(results) - {"loss", "global_step"} in ({"m"}, {"a/b c"})
    assert sorted(tag for _, tag in tags(model.eval_dir())) == sorted([*written, "loss"])


def test_a_keras_metric(tmp_path: Path) -> None:
    def metrics(p: Any, y: Any) -> dict[str, Any]:
        metric = tf.keras.metrics.MeanSquaredError()
        metric.update_state(y, p)
        return {"mse": metric}

    results = estimator(tmp_path, {"metrics": metrics}).evaluate(once)
    assert results["mse"] == pytest.approx(results["loss"], rel=1e-6)


@pytest.mark.parametrize("name", ["loss", "global_step"])
def test_the_estimators_own_names(tmp_path: Path, name: str) -> None:
    model = estimator(tmp_path, {"metrics": lambda p, y: {name: tf1.metrics.mean(p)}})
    with pytest.raises(ValueError, match=f'["`]{name}["`] is not allowed.*rename it'):
        model.evaluate(once)


def test_the_log_line_reads_as_the_originals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = estimator(tmp_path, {"metrics": lambda p, y: {"m": (tf.constant(0.1), tf.no_op())}})
    with caplog.at_level("INFO", logger="tensorflow"):
        model.evaluate(empty)
    # A float32 as NumPy writes it, not widened to float64.
    assert "Saving dict for global step 0: global_step = 0, loss = 0.0, m = 0.1" in caplog.messages
