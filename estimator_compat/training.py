"""`train_and_evaluate`: trains, and evaluates each checkpoint, in one process or in a cluster."""

import dataclasses
import os
import time
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.cluster import TaskType
from estimator_compat.config import needs_coordinator
from estimator_compat.distribution import coordinating
from estimator_compat.estimator import Estimator
from estimator_compat.runtime import evaluation
from estimator_compat.train_specs import EvalSpec, TrainSpec
from estimator_compat.type_aliases import Session

logging = tf1.logging

# Workers start one after another, to give the chief time to initialize the variables.
_SECONDS_PER_WORKER = 5
_LONGEST_DELAY_SECONDS = 60
_WARNING_SECONDS = 600

_TASK_TYPES = (TaskType.CHIEF, TaskType.MASTER, TaskType.WORKER, TaskType.PS, TaskType.EVALUATOR)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    """The metrics of an evaluation, and the results of its exporters."""

    metrics: dict[str, Any]
    exports: list[Any]


class _Evaluator:
    """Evaluates and exports each new checkpoint once.

    Args:
      estimator: The Estimator.
      spec: The EvalSpec.
      max_steps: Global step of the last checkpoint, which gets the final export; None for no final
        export.
    """

    def __init__(self, estimator: Estimator, spec: EvalSpec, max_steps: int | None) -> None:
        self._estimator = estimator
        self._spec = spec
        self._max_steps = max_steps
        self._previous: str | None = None
        self._warned_at = -float(_WARNING_SECONDS)

    def evaluate_and_export(self) -> _Evaluation | None:
        """Evaluates the latest checkpoint.

        Returns:
          The evaluation, or None in two cases: there is no new checkpoint, or a trainer removed the
          checkpoint before it was read. In the second case, the original's evaluator failed with
          the error of the missing file.
        """
        latest = self._estimator.latest_checkpoint()
        if not latest:
            self._warn(
                "Estimator is not trained yet. Will start an evaluation when a checkpoint is ready."
            )
            return None
        if latest == self._previous:
            self._warn(
                "No new checkpoint ready for evaluation. Skip the current evaluation pass as "
                "evaluation results are expected to be same for the same checkpoint."
            )
            return None
        try:
            result = self._evaluate(latest)
        except (ValueError, OSError, tf.errors.OpError):
            if tf1.train.checkpoint_exists(latest) or self._estimator.latest_checkpoint() == latest:
                raise
            logging.warning(
                "%s was removed before it was evaluated, since only the newest checkpoints are "
                "kept; the next evaluation uses a newer one. To evaluate every checkpoint, raise "
                "RunConfig(keep_checkpoint_max=).",
                latest,
            )
            return None
        self._warned_at = -float(_WARNING_SECONDS)
        self._previous = latest
        return result

    def _evaluate(self, checkpoint: str) -> _Evaluation:
        metrics = self._estimator.evaluate(
            self._spec.input_fn,
            steps=self._spec.steps,
            name=self._spec.name,
            checkpoint_path=checkpoint,
            hooks=self._spec.hooks,
        )
        is_last = bool(self._max_steps) and metrics[evaluation.GLOBAL_STEP] >= self._max_steps
        exports = [
            exporter.export(
                estimator=self._estimator,
                export_path=os.path.join(self._estimator.model_dir, "export", exporter.name),
                checkpoint_path=checkpoint,
                eval_result=metrics,
                is_the_final_export=is_last,
            )
            for exporter in self._spec.exporters
        ]
        return _Evaluation(metrics=metrics, exports=exports)

    def _warn(self, message: str) -> None:
        if time.monotonic() - self._warned_at > _WARNING_SECONDS:
            logging.warning(message)
            self._warned_at = time.monotonic()


class _EvaluationListener(tf1.train.CheckpointSaverListener):
    """Evaluates each checkpoint except the first, at most every `throttle_secs`.

    The first checkpoint is the one that training starts from.

    Args:
      evaluator: Evaluates and exports.
      throttle_secs: Least number of seconds between the starts of two evaluations.

    Attributes:
      last: The latest evaluation, or None.
    """

    def __init__(self, evaluator: _Evaluator, throttle_secs: float) -> None:
        self._evaluator = evaluator
        self._throttle_secs = throttle_secs
        self.last: _Evaluation | None = None

    def begin(self) -> None:
        """Starts the timer."""
        self._timer = tf1.train.SecondOrStepTimer(every_secs=self._throttle_secs)
        self._is_first = True

    def after_save(self, session: Session, global_step_value: int) -> None:
        """Evaluates the checkpoint that was saved, unless the last evaluation is too recent."""
        del session
        if self._is_first:
            self._is_first = False
        elif self._timer.should_trigger_for_step(global_step_value):
            self._evaluate(global_step_value)
        else:
            logging.info(
                "Skip the current checkpoint eval due to throttle secs (%s secs).",
                self._throttle_secs,
            )

    def end(self, session: Session, global_step_value: int) -> None:
        """Evaluates the last checkpoint, unless that has been done."""
        del session
        if global_step_value != self._timer.last_triggered_step():
            self._evaluate(global_step_value)

    def _evaluate(self, global_step: int) -> None:
        self._timer.update_last_triggered_step(global_step)
        self.last = self._evaluator.evaluate_and_export()
        if self.last is None:
            raise RuntimeError(
                f"There was no new checkpoint after the training. It ended at step {global_step}; "
                "expected a checkpoint in model_dir; check that the Scaffold's saver writes to it."
            )


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[dict[str, Any] | None, list[Any] | None] | None:
    """Trains, evaluates checkpoints and exports.

    Without a cluster in TF_CONFIG, this process does all of it. In a cluster, each process runs its
    own task: the chief and the workers train, parameter servers serve variables, and an evaluator
    evaluates each new checkpoint until one has reached `max_steps`.

    Args:
      estimator: The Estimator.
      train_spec: The TrainSpec.
      eval_spec: The EvalSpec.

    Returns:
      The metrics of the last evaluation and the results of its exporters; `(None, None)` if no
      training was necessary. In a cluster, None.

    Raises:
      TypeError: An argument has another type.
      ValueError: This process is a second evaluator.
    """
    for value, expected_type, name in (
        (eval_spec, EvalSpec, "eval_spec"),
        (estimator, Estimator, "estimator"),
        (train_spec, TrainSpec, "train_spec"),
    ):
        if not isinstance(value, expected_type):
            type_name = expected_type.__name__
            raise TypeError(
                f"`{name}` must have type `tf.estimator.{type_name}`. Got: {type(value)}; expected "
                f"the class of this package; build it with estimator_compat.{type_name}(...)."
            )
    config = estimator.config
    if needs_coordinator(config):
        _run_coordinated_task(estimator, train_spec, eval_spec)
        return None
    if config.task_type == TaskType.EVALUATOR:
        if config.task_id > 0:
            raise ValueError(
                "For distributed training, there can only be one `evaluator` task (with task id "
                f"0). Given task id {config.task_id}; start one evaluator."
            )
        _evaluate_until_trained(estimator, train_spec, eval_spec)
        return None
    if config.cluster_spec:
        _run_task(estimator, train_spec, eval_spec)
        return None
    return _train_locally(estimator, train_spec, eval_spec)


def _listener(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> _EvaluationListener:
    evaluator = _Evaluator(estimator, eval_spec, train_spec.max_steps)
    return _EvaluationListener(evaluator, eval_spec.throttle_secs)


def _train_locally(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[dict[str, Any] | None, list[Any] | None]:
    logging.info("Running training and evaluation locally (non-distributed).")
    listener = _listener(estimator, train_spec, eval_spec)
    _train(estimator, train_spec, [*train_spec.saving_listeners, listener])
    if listener.last is None:
        return None, None
    return listener.last.metrics, listener.last.exports


def _train(estimator: Estimator, spec: TrainSpec, listeners: Sequence[Any]) -> None:
    estimator.train(
        spec.input_fn,
        hooks=spec.hooks,
        max_steps=spec.max_steps,
        saving_listeners=listeners,
    )


def _run_task(estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec) -> None:
    """Runs this process's task: serves variables, or trains; a master also evaluates."""
    config = estimator.config
    if config.task_type not in _TASK_TYPES:
        raise ValueError(
            f"Task type {config.task_type} is not supported. Supported task types are "
            f"{list(_TASK_TYPES)}; expected one of them; correct TF_CONFIG."
        )
    server = _start_server(config)
    if config.task_type == TaskType.PS:
        server.join()
        return
    listeners: list[Any] = []
    if config.task_type in (TaskType.CHIEF, TaskType.MASTER):
        listeners.extend(train_spec.saving_listeners)
    if config.task_type == TaskType.MASTER:
        listeners.append(_listener(estimator, train_spec, eval_spec))
    if config.task_type == TaskType.WORKER:
        longest_delay = config.experimental_max_worker_delay_secs
        delay = min(
            _LONGEST_DELAY_SECONDS if longest_delay is None else longest_delay,
            (config.task_id + 1) * _SECONDS_PER_WORKER,
        )
        logging.info("Waiting %d secs before starting training.", delay)
        time.sleep(delay)
    _train(estimator, train_spec, listeners)


def _run_coordinated_task(estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec) -> None:
    """Runs this process's task of a cluster with a strategy: trains or evaluates."""

    def train(config: Any) -> None:
        in_task = estimator._in_task(config)  # noqa: SLF001
        in_task.train(train_spec.input_fn, hooks=train_spec.hooks, max_steps=train_spec.max_steps)

    def evaluate(config: Any) -> None:
        in_task = estimator._in_task(config)  # noqa: SLF001
        _evaluate_until_trained(in_task, train_spec, eval_spec)

    coordinating.run_task(estimator.config, train, evaluate)


def _start_server(config: Any) -> Any:
    """Starts this task's server; returns None for a cluster of one process, which needs none."""
    if not config.master:
        logging.info("Skip starting Tensorflow server as there is only one node in the cluster.")
        return None
    session_config = tf1.ConfigProto(gpu_options=config.session_config.gpu_options)
    logging.info("Start Tensorflow server.")
    return tf.distribute.Server(
        config.cluster_spec,
        job_name=config.task_type,
        task_index=config.task_id,
        config=session_config,
        protocol=config.protocol,
    )


def _evaluate_until_trained(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> None:
    """Evaluates each new checkpoint until one has reached `max_steps`."""
    if eval_spec.start_delay_secs:
        logging.info("Waiting %f secs before starting eval.", eval_spec.start_delay_secs)
        time.sleep(eval_spec.start_delay_secs)
    evaluator = _Evaluator(estimator, eval_spec, train_spec.max_steps)
    while True:
        start = time.monotonic()
        result = evaluator.evaluate_and_export()
        wait = eval_spec.throttle_secs - (time.monotonic() - start)
        if wait > 0:
            logging.info("Waiting %f secs before starting next eval run.", wait)
            time.sleep(wait)
        elif eval_spec.throttle_secs == 0 and result is None:
            logging.warning(
                "EvalSpec.throttle_secs is set as 0. This might overload the job before finding "
                "(next) new checkpoint. Please consider to increase it."
            )
        global_step = result.metrics[evaluation.GLOBAL_STEP] if result else 0
        if train_spec.max_steps and global_step >= train_spec.max_steps:
            logging.info(
                "Exiting evaluation, global_step=%s >= train max_steps=%s",
                global_step,
                train_spec.max_steps,
            )
            return
