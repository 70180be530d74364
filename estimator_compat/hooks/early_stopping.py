"""Hooks that stop training early, by a predicate or by a metric of the evaluations."""

import collections
import operator
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.estimator import Estimator
from estimator_compat.hooks.missing_evaluations import MissingEvaluations, check_has_metric
from estimator_compat.runtime import checkpoint_files
from estimator_compat.type_aliases import Hook, Variable

logging = tf1.logging

# Pairs of a global step and the metric's value, in the order of the steps.
_History: TypeAlias = list[tuple[int, float]]
_HistoryTest: TypeAlias = Callable[[_History], bool]


def _stop_variable() -> Variable:
    """Gets or creates the variable that the chief sets to stop the workers.

    As in the original, the variable is saved with the others, so its name is part of a checkpoint.
    """
    with tf1.variable_scope("signal_early_stopping", values=[], reuse=tf1.AUTO_REUSE):
        return tf1.get_variable(
            "STOP",
            shape=[],
            dtype=tf.bool,
            initializer=tf1.initializers.constant(False),
            collections=[tf1.GraphKeys.GLOBAL_VARIABLES],
            trainable=False,
        )


class _StopOnPredicateHook(tf1.train.SessionRunHook):
    """Calls a predicate at intervals, and stops all workers when it returns True.

    Args:
      should_stop_fn: The predicate, a function without arguments.
      every_secs: Seconds between two calls, or None.
      every_steps: Global steps between two calls, or None.

    Raises:
      TypeError: `should_stop_fn` is not callable.
    """

    def __init__(
        self,
        should_stop_fn: Callable[[], bool],
        every_secs: float | None,
        every_steps: int | None,
    ) -> None:
        if not callable(should_stop_fn):
            raise TypeError(
                f"`should_stop_fn` must be callable, given: {should_stop_fn!r}; expected a "
                "function without arguments; pass the function, not its result."
            )
        self._should_stop = should_stop_fn
        self._timer = tf1.train.SecondOrStepTimer(every_secs=every_secs, every_steps=every_steps)

    def begin(self) -> None:
        """Builds the op that sets the variable."""
        self._global_step = tf1.train.get_global_step()
        self._stop = tf1.assign(_stop_variable(), True)

    def before_run(self, run_context: Any) -> Any:
        """Requests the global step."""
        del run_context
        return tf1.train.SessionRunArgs(self._global_step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Stops training if the predicate is due and returns True."""
        step = run_values.results
        if not self._timer.should_trigger_for_step(step):
            return
        self._timer.update_last_triggered_step(step)
        if self._should_stop():
            logging.info("Requesting early stopping at global step %d", step)
            run_context.session.run(self._stop)
            run_context.request_stop()


class _CheckForStoppingHook(tf1.train.SessionRunHook):
    """Stops a worker after the chief has set the variable."""

    def begin(self) -> None:
        """Gets or creates the variable."""
        self._variable = _stop_variable()

    def before_run(self, run_context: Any) -> Any:
        """Requests the value of the variable."""
        del run_context
        return tf1.train.SessionRunArgs(self._variable)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Stops training if the variable is True."""
        if run_values.results:
            logging.info("Early stopping requested, suspending run.")
            run_context.request_stop()


def make_early_stopping_hook(
    estimator: Estimator,
    should_stop_fn: Callable[[], bool],
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Hook:
    """Builds the hook that stops training when `should_stop_fn` returns True.

    Args:
      estimator: The Estimator that is trained.
      should_stop_fn: Function without arguments. Only the chief calls it.
      run_every_secs: Seconds between two calls of `should_stop_fn`, or None.
      run_every_steps: Global steps between two calls of `should_stop_fn`, or None.

    Raises:
      TypeError: `estimator` is not an Estimator, or `should_stop_fn` is not callable.
      ValueError: Both intervals are given.
    """
    if not isinstance(estimator, Estimator):
        raise TypeError(
            f"`estimator` must have type `tf.estimator.Estimator`. Got: {type(estimator)}; pass "
            "the Estimator that is trained."
        )
    if run_every_secs is not None and run_every_steps is not None:
        raise ValueError(
            "Only one of `run_every_secs` and `run_every_steps` must be set, given: "
            f"{run_every_secs} and {run_every_steps}; pass None for the other."
        )
    if estimator.config.is_chief:
        return _StopOnPredicateHook(should_stop_fn, run_every_secs, run_every_steps)
    return _CheckForStoppingHook()


def read_eval_metrics(eval_dir: str) -> dict[int, dict[str, float]]:
    """Reads the metrics of all evaluations from the event files of a folder.

    A damaged file is read up to the damage, and a warning is logged.

    Args:
      eval_dir: Folder of the event files.

    Returns:
      Global step to a dict of metric name to value, in the order of the steps.
    """
    metrics: dict[int, dict[str, float]] = collections.defaultdict(dict)
    for event in _events(eval_dir):
        scalars = {v.tag: v.simple_value for v in event.summary.value if v.HasField("simple_value")}
        if scalars:
            metrics[event.step].update(scalars)
    return dict(sorted(metrics.items()))


def _events(folder: str) -> Iterator[Any]:
    for event_file in sorted(tf.io.gfile.glob(os.path.join(folder, "*.tfevents.*"))):
        try:
            yield from tf1.train.summary_iterator(event_file)
        except tf.errors.DataLossError as error:
            logging.warning(
                "Skipping rest of the file due to encountering data corruption error; file path: "
                "%s; original error: %s",
                event_file,
                error,
            )


def _metric_hook(
    estimator: Estimator,
    metric_name: str,
    eval_dir: str | None,
    min_steps: int,
    intervals: tuple[float | None, int | None],
    stops: _HistoryTest,
) -> Hook:
    """Builds the hook that stops training when `stops` returns True for a metric's history."""
    folder = estimator.eval_dir() if eval_dir is None else eval_dir
    missing = MissingEvaluations(estimator.model_dir, folder)

    def should_stop() -> bool:
        results = read_eval_metrics(folder)
        missing.check(results)
        considered = {step: metrics for step, metrics in results.items() if step >= min_steps}
        for step, metrics in considered.items():
            check_has_metric(metric_name, metrics, step)
        return stops([(step, metrics[metric_name]) for step, metrics in considered.items()])

    return make_early_stopping_hook(estimator, should_stop, *intervals)


def _beyond_threshold(
    name: str, threshold: float, is_beyond: Callable[[float, float], bool]
) -> _HistoryTest:
    """Returns a function that tests whether any value of a metric is beyond a threshold."""

    def stops(history: _History) -> bool:
        for step, value in history:
            if is_beyond(value, threshold):
                logging.info(
                    'At step %s, metric "%s" has value %s, beyond the threshold (%s) for early '
                    "stopping.",
                    step,
                    name,
                    value,
                    threshold,
                )
                return True
        return False

    return stops


def _no_improvement(
    name: str, max_steps: int, is_better: Callable[[float, float], bool]
) -> _HistoryTest:
    """Returns a function that tests whether a metric has not improved for `max_steps` steps."""

    def stops(history: _History) -> bool:
        best: tuple[int, float] | None = None
        for step, value in history:
            if best is None or is_better(value, best[1]):
                best = step, value
            if step - best[0] >= max_steps:
                logging.info(
                    'Metric "%s" has not improved for %s steps, at least the %s configured for '
                    "early stopping.",
                    name,
                    step - best[0],
                    max_steps,
                )
                return True
        return False

    return stops


def stop_if_higher_hook(
    estimator: Estimator,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Hook:
    """Builds the hook that stops training when a metric is above a threshold.

    Args:
      estimator: The Estimator that is trained.
      metric_name: Name of the metric in the results of `evaluate`.
      threshold: The threshold, which itself does not stop training.
      eval_dir: The evaluation's event folder; None for `estimator.eval_dir()`.
      min_steps: Evaluations before this global step are ignored.
      run_every_secs: Seconds between two checks, or None.
      run_every_steps: Global steps between two checks, or None.
    """
    stops = _beyond_threshold(metric_name, threshold, operator.gt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, stops)


def stop_if_lower_hook(
    estimator: Estimator,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Hook:
    """Builds the hook that stops training when a metric is below a threshold.

    Args:
      estimator: The Estimator that is trained.
      metric_name: Name of the metric in the results of `evaluate`.
      threshold: The threshold, which itself does not stop training.
      eval_dir: The evaluation's event folder; None for `estimator.eval_dir()`.
      min_steps: Evaluations before this global step are ignored.
      run_every_secs: Seconds between two checks, or None.
      run_every_steps: Global steps between two checks, or None.
    """
    stops = _beyond_threshold(metric_name, threshold, operator.lt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, stops)


def stop_if_no_increase_hook(
    estimator: Estimator,
    metric_name: str,
    max_steps_without_increase: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Hook:
    """Builds the hook that stops training when a metric has not increased for some global steps.

    Args:
      estimator: The Estimator that is trained.
      metric_name: Name of the metric in the results of `evaluate`.
      max_steps_without_increase: Number of global steps without a new highest value after which
        training stops.
      eval_dir: The evaluation's event folder; None for `estimator.eval_dir()`.
      min_steps: Evaluations before this global step are ignored.
      run_every_secs: Seconds between two checks, or None.
      run_every_steps: Global steps between two checks, or None.
    """
    stops = _no_improvement(metric_name, max_steps_without_increase, operator.gt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, stops)


def stop_if_no_decrease_hook(
    estimator: Estimator,
    metric_name: str,
    max_steps_without_decrease: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Hook:
    """Builds the hook that stops training when a metric has not decreased for some global steps.

    Args:
      estimator: The Estimator that is trained.
      metric_name: Name of the metric in the results of `evaluate`.
      max_steps_without_decrease: Number of global steps without a new lowest value after which
        training stops.
      eval_dir: The evaluation's event folder; None for `estimator.eval_dir()`.
      min_steps: Evaluations before this global step are ignored.
      run_every_secs: Seconds between two checks, or None.
      run_every_steps: Global steps between two checks, or None.
    """
    stops = _no_improvement(metric_name, max_steps_without_decrease, operator.lt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, stops)


class _StopAtCheckpointStepHook(tf1.train.SessionRunHook):
    """Stops a worker after the chief has saved a checkpoint of the last step.

    Args:
      estimator: The Estimator that is trained.
      last_step: The last global step.
      wait_secs: Seconds between two checks for the checkpoint, after the last step is reached.
    """

    def __init__(self, estimator: Estimator, last_step: int, wait_secs: float) -> None:
        self._estimator = estimator
        self._last_step = last_step
        self._wait_secs = wait_secs

    def begin(self) -> None:
        """Gets the global step."""
        self._global_step = tf1.train.get_global_step()

    def before_run(self, run_context: Any) -> Any:
        """Requests the global step."""
        del run_context
        return tf1.train.SessionRunArgs(self._global_step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Stops the worker, or waits if the chief has not saved the last step."""
        if run_values.results + 1 < self._last_step:
            return
        if checkpoint_files.saved_step(self._estimator.model_dir) >= self._last_step:
            run_context.request_stop()
        else:
            time.sleep(self._wait_secs)


def make_stop_at_checkpoint_step_hook(
    estimator: Estimator, last_step: int, wait_after_file_check_secs: float = 30
) -> Hook:
    """Builds the hook that stops training at `last_step`.

    A worker waits until the chief has saved a checkpoint of that step.

    Args:
      estimator: The Estimator that is trained.
      last_step: The last global step.
      wait_after_file_check_secs: Seconds between two checks for the checkpoint, on a worker.
    """
    if estimator.config.is_chief:
        return tf1.train.StopAtStepHook(last_step=last_step)
    return _StopAtCheckpointStepHook(estimator, last_step, wait_after_file_check_secs)
