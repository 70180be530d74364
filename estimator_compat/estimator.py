"""`Estimator`: trains, evaluates and predicts with a model_fn, as `tf.estimator` did.

Checkpoints, event tags, steps, directories, seeds and the order of graph construction are the
original's. So the same model_fn gives the same bits if TensorFlow's kernels are the same.
"""

import contextlib
import copy
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import inputs, legacy_keras, training_run
from estimator_compat.cluster import TaskType
from estimator_compat.config import RunConfig, complete_config, path_to_str, replica_device
from estimator_compat.distribution import coordinating
from estimator_compat.distribution.replica_inputs import replica_inputs
from estimator_compat.distribution.replicated import RunsInReplicas
from estimator_compat.export.exporting import ExportsSavedModels
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import (
    checkpoint_files,
    evaluation,
    predictions,
    sessions,
    subclasses,
    training_hooks,
    user_functions,
    warm_start,
)
from estimator_compat.spec import EstimatorSpec, check_returned_spec
from estimator_compat.type_aliases import Hook, InputFn, ModelFn, Params, Variable

logging = tf1.logging

_NO_BATCH = object()


def _unchanged(model_fn: ModelFn) -> ModelFn:
    return model_fn


class Estimator(RunsInReplicas, ExportsSavedModels):
    """Trains, evaluates and predicts with a model_fn.

    Every call builds a new graph with the seed of the RunConfig, and restores the latest checkpoint
    of `model_dir`.

    Args:
      model_fn: Function of `features` and any of `labels`, `mode`, `params` and `config`. It
        returns an `EstimatorSpec`.
      model_dir: Folder of checkpoints and event files; None for `config.model_dir`, or for a
        temporary folder if that is None too.
      config: A `RunConfig`; None for a default one.
      params: Dict of hyperparameters. Each call of the model_fn or of an input_fn gets a copy.
      warm_start_from: A checkpoint's path or `WarmStartSettings`, used while `model_dir` has no
        checkpoint.

    Raises:
      ValueError: The model_fn has the wrong arguments, the two model_dirs differ, a subclass
        overrides a method, or the config has a distribution strategy.
      TypeError: The model_fn is not callable.
    """

    # What each Estimator makes of its model_fn. A command that runs a whole program, whose
    # Estimators it does not make itself, may set it.
    _adapt_model_fn: ClassVar[Any] = staticmethod(_unchanged)

    def __init__(
        self,
        model_fn: ModelFn,
        model_dir: Any = None,
        config: RunConfig | None = None,
        params: Params = None,
        warm_start_from: Any = None,
    ) -> None:
        subclasses.check_not_overridden(type(self), Estimator)
        self._config = complete_config(config, path_to_str(model_dir))
        logging.info("Using config: %s", vars(self._config))
        user_functions.verify_model_fn(model_fn, params)
        self._model_fn = self._adapt_model_fn(model_fn)
        self._params = copy.deepcopy(params or {})
        self._warm_start_settings = warm_start.settings_from(warm_start_from)

    @property
    def model_dir(self) -> str:
        """The folder of checkpoints and event files."""
        model_dir: str = self._config.model_dir
        return model_dir

    @property
    def config(self) -> RunConfig:
        """A copy of the RunConfig."""
        return copy.deepcopy(self._config)

    @property
    def params(self) -> Mapping[str, Any]:
        """A copy of the hyperparameters."""
        return copy.deepcopy(self._params)

    @property
    def model_fn(self) -> Callable[..., EstimatorSpec]:
        """The model_fn bound to the params: a function of features, labels, mode and config."""

        def bound(features: Any, labels: Any, mode: str, config: RunConfig) -> EstimatorSpec:
            # No input_fn is called before the model_fn, as in an export.
            return self._call_model_fn(features, labels, mode, config, exporting=True)

        return bound

    def train(
        self,
        input_fn: InputFn,
        hooks: Sequence[Hook] | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Sequence[Any] | None = None,
    ) -> "Estimator":
        """Trains until the input ends, a hook stops it, or the steps are made.

        Args:
          input_fn: Returns a Dataset, `(features, labels)`, or features only.
          hooks: `SessionRunHook`s.
          steps: Number of steps to make now; None for no such limit.
          max_steps: Global step at which training stops, including the steps of earlier trainings;
            None for no such limit.
          saving_listeners: `CheckpointSaverListener`s.

        Returns:
          The Estimator.

        Raises:
          ValueError: `steps` and `max_steps` are both given, one of them is below 1, or TF_CONFIG
            gives this process a task that does not train.
          NanLossDuringTrainingError: The loss became NaN.
        """
        if self._config.task_type in (TaskType.EVALUATOR, TaskType.PS):
            raise ValueError(
                "Train has been called wrong configuration: TF_CONFIG says that this process is "
                f"a {self._config.task_type}; expected a chief, master or worker; use "
                "train_and_evaluate, which runs the task of the process."
            )
        stopping_hooks = training_hooks.stopping_hooks(steps, max_steps)
        checkpoint_files.check_checkpoint(self.model_dir)
        if max_steps is not None and max_steps <= checkpoint_files.saved_step(self.model_dir):
            logging.info("Skipping training since max_steps has already saved.")
            return self
        all_hooks = [*training_hooks.check_hooks(hooks), *stopping_hooks]
        listeners = training_hooks.check_listeners(saving_listeners)
        checkpoint_files.check_writable(self.model_dir)
        train = self._train if self._config.train_distribute is None else self._train_in_replicas
        loss = train(input_fn, all_hooks, listeners)
        logging.info("Loss for final step: %s.", loss)
        return self

    def evaluate(
        self,
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[Hook] | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Evaluates a checkpoint until the input ends or `steps` batches are evaluated.

        Args:
          input_fn: Returns a Dataset, `(features, labels)`, or features only.
          steps: Number of batches; None for all.
          hooks: `SessionRunHook`s.
          checkpoint_path: The checkpoint; None for the latest one, or for freshly initialized
            variables if there is none.
          name: Name of the evaluation, whose event folder is `eval_<name>`; None for `eval`.

        Returns:
          Metric name to value, with `loss` (the mean over batches) and `global_step`.

        Raises:
          ValueError: `steps` is below 1, a metric is called `loss` or `global_step`, or the
            checkpoint is missing.
        """
        strategy = self._config.eval_distribute
        if strategy is not None:
            coordinating.check_single_call(self._config, "Estimator.evaluate")
        all_hooks = training_hooks.check_hooks(hooks)
        all_hooks.extend(evaluation.stopping_after(steps))
        checkpoint_path = checkpoint_files.checkpoint_to_restore(
            self.model_dir, checkpoint_path, "evaluate"
        )
        # Some strategies have a scope in graphs only.
        with tf.Graph().as_default(), strategy.scope() if strategy else contextlib.nullcontext():
            graph = self._evaluation_graph(input_fn, all_hooks, checkpoint_path)
            return self._run_evaluation(graph, checkpoint_path, self.eval_dir(name))

    def predict(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None = None,
        hooks: Sequence[Hook] | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """Yields predictions until the input ends.

        Args:
          input_fn: Returns a Dataset or features. Labels are ignored.
          predict_keys: Names of the predictions to compute; None for all.
          hooks: `SessionRunHook`s.
          checkpoint_path: The checkpoint; None for the latest one, or for freshly initialized
            variables if there is none.
          yield_single_examples: Whether the predictions of each example are yielded separately. If
            False, whole batches are yielded.

        Yields:
          An array, or a dict of arrays.

        Raises:
          ValueError: `predict_keys` names no prediction, predictions have different batch sizes, or
            the checkpoint is missing.
        """
        all_hooks = training_hooks.check_hooks(hooks)
        checkpoint_path = checkpoint_files.checkpoint_to_restore(
            self.model_dir, checkpoint_path, "predict"
        )
        with tf.Graph().as_default() as graph:
            batches = self._predict(input_fn, predict_keys, all_hooks, checkpoint_path)
        # The graph is the default graph only while a batch is computed. The caller's code between
        # two predictions runs in the caller's own graph, or eagerly.
        try:
            while True:
                with graph.as_default():
                    batch = next(batches, _NO_BATCH)
                if batch is _NO_BATCH:
                    return
                if yield_single_examples:
                    yield from predictions.examples(batch)
                else:
                    yield batch
        finally:
            with graph.as_default():
                batches.close()

    def get_variable_value(self, name: str) -> Any:
        """Returns a variable's value in the latest checkpoint, as a NumPy array."""
        checkpoint_files.require_checkpoint(self.model_dir)
        return tf.train.load_variable(self.model_dir, name)

    def get_variable_names(self) -> list[str]:
        """Returns the names of the variables of the latest checkpoint."""
        checkpoint_files.require_checkpoint(self.model_dir)
        return [name for name, _ in tf.train.list_variables(self.model_dir)]

    def latest_checkpoint(self) -> str | None:
        """Returns the path of the latest checkpoint in `model_dir`, or None."""
        latest: str | None = tf.train.latest_checkpoint(self.model_dir)
        return latest

    def eval_dir(self, name: str | None = None) -> str:
        """Returns the folder of an evaluation's event files."""
        return os.path.join(self.model_dir, f"eval_{name}" if name else "eval")

    def _create_global_step(self) -> Variable | None:
        return tf1.train.create_global_step()

    def _inputs(self, input_fn: InputFn, mode: str, strategy: Any = None) -> inputs.Inputs:
        def call(input_context: Any = None) -> Any:
            with tf1.device("/cpu:0"):
                return user_functions.call_input_fn(
                    input_fn,
                    mode=mode,
                    params=self.params,
                    config=self.config,
                    input_context=input_context,
                )

        if strategy is not None:
            return replica_inputs(strategy, call)
        return inputs.parse_input_fn_result(call())

    def _model_fn_for_export(self) -> Callable[..., Any]:
        """Returns the function that is called instead of the model_fn if there is no input_fn."""
        model_fn: Callable[..., Any] = self._model_fn
        return model_fn

    def _call_model_fn(
        self, features: Any, labels: Any, mode: str, config: RunConfig, *, exporting: bool = False
    ) -> EstimatorSpec:
        model_fn = self._model_fn_for_export() if exporting else self._model_fn
        logging.info("Calling model_fn.")
        with legacy_keras.explained():
            spec = user_functions.call_model_fn(
                model_fn, features, labels, mode=mode, params=self.params, config=config
            )
        logging.info("Done calling model_fn.")
        return check_returned_spec(spec, mode)

    def _build_model(self, input_fn: InputFn, mode: str) -> tuple[inputs.Inputs, EstimatorSpec]:
        """Builds the inputs and the model in the default graph, in the original's order."""
        parsed = self._inputs(input_fn, mode)
        labels = None if mode == ModeKeys.PREDICT else parsed.labels
        with legacy_keras.seeded(self._config.tf_random_seed):
            return parsed, self._call_model_fn(parsed.features, labels, mode, self.config)

    def _train(self, input_fn: InputFn, hooks: list[Hook], listeners: list[Any]) -> Any:
        graph = tf.Graph()
        device = self._config.device_fn or replica_device(self._config)
        with graph.as_default(), graph.device(device):
            tf1.set_random_seed(self._config.tf_random_seed)
            if self._create_global_step() is not None:
                sessions.create_global_step_read()
            parsed, spec = self._build_model(input_fn, ModeKeys.TRAIN)
            return self._finish_training(spec, [*parsed.hooks, *hooks], listeners)

    def _finish_training(self, spec: EstimatorSpec, hooks: list[Hook], listeners: list[Any]) -> Any:
        if not tf.train.latest_checkpoint(self.model_dir):
            self._warm_start_variables()
        return training_run.run(spec, self._config, hooks, listeners)

    def _evaluation_graph(
        self, input_fn: Callable[..., Any], hooks: list[Any], checkpoint_path: str | None
    ) -> evaluation.Graph:
        """Builds the inputs, the model and the metrics in the default graph."""
        tf1.set_random_seed(self._config.tf_random_seed)
        self._create_global_step()
        if self._config.eval_distribute is None:
            graph = self._evaluation_on_one_device(input_fn, hooks)
        else:
            graph = self._evaluation_in_replicas(input_fn, hooks)
        if not checkpoint_path:
            self._warm_start_variables()
        return graph._replace(
            scaffold=sessions.with_metric_initializers(graph.scaffold),
            values={**graph.values, evaluation.GLOBAL_STEP: tf1.train.get_global_step()},
        )

    def _evaluation_on_one_device(self, input_fn: InputFn, hooks: list[Hook]) -> evaluation.Graph:
        parsed, spec = self._build_model(input_fn, ModeKeys.EVAL)
        evaluation.attach_inputs(hooks, parsed.features, parsed.labels)
        metrics = evaluation.metrics_with_loss(spec.eval_metric_ops, spec.loss)
        update_op, values = evaluation.split_metrics(metrics)
        return evaluation.Graph(
            scaffold=spec.scaffold,
            update_op=update_op,
            values=values,
            hooks=[*parsed.hooks, *hooks, *spec.evaluation_hooks],
        )

    def _run_evaluation(
        self, graph: evaluation.Graph, checkpoint_path: str | None, eval_dir: str
    ) -> dict[str, Any]:
        """Evaluates in the default graph, and writes the results to `eval_dir`."""
        results = sessions.evaluate(
            graph, checkpoint_path=checkpoint_path, config=self._config, eval_dir=eval_dir
        )
        evaluation.write_results(results, eval_dir, checkpoint_path)
        return results

    def _predict(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None,
        hooks: list[Hook],
        checkpoint_path: str | None,
    ) -> Generator[Any, None, None]:
        """Builds the prediction graph in the default graph; returns a generator of batches."""
        tf1.set_random_seed(self._config.tf_random_seed)
        self._create_global_step()
        parsed, spec = self._build_model(input_fn, ModeKeys.PREDICT)
        if not inputs.ends_by_itself(parsed.features):
            logging.warning(
                "Input graph does not use tf.data.Dataset or contain a QueueRunner. That means "
                "predict yields forever. This is probably a mistake."
            )
        if not checkpoint_path:
            self._warm_start_variables()
        return sessions.predict(
            checkpoint_path=checkpoint_path,
            scaffold=spec.scaffold,
            config=self._config,
            predictions=predictions.select(spec.predictions, predict_keys),
            hooks=[*parsed.hooks, *hooks, *spec.prediction_hooks],
        )

    def _warm_start_variables(self) -> None:
        if self._warm_start_settings:
            logging.info("Warm-starting with WarmStartSettings: %s", self._warm_start_settings)
            tf1.train.warm_start(*self._warm_start_settings)
