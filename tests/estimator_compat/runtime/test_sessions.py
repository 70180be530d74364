"""Sessions of training, evaluation and prediction: their hooks, how they stop, and their errors."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec
from tests.models.small_model import estimator, forever, once, steps

TRACE = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)


def trained(tmp_path: Path, hook: Any, count: int = 5) -> Any:
    estimator(tmp_path).train(forever, steps=count, hooks=[hook])
    return hook


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
