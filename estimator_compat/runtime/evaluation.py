"""The graph of an evaluation, and the event file with its results."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import training_hooks
from estimator_compat.type_aliases import Features, Hook, Labels, Operation, Tensor

logging = tf1.logging

LOSS = "loss"
GLOBAL_STEP = tf1.GraphKeys.GLOBAL_STEP


@runtime_checkable
class EvaluationHook(Protocol):
    """A SessionRunHook that has to know the evaluation that it runs in."""

    def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
        """Takes note of an evaluation, before its session is made.

        Args:
          evaluated: How many batches are evaluated, as a scalar Tensor.
          eval_dir: The folder of the evaluation's event files.
        """


@runtime_checkable
class InputsHook(Protocol):
    """A SessionRunHook that has to know the features and labels that are evaluated."""

    def attach_inputs(self, features: Features, labels: Labels) -> None:
        """Takes note of the tensors that the input_fn yields, before the session is made."""


def attach_inputs(hooks: Iterable[Hook], features: Features, labels: Labels) -> None:
    """Gives the features and labels to the hooks that have to know them."""
    for hook in hooks:
        if isinstance(hook, InputsHook):
            hook.attach_inputs(features, labels)


class Graph(NamedTuple):
    """A built evaluation graph.

    Attributes:
      scaffold: Initializes the variables and metrics, and restores the checkpoint.
      update_op: Adds a batch to every metric.
      values: Metric name to value Tensor, including the global step.
      hooks: Hooks of the input, of the caller and of the model_fn.
    """

    scaffold: Any
    update_op: Operation
    values: dict[str, Tensor]
    hooks: list[Hook]


def metrics_with_loss(eval_metric_ops: Mapping[str, Any], loss: Tensor) -> dict[str, Any]:
    """Adds the Estimator's own metric: the mean over batches of the model_fn's scalar loss.

    This mean is unweighted: a short last batch counts as much as a full one. The mean over examples
    is `average_loss`, which `estimator_compat.loss_summaries` adds.

    Args:
      eval_metric_ops: Metric name to `(value, update_op)`.
      loss: The scalar loss.

    Raises:
      ValueError: A metric has a name that the Estimator uses itself.
    """
    check_metric_names(eval_metric_ops)
    return {**eval_metric_ops, LOSS: tf1.metrics.mean(loss)}


def check_metric_names(eval_metric_ops: Mapping[str, Any]) -> None:
    """Raises a ValueError if a metric has a name that the Estimator uses itself."""
    for name, quoted in ((LOSS, f'"{LOSS}"'), (GLOBAL_STEP, f"`{GLOBAL_STEP}`")):
        if name in eval_metric_ops:
            raise ValueError(
                f"Metric with name {quoted} is not allowed, because Estimator already defines a "
                "default metric with the same name; expected another key in eval_metric_ops; "
                "rename it."
            )


def split_metrics(metrics: Mapping[str, Any]) -> tuple[Operation, dict[str, Tensor]]:
    """Splits metrics into one update op and their value Tensors, sorted by name."""
    ordered = sorted(metrics.items())
    return tf.group(*(update for _, (_, update) in ordered)), {
        name: value for name, (value, _) in ordered
    }


def _summary_values(name: str, result: Any) -> list[Any]:
    """Converts a metric's result to summary values; returns an empty list if that is impossible."""
    Value = tf1.Summary.Value
    if isinstance(result, np.float32 | float | np.int64 | np.int32 | int):
        return [Value(tag=name, simple_value=float(result))]
    if isinstance(result, np.ndarray):
        return [Value(tag=name, node_name=name, tensor=tf.make_tensor_proto(result))]
    if isinstance(result, bytes):
        try:
            values = list(tf1.Summary.FromString(result).value)
        except Exception:  # protobuf's DecodeError has no public name that all versions share
            logging.warning("Skipping summary for %s, cannot parse string to Summary.", name)
            return []
        for index, value in enumerate(values):
            value.tag = f"{name}/{index}"
        return values
    logging.warning(
        "Skipping summary for %s, must be a float, np.float32, np.int64, np.int32 or int or "
        "np.ndarray or a serialized string of Summary.",
        name,
    )
    return []


def write_results(results: Mapping[str, Any], eval_dir: str, checkpoint_path: str | None) -> None:
    """Writes an evaluation's results and its checkpoint's path to an event file.

    Args:
      results: Metric name to result, including `global_step`.
      eval_dir: Folder of the event file.
      checkpoint_path: The evaluated checkpoint; None writes no path.
    """
    writer = tf1.summary.FileWriterCache.get(eval_dir)
    for summary in result_summaries(results, checkpoint_path):
        writer.add_summary(summary, results[GLOBAL_STEP])
    writer.flush()


def result_summaries(results: Mapping[str, Any], checkpoint_path: str | None) -> list[Any]:
    """Logs an evaluation's results, and converts them to `tf.compat.v1.Summary` messages.

    Args:
      results: Metric name to result, including `global_step`.
      checkpoint_path: The evaluated checkpoint; None for no summary of its path.
    """
    step = results[GLOBAL_STEP]
    metrics = {name: value for name, value in results.items() if name != GLOBAL_STEP}
    logging.info(
        "Saving dict for global step %d: %s",
        step,
        ", ".join(f"{k} = {v!s}" for k, v in sorted(results.items()) if not isinstance(v, bytes)),
    )
    summary = tf1.Summary()
    for name, value in metrics.items():
        if value is not None:
            summary.value.extend(_summary_values(name, value))
    if not checkpoint_path:
        return [summary]
    logging.info("Saving 'checkpoint_path' summary for global step %d: %s", step, checkpoint_path)
    path = tf.make_tensor_proto(checkpoint_path, dtype=tf.string)
    value = tf1.Summary.Value(tag="checkpoint_path", tensor=path)
    return [summary, tf1.Summary(value=[value])]


class StopAfterBatchesHook(tf1.train.SessionRunHook):
    """Ends an evaluation after a number of batches, and logs its progress.

    Args:
      batches: Number of batches to evaluate, at least 1.
    """

    def __init__(self, batches: int) -> None:
        self._batches = batches
        self._log_every = 1 if batches < 20 else batches // 10
        self._evaluated: Any = None

    def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
        """Takes the count of evaluated batches, which the caller of the evaluation makes."""
        del eval_dir
        self._evaluated = evaluated

    def before_run(self, run_context: Any) -> Any:
        """Fetches the count of evaluated batches."""
        del run_context
        return tf1.train.SessionRunArgs(self._evaluated)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Stops the evaluation after the last batch."""
        done = run_values.results
        if done % self._log_every == 0 or done == self._batches:
            logging.info("Evaluation [%d/%d]", done, self._batches)
        if done >= self._batches:
            run_context.request_stop()


def stopping_after(steps: int | None) -> list[Hook]:
    """Returns the hook that ends an evaluation after `steps` batches.

    Args:
      steps: Number of batches; None for no limit, which needs no hook.

    Raises:
      ValueError: `steps` is below 1.
    """
    training_hooks.check_positive("steps", steps)
    return [] if steps is None else [StopAfterBatchesHook(steps)]
