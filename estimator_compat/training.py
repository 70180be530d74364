"""`train_and_evaluate`: training with an evaluation after each checkpoint, or in a cluster."""

import collections
import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import exporters
from estimator_compat.cluster import TaskType
from estimator_compat.estimator import Estimator
from estimator_compat.runtime import evaluation, training_hooks

logging = tf1.logging

# Workers start one after another, so that the chief has initialized the variables before them.
_SECONDS_PER_WORKER = 5
_LONGEST_DELAY_SECONDS = 60
_WARNING_SECONDS = 600

_TrainFields = collections.namedtuple(
    "_TrainFields", ["input_fn", "max_steps", "hooks", "saving_listeners"]
)
_EvalFields = collections.namedtuple(
    "_EvalFields",
    ["input_fn", "steps", "name", "hooks", "exporters", "start_delay_secs", "throttle_secs"],
)


class TrainSpec(_TrainFields):
    """The training half of `train_and_evaluate`.

    Attributes:
      input_fn: Returns a Dataset, `(features, labels)`, or features alone.
      max_steps: The global step to train to; None trains until the input ends.
      hooks: `SessionRunHook`s.
      saving_listeners: `CheckpointSaverListener`s, on the chief.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: Callable[..., Any],
        max_steps: int | None = None,
        hooks: Iterable[Any] | None = None,
        saving_listeners: Iterable[Any] | None = None,
    ) -> "TrainSpec":
        _check_input_fn(input_fn)
        training_hooks.check_positive("max_steps", max_steps)
        return super().__new__(
            cls,
            input_fn,
            max_steps,
            tuple(training_hooks.checked_hooks(hooks)),
            tuple(training_hooks.checked_listeners(saving_listeners)),
        )


class EvalSpec(_EvalFields):
    """The evaluation half of `train_and_evaluate`.

    Attributes:
      input_fn: Returns a Dataset, `(features, labels)`, or features alone.
      steps: Batches of an evaluation; None reads the input to its end.
      name: Names the evaluation and its event folder.
      hooks: `SessionRunHook`s.
      exporters: `Exporter`s, or a single one, called after each evaluation.
      start_delay_secs: Seconds before an evaluator's first evaluation.
      throttle_secs: Seconds from one evaluation to the next, at least.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: Callable[..., Any],
        steps: int | None = 100,
        name: str | None = None,
        hooks: Iterable[Any] | None = None,
        exporters: Any = None,
        start_delay_secs: float = 120,
        throttle_secs: float = 600,
    ) -> "EvalSpec":
        _check_input_fn(input_fn)
        training_hooks.check_positive("steps", steps)
        _check_seconds("start_delay_secs", start_delay_secs)
        _check_seconds("throttle_secs", throttle_secs)
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"`name` must be string, given: {name!r}; expected the name of an evaluation; "
                "leave it out for a single one."
            )
        return super().__new__(
            cls,
            input_fn,
            steps,
            name,
            tuple(training_hooks.checked_hooks(hooks)),
            _checked_exporters(exporters),
            start_delay_secs,
            throttle_secs,
        )


def _check_input_fn(input_fn: Any) -> None:
    if not callable(input_fn):
        raise TypeError(
            f"`input_fn` must be callable, given: {input_fn!r}; expected a function that returns "
            "a Dataset; wrap the data: `lambda: dataset`."
        )


def _check_seconds(name: str, value: float) -> None:
    if value < 0:
        raise ValueError(
            f"Must specify {name} >= 0, given: {value}; expected a number of seconds; pass 0 for "
            "none."
        )


def _checked_exporters(given: Any) -> tuple[Any, ...]:
    every = (given,) if isinstance(given, exporters.Exporter) else given or ()
    if not isinstance(every, Iterable) or not all(
        isinstance(one, exporters.Exporter) for one in every
    ):
        raise TypeError(
            "`exporters` must be an Exporter, an iterable of Exporter, or `None`, found "
            f"{given}; derive it from estimator_compat.Exporter."
        )
    names = [one.name for one in every]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise ValueError(
            f"`exporters` must have unique names, given: {names}; expected a non-empty string for "
            "each, since it names the folder; rename them."
        )
    return tuple(every)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluated:
    """One evaluation and what its exporters returned."""

    metrics: dict[str, Any]
    exports: list[Any]


class _Evaluator:
    """Evaluates and exports each new checkpoint once."""

    def __init__(self, estimator: Estimator, spec: EvalSpec, max_steps: int | None) -> None:
        self._estimator = estimator
        self._spec = spec
        self._max_steps = max_steps
        self._previous: str | None = None
        self._warned_at = -float(_WARNING_SECONDS)

    def evaluate_and_export(self) -> _Evaluated | None:
        """Evaluates the latest checkpoint.

        Returns:
          None where there is no new one, or a trainer removed it before it was read. (The
          original's evaluator ended with the error of the missing file.)
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
            evaluated = self._evaluated(latest)
        except (ValueError, OSError, tf.errors.OpError):
            if tf1.train.checkpoint_exists(latest) or self._estimator.latest_checkpoint() == latest:
                raise
            logging.warning(
                "%s was removed before it was evaluated, since newer ones are kept; the next "
                "evaluation takes a newer one. To have each evaluated, raise "
                "RunConfig(keep_checkpoint_max=).",
                latest,
            )
            return None
        self._warned_at = -float(_WARNING_SECONDS)
        self._previous = latest
        return evaluated

    def _evaluated(self, checkpoint: str) -> _Evaluated:
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
        return _Evaluated(metrics=metrics, exports=exports)

    def _warn(self, message: str) -> None:
        if time.monotonic() - self._warned_at > _WARNING_SECONDS:
            logging.warning(message)
            self._warned_at = time.monotonic()


class _EvaluatingListener(tf1.train.CheckpointSaverListener):
    """Evaluates after each checkpoint but the first, at most every `throttle_secs`."""

    def __init__(self, evaluator: _Evaluator, throttle_secs: float) -> None:
        self._evaluator = evaluator
        self._throttle_secs = throttle_secs
        self.last: _Evaluated | None = None

    def begin(self) -> None:
        self._timer = tf1.train.SecondOrStepTimer(every_secs=self._throttle_secs)
        self._is_first = True

    def after_save(self, session: Any, global_step_value: int) -> None:
        if self._is_first:  # the checkpoint that training starts from
            self._is_first = False
        elif self._timer.should_trigger_for_step(global_step_value):
            self._evaluate(global_step_value)
        else:
            logging.info(
                "Skip the current checkpoint eval due to throttle secs (%s secs).",
                self._throttle_secs,
            )

    def end(self, session: Any, global_step_value: int) -> None:
        if global_step_value != self._timer.last_triggered_step():
            self._evaluate(global_step_value)

    def _evaluate(self, global_step: int) -> None:
        self._timer.update_last_triggered_step(global_step)
        self.last = self._evaluator.evaluate_and_export()
        if self.last is None:
            raise RuntimeError(
                f"There was no new checkpoint after the training at step {global_step}; expected "
                "one in model_dir; check that the Scaffold's saver writes there."
            )


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[dict[str, Any] | None, list[Any] | None] | None:
    """Trains, evaluates after checkpoints and exports; in a cluster, does what the task does.

    Where TF_CONFIG names no cluster, one process does it all. In a cluster the chief and the
    workers train, parameter servers serve, and an evaluator evaluates each new checkpoint until
    one has reached `max_steps`.

    Returns:
      The metrics of the last evaluation and what its exporters returned, `(None, None)` where
      nothing was trained; in a cluster, None.

    Raises:
      TypeError: An argument of another type.
      ValueError: TF_CONFIG names a second evaluator.
    """
    for value, kind, name in (
        (estimator, Estimator, "estimator"),
        (train_spec, TrainSpec, "train_spec"),
        (eval_spec, EvalSpec, "eval_spec"),
    ):
        if not isinstance(value, kind):
            raise TypeError(
                f"`{name}` must have type `{kind.__name__}`. Got: {type(value)}; build it with "
                f"estimator_compat.{kind.__name__}(...)."
            )
    config = estimator.config
    if config.task_type == TaskType.EVALUATOR:
        if config.task_id > 0:
            raise ValueError(
                "For distributed training, there can only be one `evaluator` task (with task id "
                f"0). Given task id {config.task_id}; start one evaluator."
            )
        _evaluate_until_trained(estimator, train_spec, eval_spec)
        return None
    if config.cluster_spec:
        _do_task(estimator, train_spec, eval_spec)
        return None
    return _train_locally(estimator, train_spec, eval_spec)


def _listener(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> _EvaluatingListener:
    evaluator = _Evaluator(estimator, eval_spec, train_spec.max_steps)
    return _EvaluatingListener(evaluator, eval_spec.throttle_secs)


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


def _do_task(estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec) -> None:
    """Does what this process is in the cluster for."""
    config = estimator.config
    server = _started_server(config)
    if config.task_type == TaskType.PS:
        server.join()
        return
    listeners: list[Any] = []
    if config.task_type in (TaskType.CHIEF, TaskType.MASTER):
        listeners.extend(train_spec.saving_listeners)
    if config.task_type == TaskType.MASTER:
        listeners.append(_listener(estimator, train_spec, eval_spec))
    if config.task_type == TaskType.WORKER:
        longest = config.experimental_max_worker_delay_secs
        delay = min(
            _LONGEST_DELAY_SECONDS if longest is None else longest,
            (config.task_id + 1) * _SECONDS_PER_WORKER,
        )
        logging.info("Waiting %d secs before starting training.", delay)
        time.sleep(delay)
    _train(estimator, train_spec, listeners)


def _started_server(config: Any) -> Any:
    """Starts this task's server; None for a cluster of one, which needs none."""
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
    """Evaluates each new checkpoint, until one has reached `max_steps`."""
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
        step = result.metrics[evaluation.GLOBAL_STEP] if result else 0
        if train_spec.max_steps and step >= train_spec.max_steps:
            logging.info(
                "Exiting evaluation, global_step=%s >= train max_steps=%s",
                step,
                train_spec.max_steps,
            )
            return
