"""Hooks that end training early: on a predicate, or when an evaluation's metric says so."""

import collections
import operator
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.estimator import Estimator

logging = tf1.logging


def _stop_variable() -> Any:
    """Gets or creates the variable by which the chief tells the workers to stop.

    It is saved with the others, as the original's was, so its name is part of a checkpoint.
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


class _StopsOnPredicate(tf1.train.SessionRunHook):
    """Asks the predicate from time to time, and stops every worker when it says so."""

    def __init__(self, should_stop_fn: Callable[[], bool], every_secs: Any, every_steps: Any):
        if not callable(should_stop_fn):
            raise TypeError(
                f"`should_stop_fn` must be callable, given: {should_stop_fn!r}; expected a "
                "function without arguments; pass the function, not its result."
            )
        self._should_stop = should_stop_fn
        self._timer = tf1.train.SecondOrStepTimer(every_secs=every_secs, every_steps=every_steps)

    def begin(self) -> None:
        self._global_step = tf1.train.get_global_step()
        self._stop = tf1.assign(_stop_variable(), True)

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._global_step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = run_values.results
        if not self._timer.should_trigger_for_step(step):
            return
        self._timer.update_last_triggered_step(step)
        if self._should_stop():
            logging.info("Requesting early stopping at global step %d", step)
            run_context.session.run(self._stop)
            run_context.request_stop()


class _StopsWhenTold(tf1.train.SessionRunHook):
    """Stops a worker when the chief has set the variable."""

    def begin(self) -> None:
        self._variable = _stop_variable()

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._variable)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if run_values.results:
            logging.info("Early stopping requested, suspending run.")
            run_context.request_stop()


def make_early_stopping_hook(
    estimator: Estimator,
    should_stop_fn: Callable[[], bool],
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Any:
    """Builds the hook that ends training when `should_stop_fn` returns True.

    Args:
      estimator: The Estimator that is trained.
      should_stop_fn: Function without arguments; only the chief calls it.
      run_every_secs, run_every_steps: How often it is called, in seconds or global steps; the
        other one must be None.

    Raises:
      TypeError: Not an Estimator, or not a function.
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
        return _StopsOnPredicate(should_stop_fn, run_every_secs, run_every_steps)
    return _StopsWhenTold()


def read_eval_metrics(eval_dir: str) -> dict[int, dict[str, float]]:
    """Reads the evaluations in a folder's event files: global step to metrics, in order.

    A damaged file is read up to the damage, and logged.
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
    is_over: Callable[[list[tuple[int, float]]], bool],
) -> Any:
    folder = estimator.eval_dir() if eval_dir is None else eval_dir

    def should_stop() -> bool:
        results = read_eval_metrics(folder)
        return is_over(
            [(step, metrics[metric_name]) for step, metrics in results.items() if step >= min_steps]
        )

    return make_early_stopping_hook(estimator, should_stop, *intervals)


def _past_threshold(
    name: str, threshold: float, beyond: Callable[[float, float], bool]
) -> Callable[[list[tuple[int, float]]], bool]:
    def is_over(history: list[tuple[int, float]]) -> bool:
        for step, value in history:
            if beyond(value, threshold):
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

    return is_over


def _without_improvement(
    name: str, longest: int, is_better: Callable[[float, float], bool]
) -> Callable[[list[tuple[int, float]]], bool]:
    def is_over(history: list[tuple[int, float]]) -> bool:
        best: tuple[int, float] | None = None
        for step, value in history:
            if best is None or is_better(value, best[1]):
                best = step, value
            if step - best[0] >= longest:
                logging.info(
                    'Metric "%s" is no better for %s steps, at least the %s configured for early '
                    "stopping.",
                    name,
                    step - best[0],
                    longest,
                )
                return True
        return False

    return is_over


def stop_if_higher_hook(
    estimator: Estimator,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Any:
    """Builds the hook that ends training when an evaluation's metric is above a threshold.

    Args:
      estimator: The Estimator that is trained.
      metric_name: The metric, as `evaluate` names it.
      threshold: The value it must exceed.
      eval_dir: The evaluation's event folder; `estimator.eval_dir()` where it is None.
      min_steps: Evaluations before this global step do not count.
      run_every_secs, run_every_steps: As for `make_early_stopping_hook`.
    """
    is_over = _past_threshold(metric_name, threshold, operator.gt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, is_over)


def stop_if_lower_hook(
    estimator: Estimator,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Any:
    """Builds the hook that ends training when a metric is below a threshold.

    The arguments are those of `stop_if_higher_hook`.
    """
    is_over = _past_threshold(metric_name, threshold, operator.lt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, is_over)


def stop_if_no_increase_hook(
    estimator: Estimator,
    metric_name: str,
    max_steps_without_increase: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Any:
    """Builds the hook that ends training when a metric has not risen for so many global steps.

    The other arguments are those of `stop_if_higher_hook`.
    """
    is_over = _without_improvement(metric_name, max_steps_without_increase, operator.gt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, is_over)


def stop_if_no_decrease_hook(
    estimator: Estimator,
    metric_name: str,
    max_steps_without_decrease: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> Any:
    """Builds the hook that ends training when a metric has not fallen for so many global steps.

    The other arguments are those of `stop_if_higher_hook`.
    """
    is_over = _without_improvement(metric_name, max_steps_without_decrease, operator.lt)
    intervals = run_every_secs, run_every_steps
    return _metric_hook(estimator, metric_name, eval_dir, min_steps, intervals, is_over)


class _StopsAtSavedStep(tf1.train.SessionRunHook):
    """Stops a worker when the chief has saved a checkpoint of the last step."""

    def __init__(self, estimator: Estimator, last_step: int, wait_secs: float) -> None:
        self._estimator = estimator
        self._last_step = last_step
        self._wait_secs = wait_secs

    def begin(self) -> None:
        self._global_step = tf1.train.get_global_step()

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._global_step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if run_values.results + 1 < self._last_step:
            return
        if self._estimator.saved_step() >= self._last_step:
            run_context.request_stop()
        else:
            time.sleep(self._wait_secs)


def make_stop_at_checkpoint_step_hook(
    estimator: Estimator, last_step: int, wait_after_file_check_secs: float = 30
) -> Any:
    """Builds the hook that ends training at `last_step`, on a worker once the chief has saved it.

    Args:
      wait_after_file_check_secs: Seconds from one look at the checkpoint to the next.
    """
    if estimator.config.is_chief:
        return tf1.train.StopAtStepHook(last_step=last_step)
    return _StopsAtSavedStep(estimator, last_step, wait_after_file_check_secs)
