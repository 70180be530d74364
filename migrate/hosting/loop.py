"""A TF2 custom training loop around a model_fn."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses.histogram_total import HistogramTotal
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import checkpoint_files
from migrate.batch import Batch
from migrate.hosting import argument_checks, eager_mode, unsupported
from migrate.hosting.checkpoints.loop_checkpoints import Checkpoints
from migrate.hosting.event_files import EventFiles
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.hosting.mode_functions import EvalFunctions, PredictFunctions, TrainFunctions
from migrate.hosting.replicas import worker_strategy
from migrate.hosting.replicas.replicated_graph import (
    Replication,
    build_for_replicas,
    host_on_replicas,
)
from migrate.hosting.saved_model import export as exporting
from migrate.hosting.schedule import StepCounting, next_stop
from migrate.hosting.step_result import StepResult
from migrate.hosting.training_log import Reports
from migrate.hosting.training_loop import Loop
from migrate.targets import Target


class CustomLoop:
    """A model_fn's training, evaluation and prediction, with shared `tf.Variable`s.

    Attributes:
      target: What is hosted.
      variables: The variables by their legacy names, as far as modes were built: those of the
        model, the optimizer and the metrics.
    """

    def __init__(
        self,
        target: Target,
        *,
        jit_compile: bool = False,
        ignore_hooks: bool = False,
        replication: Replication | None = None,
    ) -> None:
        eager_mode.require_eager()
        # It is read once: a default one depends on TF_CONFIG.
        config = target.run_config
        self.target = dataclasses.replace(target, config=config)
        self.variables: dict[str, tf.Variable] = {}
        self._jit_compile, self._ignore_hooks = jit_compile, ignore_hooks
        self._replication = replication
        self._graphs: dict[str, HostedGraph] = {}
        self._checkpoints = Checkpoints(
            self.variables,
            self.graph,
            keep=config.keep_checkpoint_max,
            every_n_hours=config.keep_checkpoint_every_n_hours,
        )
        self._trained = False
        self._is_chief = replication is None or replication.is_chief
        self._events = EventFiles(config.model_dir if self._is_chief else None)
        self._step_counting = StepCounting.UNKNOWN
        self._reports = Reports(
            config,
            self._events,
            save=self.save,
            chief_decides=replication.chief_decides if replication else bool,
        )

    @property
    def global_step(self) -> int:
        """How many steps the variables have been trained."""
        return int(self.variables["global_step"])

    def graph(self, mode: str) -> HostedGraph:
        """The graph of a mode, which is built when it is first asked for.

        Raises:
          ValueError: The model_fn needs something that only a session has; it is named. Nothing is
            left of the graph.
        """
        if mode not in self._graphs:
            known = set(self.variables)
            try:
                self._graphs[mode] = self._checked(mode)
            except BaseException:
                for name in self.variables.keys() - known:
                    del self.variables[name]
                raise
        return self._graphs[mode]

    def _checked(self, mode: str) -> HostedGraph:
        graph = self._built(mode)
        unsupported.check_graph(graph.built, ignore_hooks=self._ignore_hooks)
        # An Estimator begins training with the initial values of the TRAIN graph.
        begins = mode == ModeKeys.TRAIN and not self._trained
        graph.initialize(set(self.variables) if begins else graph.created)
        return graph

    def _built(self, mode: str) -> HostedGraph:
        if mode == ModeKeys.TRAIN and self._is_chief and self.target.run_config.model_dir:
            # A model_fn may write there, too.
            checkpoint_files.check_writable(self.target.run_config.model_dir)
        if mode == ModeKeys.TRAIN and self._replication is not None:
            replicas = build_for_replicas(self.target, self._replication)
            return host_on_replicas(replicas, self.variables)
        return host_on_one_device(build_for_one_device(self.target, mode), self.variables)

    def _given(self, dataset: Any, mode: str) -> Any:
        """A dataset that a caller gives, or that of the input_fn."""
        if dataset is None:
            return self.dataset(mode)
        if mode != ModeKeys.TRAIN or self._replication is None:
            argument_checks.check_batches(dataset, self.graph(mode).built.element_spec)
        return dataset

    def dataset(self, mode: str) -> tf.data.Dataset:
        """Calls the input_fn of a mode.

        Raises:
          ValueError: It returns no Dataset.
        """
        context = None
        if mode == ModeKeys.TRAIN and self._replication is not None:
            context = worker_strategy.input_context(self._replication.strategy)
        return unsupported.dataset_of(lambda: self.target.call_input_fn(mode, context))

    @functools.cached_property
    def _train_functions(self) -> TrainFunctions:
        return TrainFunctions(graph=self.graph(ModeKeys.TRAIN), jit_compile=self._jit_compile)

    @functools.cached_property
    def _eval_functions(self) -> EvalFunctions:
        return EvalFunctions(graph=self.graph(ModeKeys.EVAL))

    @functools.cached_property
    def _predict_functions(self) -> PredictFunctions:
        return PredictFunctions(graph=self.graph(ModeKeys.PREDICT))

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """The model's trainable variables, in the order in which it made them."""
        trainable = self.graph(ModeKeys.TRAIN).built.trainable
        return [self.variables[name] for name in trainable]

    # Training.

    def forward(self, features: Any, labels: Any = None) -> StepResult:
        """Computes the loss of one batch in TRAIN mode, and trains nothing.

        A step of your own begins with it: a `tf.GradientTape` around it has the gradients of
        `trainable_variables`, with the model_fn's reduction, before anything is done to them. A
        tape cannot follow loops and branches of control flow v1, which `train` can.

        Returns:
          The losses; its `gradient_norm` and `learning_rate` are None.

        Raises:
          ValueError: The loop trains on replicas.
        """
        unsupported.check_one_device(self._replication)
        forward = self._train_functions.forward
        for variable in self.trainable_variables:
            variable.value()  # a tape watches what is read
        return StepResult(**forward(Batch(features, labels).element))

    def train_step(self, features: Any, labels: Any = None) -> StepResult:
        """Trains on one batch, or where `split` is False on a tuple of the replicas' batches."""
        unsupported.check_trains(self.target.run_config)
        step = self._train_functions.step
        self._trained = True
        found = step(Batch(features, labels).element)
        del found["train_op"]
        self._merge_from_replicas()
        return StepResult(**found)

    def train(
        self, dataset: Any = None, steps: int | None = None, *, steps_per_loop: int = 100
    ) -> np.ndarray:
        """Trains, and writes summaries and checkpoints at the steps at which an Estimator did.

        Args:
          dataset: A Dataset of what the input_fn yields; None calls the input_fn.
          steps: How many steps; None until the dataset ends.
          steps_per_loop: How many steps are made at most in one graph call.

        Returns:
          The loss of each step: `[steps]`.

        Raises:
          ValueError: This process is an evaluator; or the model_dir has checkpoints, and none was
            restored; or `dataset` or a number of steps is not one that can be trained with.
          NanLossDuringTrainingError: The loss became NaN.
        """
        unsupported.check_trains(self.target.run_config)
        argument_checks.check_counts(steps=steps, steps_per_loop=steps_per_loop)
        if not self._trained and self._is_chief and self.target.run_config.model_dir:
            argument_checks.check_is_new(self.target.run_config.model_dir)
        graph = self.graph(ModeKeys.TRAIN)
        dataset = self._given(dataset, ModeKeys.TRAIN)
        loop = self._train_functions.loop
        batches = iter(graph.built.input_form.elements(dataset))
        if not self._trained:
            self._reports.save(self.global_step, force=True)
        self._trained = True
        graph.initialize(graph.built.local)  # as in a new session
        self._reports.begin()
        end = self.global_step + (steps if steps is not None else 2**62)
        losses = []
        while (step := self.global_step) < end:
            # The first step shows whether it counts as one; no later one is made beyond the end.
            longest = self._step_counting.longest(steps_per_loop)
            stop = next_stop(step, end=end, longest=longest, due=self._reports.due())
            made = self._advance(loop, batches, step, stop)
            losses.append(made)
            if len(made) < stop - step:
                break
        self._merge_from_replicas()
        self._reports.save(self.global_step, force=True)
        return np.concatenate(losses) if losses else np.zeros(0, np.float32)

    def _advance(self, loop: Loop, batches: Any, step: int, stop: int) -> np.ndarray:
        wanted = self._reports.wants_summaries(step, stop)
        made = loop(batches, stop - step, wanted=wanted)
        losses = made.losses
        if np.isnan(losses).any():
            raise tf1.train.NanLossDuringTrainingError
        if len(losses):
            now = self.global_step
            self._step_counting = self._step_counting.after(made=len(losses), counted=now - step)
            self._reports.write(now, losses[-1], made.summaries)
        return losses

    def _merge_from_replicas(self) -> None:
        replicas = self.graph(ModeKeys.TRAIN).replicas
        if replicas is not None:
            replicas.merge_from_replicas()

    # Evaluation and prediction.

    def evaluate(
        self, dataset: Any = None, steps: int | None = None, *, name: str | None = None
    ) -> dict[str, Any]:
        """Evaluates.

        Args:
          dataset: A Dataset of what the input_fn yields; None calls the input_fn.
          steps: How many batches; None for all.
          name: Names the folder of the event file, `eval_<name>`.

        Returns:
          What an Estimator returns: metric name to value, `loss` (the mean over batches) and
          `global_step`; with `average_loss`, the mean over examples.
        """
        argument_checks.check_counts(steps=steps)
        graph, functions = self.graph(ModeKeys.EVAL), self._eval_functions
        update = functions.update.begin()
        totals = {hook.tag: HistogramTotal() for hook in functions.histogram_hooks}
        with self._checkpoints.values_of(graph):
            graph.initialize(graph.built.local)
            for element in itertools.islice(self._given(dataset, ModeKeys.EVAL), steps):
                serialized, _ = update(element)
                for total, one in zip(totals.values(), serialized, strict=True):
                    total.add(one.numpy())
            values = {k: v.numpy() for k, v in functions.values().items()}
        results = {**values, "global_step": self.global_step}
        histograms = [total.summary(tag) for tag, total in totals.items()]
        self._events.write_results(f"eval_{name}" if name else "eval", results, histograms)
        return results

    def predict(self, dataset: Any = None) -> Iterator[Any]:
        """Yields the predictions for each batch, as NumPy arrays."""
        graph = self.graph(ModeKeys.PREDICT)
        predict = self._predict_functions.predict.begin()
        graph.initialize(graph.built.local)
        for element in self._given(dataset, ModeKeys.PREDICT):
            with self._checkpoints.values_of(graph):
                found = predict(element)
            yield tf.nest.map_structure(lambda tensor: tensor.numpy(), found)

    # Files.

    def save(self, path: str | None = None) -> str:
        """Writes a checkpoint of the loop's own kind, with `tf.train.Checkpoint`.

        All workers must call it, since it has something of each; the chief writes.

        Args:
          path: Its folder; None is the config's model_dir.

        Returns:
          The checkpoint's path.
        """
        self._merge_from_replicas()
        return self._checkpoints.save(
            path or self.target.run_config.model_dir, write=self._is_chief
        )

    def restore(self, path: str) -> None:
        """Takes the values of a checkpoint of either kind, the loop's or an Estimator's.

        Args:
          path: The checkpoint, or a folder whose latest one is taken.

        Raises:
          ValueError: It does not fit; nothing is restored.
        """
        replicas = self.graph(ModeKeys.TRAIN).replicas
        self._checkpoints.restore(path)
        if replicas is not None:
            replicas.copy_to_replicas()
        self._trained = True
        self._reports.restored(self.global_step)

    def save_legacy(self, prefix: str) -> str:
        """Writes a checkpoint that an Estimator with this model_fn resumes from.

        Args:
          prefix: Folder and name, `runs/1/model.ckpt`; the global step is put behind it.
        """
        if not self._is_chief:
            return f"{prefix}-{self.global_step}"
        return self._checkpoints.save_legacy(prefix)

    def export(self, folder: str, serving_input_receiver_fn: Callable[[], Any]) -> str:
        """Writes a SavedModel with the signatures of `Estimator.export_saved_model`.

        Names, inputs and outputs are those; each is served by the method `predict`, as all that
        `tf.saved_model.save` writes.

        Args:
          folder: Its folder itself, not one that folders named by the time come into.
          serving_input_receiver_fn: Returns a `ServingInputReceiver`.

        Returns:
          The folder.

        Raises:
          ValueError: The PREDICT graph has variables without values, or lookup tables that grow.
        """
        if not self._is_chief:
            return folder
        served = exporting.Served(self.target, serving_input_receiver_fn, self.variables)
        with self._checkpoints.values_of(served.graph):
            served.write(folder, self.variables)
        return folder
