"""A TF2 custom training loop around a model_fn."""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses.histogram_total import HistogramTotal
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import (
    Dataset,
    Features,
    Hook,
    Labels,
    Nest,
    ServingInputReceiverFn,
)
from migrate.batch import Batch
from migrate.hosting import argument_checks, eager_mode, unsupported
from migrate.hosting.checkpoints import checkpoint_paths, filled_variables
from migrate.hosting.checkpoints.loop_checkpoints import Checkpoints
from migrate.hosting.event_files import EventFiles
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.hooked_training import HookedTraining
from migrate.hosting.hooks import kinds
from migrate.hosting.hooks.calls import HookCalls
from migrate.hosting.hooks.choice import HookChoice
from migrate.hosting.inputs.inputs import Inputs
from migrate.hosting.mode_functions import EvalFunctions, PredictFunctions, TrainFunctions
from migrate.hosting.mode_graphs import ModeGraphs
from migrate.hosting.replicas import worker_strategy
from migrate.hosting.replicas.replicated_graph import Replication
from migrate.hosting.saved_model import export as exporting
from migrate.hosting.schedule import StepCounting
from migrate.hosting.step_result import StepResult
from migrate.hosting.training import Training
from migrate.hosting.training_log import TrainingLog
from migrate.hosting.training_observer import TrainingObserver
from migrate.targets import Target


class CustomLoop:
    """Trains, evaluates and predicts with a model_fn, on `tf.Variable`s that all modes share.

    Args:
      target: The model_fn, its inputs, params and config.
      jit_compile: Whether training steps are compiled by XLA.
      ignore_hooks: Whether the hooks of the model_fn are left out.
      replication: How the model_fn is trained on several replicas; None for one device.
      legacy_checkpoints: Whether training writes an Estimator's checkpoints.

    Attributes:
      target: The target, with the RunConfig that is used.
      variables: The variables of the model, the optimizer and the metrics, by their legacy names. A
        mode's variables are added when its graph is built.

    Raises:
      RuntimeError: Eager execution is off.
    """

    def __init__(
        self,
        target: Target,
        *,
        jit_compile: bool = False,
        hooks: HookChoice = HookChoice.ALL,
        replication: Replication | None = None,
        legacy_checkpoints: bool = False,
    ) -> None:
        eager_mode.require_eager()
        # `run_config` is read once, because a default RunConfig depends on TF_CONFIG.
        config = target.run_config
        self.target = dataclasses.replace(target, config=config)
        self.variables: dict[str, tf.Variable] = {}
        self._jit_compile, self._replication = jit_compile, replication
        self._legacy_checkpoints = legacy_checkpoints
        self._inputs = Inputs(self.target)
        self._graphs = ModeGraphs(
            self.target,
            self.variables,
            self._inputs,
            replication=replication,
            choice=hooks,
            is_trained=lambda: self._trained,
            discarded=self._forget_functions,
        )
        self._checkpoints = Checkpoints(
            self.variables,
            self.graph,
            keep=config.keep_checkpoint_max,
            every_n_hours=config.keep_checkpoint_every_n_hours,
        )
        self._trained = self._hooks_save = False
        self._is_chief = replication is None or replication.is_chief
        self._events = EventFiles(config.model_dir if self._is_chief else None)
        self._step_counting = StepCounting.UNKNOWN
        self._log = TrainingLog(
            config,
            self._events,
            save=self._save_training,
            chief_decides=replication.chief_decides if replication else bool,
        )

    @property
    def global_step(self) -> int:
        """The value of the global step: how many steps the variables have been trained."""
        return int(self.variables["global_step"])

    def graph(self, mode: str) -> HostedGraph:
        """Returns the graph of a mode, which is built when it is first needed.

        Raises:
          ValueError: The model_fn needs a session; the message says for what. The graph is
            discarded, and so are its new variables.
        """
        return self._graphs.get(mode)

    def _dataset_or_input(self, dataset: Dataset | None, mode: str) -> Dataset:
        """Checks a caller's dataset and returns it; for None, returns the input_fn's dataset."""
        if dataset is None:
            return self.dataset(mode)
        argument_checks.check_is_iterable(dataset)
        if mode != ModeKeys.TRAIN or self._replication is None:
            argument_checks.check_batches(dataset, self.graph(mode).built.element_spec)
        return dataset

    def dataset(self, mode: str) -> tf.data.Dataset:
        """Returns the batches of a mode's input_fn, drawn as the next call of an Estimator would.

        Raises:
          ValueError: The input depends on placeholders, or on variables that training saves.
        """
        context = None
        if mode == ModeKeys.TRAIN and self._replication is not None:
            context = worker_strategy.input_context(self._replication.strategy)
        return self._inputs.dataset(mode, context)

    @functools.cached_property
    def _train_functions(self) -> TrainFunctions:
        return TrainFunctions(graph=self.graph(ModeKeys.TRAIN), jit_compile=self._jit_compile)

    @functools.cached_property
    def _eval_functions(self) -> EvalFunctions:
        return EvalFunctions(graph=self.graph(ModeKeys.EVAL))

    @functools.cached_property
    def _predict_functions(self) -> PredictFunctions:
        return PredictFunctions(graph=self.graph(ModeKeys.PREDICT))

    @functools.cached_property
    def _train_step(self) -> Callable[[Nest], Nest]:
        unsupported.check_no_hooks(self.graph(ModeKeys.TRAIN).hooks)
        return self._train_functions.step

    def _forget_functions(self, mode: str) -> None:
        """Forgets the functions of a mode's graph, which a new graph replaces."""
        names = {
            ModeKeys.TRAIN: ("_train_functions", "_train_step"),
            ModeKeys.EVAL: ("_eval_functions",),
            ModeKeys.PREDICT: ("_predict_functions",),
        }
        for name in names[mode]:
            self.__dict__.pop(name, None)

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """The model's trainable variables, in the order in which the model_fn creates them."""
        trainable = self.graph(ModeKeys.TRAIN).built.trainable
        return [self.variables[name] for name in trainable]

    # Training.

    def forward(self, features: Features, labels: Labels = None) -> StepResult:
        """Computes the losses of one batch in TRAIN mode, without training on it.

        It is for training steps that you write yourself. A `tf.GradientTape` around the call gives
        the gradients of `trainable_variables` for the model_fn's reduced loss, as they are before
        the model_fn clips or scales them. A tape cannot differentiate loops and branches of control
        flow v1; `train` can.

        Args:
          features: The features of the batch.
          labels: The labels of the batch; None if the input has no labels.

        Returns:
          The losses; `gradient_norm` and `learning_rate` are None.

        Raises:
          ValueError: The loop trains on replicas.
        """
        unsupported.check_one_device(self._replication)
        forward = self._train_functions.forward
        for variable in self.trainable_variables:
            variable.value()  # a tape watches the variables that are read
        return StepResult(**forward(Batch(features, labels).element))

    def train_step(self, features: Features, labels: Labels = None) -> StepResult:
        """Trains on one batch.

        Args:
          features: The features of the batch; on replicas with `split=False`, a tuple of the
            replicas' batches.
          labels: The labels of the batch; None if the input has no labels, and for such a tuple.

        Raises:
          ValueError: This process is an evaluator, or the model_fn has hooks.
        """
        unsupported.check_trains(self.target.run_config)
        step = self._train_step
        self._trained = True
        self._checkpoints.begin_training()
        values = step(Batch(features, labels).element)
        del values["train_op"]
        self._merge_from_replicas()
        return StepResult(**values)

    def train(
        self,
        dataset: Dataset | None = None,
        steps: int | None = None,
        *,
        max_steps: int | None = None,
        steps_per_loop: int = 100,
        hooks: Sequence[Hook] | None = None,
        observer: TrainingObserver | None = None,
    ) -> np.ndarray:
        """Trains, and writes summaries and checkpoints at the steps at which an Estimator did.

        Args:
          dataset: A Dataset with the `element_spec` of the input_fn's; None calls the input_fn.
          steps: How many steps; None trains until the dataset ends. If a step adds more than 1 to
            the global step, fewer steps are made, as by an Estimator: see `LastStep`.
          max_steps: The global step at which training ends, including the steps of earlier
            trainings; None for no such limit.
          steps_per_loop: The largest number of steps in one graph call. With a hook that does not
            say how often it is due, each step is a call.
          hooks: SessionRunHooks, which run with those of the model_fn: see `HookCalls`. For each
            call with hooks, a new graph is built, as an Estimator did.
          observer: Is told of steps and checkpoints, such as a display of the progress.

        Returns:
          The loss of each step: `[steps]`.

        Raises:
          ValueError: This process is an evaluator; or the model_dir has checkpoints, and none was
            restored; or the elements of `dataset` do not fit; or a number of steps is below 1; or
            `steps` and `max_steps` are both given.
          NanLossDuringTrainingError: The loss became NaN.
        """
        unsupported.check_trains(self.target.run_config)
        argument_checks.check_counts(
            steps=steps, max_steps=max_steps, steps_per_loop=steps_per_loop
        )
        argument_checks.check_one_limit(steps, max_steps)
        if max_steps is not None and self._trained and self.global_step >= max_steps:
            tf1.logging.info("Skipping training since max_steps has already saved.")
            return _final([])
        if not self._trained and self._is_chief and self.target.run_config.model_dir:
            argument_checks.check_is_new(self.target.run_config.model_dir)
        graph = self._graphs.to_run(ModeKeys.TRAIN, hooks)
        self._hooks_save = kinds.save_checkpoints(graph.hooks)
        dataset = self._dataset_or_input(dataset, ModeKeys.TRAIN)
        loop = self._train_functions.begin_loop()
        batches = iter(graph.built.input_form.elements(dataset))
        if not self._trained:
            self._log.save(self.global_step)
        self._trained = True
        self._checkpoints.begin_training()
        graph.initialize(graph.built.local)  # a new session initializes local variables, too
        self._log.begin(observer)
        training = Training(
            loop,
            batches,
            self._log,
            argument_checks.last_step(self.global_step, steps=steps, max_steps=max_steps),
            global_step=lambda: self.global_step,
            counting=self._step_counting,
            steps_per_loop=steps_per_loop,
        )
        if graph.hooks:
            HookedTraining(HookCalls(graph, batches), graph.built, self._log, training).train()
        else:
            training.run()
        self._step_counting = training.counting
        self._merge_from_replicas()
        self._log.save(self.global_step)
        return _final(training.losses)

    def _merge_from_replicas(self) -> None:
        replicas = self.graph(ModeKeys.TRAIN).replicas
        if replicas is not None:
            replicas.merge_from_replicas()

    # Evaluation and prediction.

    def evaluate(
        self,
        dataset: Dataset | None = None,
        steps: int | None = None,
        *,
        name: str | None = None,
        hooks: Sequence[Hook] | None = None,
    ) -> dict[str, Any]:
        """Computes the metrics, and writes them to an event file.

        Args:
          dataset: A Dataset with the `element_spec` of the input_fn's; None calls the input_fn.
          steps: How many batches; None evaluates all batches.
          name: The event file is in the folder `eval_<name>`; None for `eval`.
          hooks: SessionRunHooks, as for `train`.

        Returns:
          What an Estimator returns: the metric values by their names, `loss` (the mean over the
          batches) and `global_step`. With loss summaries also `average_loss`, the mean over the
          examples.

        Raises:
          ValueError: `steps` is below 1, or the elements of `dataset` do not fit, or the model_fn
            needs a session.
        """
        argument_checks.check_counts(steps=steps)
        folder = f"eval_{name}" if name else "eval"
        path = os.path.join(self.target.run_config.model_dir or "", folder)
        graph, functions = self._graphs.to_run(ModeKeys.EVAL, hooks, path), self._eval_functions
        totals = {hook.tag: HistogramTotal() for hook in functions.histogram_hooks}
        self._fill(graph, "evaluate")
        with self._checkpoints.values_of(graph):
            graph.initialize(graph.built.local)
            batches = self._dataset_or_input(dataset, ModeKeys.EVAL)
            for serialized in functions.histograms(batches, steps):
                for total, histogram in zip(totals.values(), serialized, strict=True):
                    total.add(histogram)
            values = {key: value.numpy() for key, value in functions.values().items()}
        results = {**values, "global_step": self.global_step}
        histograms = [total.summary(tag) for tag, total in totals.items()]
        self._events.write_results(folder, results, histograms, self._checkpoints.latest())
        return results

    def predict(
        self, dataset: Dataset | None = None, *, hooks: Sequence[Hook] | None = None
    ) -> Iterator[Nest]:
        """Yields the predictions for each batch, as NumPy arrays.

        Args:
          dataset: A Dataset with the `element_spec` of the input_fn's; None calls the input_fn.
          hooks: SessionRunHooks, as for `train`.
        """
        graph = self._graphs.to_run(ModeKeys.PREDICT, hooks)
        self._fill(graph, "predict")
        graph.initialize(graph.built.local)
        batches = self._dataset_or_input(dataset, ModeKeys.PREDICT)
        values = functools.partial(self._checkpoints.values_of, graph)
        yield from self._predict_functions.predictions(batches, values)

    def _fill(self, graph: HostedGraph, purpose: str) -> None:
        """Gives the variables of an EVAL or PREDICT graph the values that an Estimator restores.

        Raises:
          ValueError: Neither training nor a checkpoint has filled a variable.
        """
        if self._trained:
            self._checkpoints.fill(graph)
        elif self._checkpoints.latest() is None:
            filled_variables.log_untrained(self.target.run_config.model_dir, purpose)

    # Files.

    def save(self, path: str | None = None) -> str:
        """Writes an object-based checkpoint, with `tf.train.Checkpoint`.

        All workers must call it, because values of all replicas are merged. The chief writes.

        Args:
          path: The folder, or folder and name, such as `runs/1/best.ckpt`, to which the global step
            is appended; None is the config's model_dir.

        Returns:
          The checkpoint's path.

        Raises:
          ValueError: There is neither a `path` nor a model_dir.
        """
        self._merge_from_replicas()
        return self._checkpoints.save(
            path or self.target.run_config.model_dir, write=self._is_chief
        )

    def _save_training(self) -> None:
        """Writes a checkpoint of the training to the model_dir, unless a hook does."""
        if self._hooks_save:
            return
        folder = self.target.run_config.model_dir
        if not self._legacy_checkpoints:
            self.save(folder)
            return
        self._merge_from_replicas()
        if self._is_chief:
            self._checkpoints.save_training(folder)

    def restore(self, path: str, *, mode: str = ModeKeys.TRAIN) -> None:
        """Restores a checkpoint, either a loop's or an Estimator's.

        Args:
          path: The checkpoint, or a folder whose latest checkpoint is restored.
          mode: The mode whose variables are restored. For EVAL and PREDICT, no input_fn for
            training is needed, and training cannot go on from the checkpoint.

        Raises:
          ValueError: There is no checkpoint, or its values do not fit the variables; nothing is
            restored.
        """
        if mode != ModeKeys.TRAIN:
            self._checkpoints.restore(path, mode)
            return
        replicas = self.graph(ModeKeys.TRAIN).replicas
        self._checkpoints.restore(path)
        if replicas is not None:
            replicas.copy_to_replicas()
        self._trained = True
        self._log.restored(self.global_step)

    def save_legacy(self, prefix: str) -> str:
        """Writes a checkpoint that an Estimator with this model_fn resumes from.

        Args:
          prefix: The folder, or folder and name, such as `runs/1/model.ckpt`, to which the global
            step is appended. A path is a name if its last part contains `.ckpt` or is `ckpt`, and
            is not a folder that exists. `save` has the same rule.

        Returns:
          The checkpoint's path; in a folder, `<folder>/model.ckpt-<global step>`.
        """
        if not self._is_chief:
            return f"{checkpoint_paths.prefix(prefix, 'model.ckpt')}-{self.global_step}"
        return self._checkpoints.save_legacy(prefix)

    def export(self, folder: str, serving_input_receiver_fn: ServingInputReceiverFn) -> str:
        """Writes a SavedModel with the signatures of `Estimator.export_saved_model`.

        The names, inputs and outputs of the signatures are the same. The method name of each is
        `predict`, because `tf.saved_model.save` always writes that.

        Args:
          folder: The folder of the SavedModel itself. An Estimator instead made a folder below it,
            named by the time.
          serving_input_receiver_fn: Returns a `ServingInputReceiver`.

        Returns:
          The folder.

        Raises:
          ValueError: The PREDICT graph has variables without values, or lookup tables that training
            adds to.
        """
        if not self._is_chief:
            return folder
        served = exporting.ServedGraph(self.target, serving_input_receiver_fn, self.variables)
        self._fill(served.graph, "export")
        with self._checkpoints.values_of(served.graph):
            served.write(folder, self.variables)
        return folder


def _final(losses: list[np.ndarray]) -> np.ndarray:
    """Joins the losses of a training, and logs the last one as an Estimator did."""
    if not losses:
        return np.zeros(0, np.float32)
    tf1.logging.info("Loss for final step: %s.", losses[-1][-1])
    return np.concatenate(losses)
