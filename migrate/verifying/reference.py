"""The reference of a verification: the model_fn under `estimator_compat.Estimator`.

An Estimator does not return its initial weights, the loss of each step, or gradients. A hook reads
the weights and losses. A separate session on a graph of the same model_fn, with the same weights,
computes the gradients.
"""

import dataclasses
import functools
import itertools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal, sessions, user_functions
from estimator_compat.type_aliases import Dataset, Hook, ModelFn, Nest, Session
from migrate.hosting.graph import determinism, random_ops
from migrate.targets import Built, Target, build
from migrate.verifying import model_state, recorder, rounding, step_facts
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients

Values = dict[str, np.ndarray]  # variable name to value
Progress = Callable[[str], None]  # takes a line of text
# Takes a graph, its loss and its train_op, and adds control edges.
Order = Callable[[tf.Graph, Sequence[Any]], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """The variables and losses of one training.

    Attributes:
      initial: The variables before training.
      first: The variables after `first_step`.
      final: The variables after the last step.
      trainable: The names of the trainable variables.
      losses: The loss of each step.
      first_step: The first step after which each trainable variable has moved, or else as many as
        move in the beginning: under a warm-up, the first step may move none.
      restored: The names of the variables whose initial values are read from a checkpoint.
    """

    initial: Values
    first: Values
    final: Values
    trainable: frozenset[str]
    losses: list[np.ndarray]
    first_step: int = 1
    restored: frozenset[str] = frozenset()

    @property
    def moving(self) -> list[str]:
        """The names of the variables that the training moves."""
        return recorder.moving(self.initial, self.final)

    @property
    def trains(self) -> bool:
        """Whether the training moves a trainable variable, or there is none."""
        return not self.trainable or not self.trainable.isdisjoint(self.moving)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPass:
    """What a graph computed for its first batch, with given weights.

    Attributes:
      values: In TRAIN, the gradients of the loss by variable name; in PREDICT, the predictions.
      random: The random ops that `values` depend on; in TRAIN also the train_op's random ops.
      optimizer_state: In TRAIN, the names of the variables that only the optimizer needs: see
        `model_state`.
    """

    values: Nest
    random: tuple[random_ops.RandomOp, ...]
    optimizer_state: frozenset[str] = frozenset()


class GraphRequirements(NamedTuple):
    """What an EVAL or PREDICT graph needs to run with trained weights.

    Attributes:
      random: The random ops that its results depend on.
      untrained: The names of its variables that a checkpoint of training has no value for.
      reads_input: Whether computing the results ends with the input.
    """

    random: tuple[random_ops.RandomOp, ...]
    untrained: tuple[str, ...]
    reads_input: bool


class Reference:
    """A target under `estimator_compat.Estimator`, fed with batches that were read before.

    Args:
      target: The target, as `make_reproducible` returns it.
      batches: The batches of each mode.
      original: The target as it was given, for `train_again` in another order.

    Attributes:
      target: See above.
      batches: See above.
    """

    def __init__(
        self, target: Target, batches: Mapping[str, Batches], original: Target | None = None
    ) -> None:
        self.target, self._original = target, original or target
        self.batches = batches
        self._trained: frozenset[str] = frozenset()
        self._estimator = self._new_estimator(target.model_fn, target.run_config)

    def _new_estimator(
        self, model_fn: ModelFn, config: estimator_compat.RunConfig
    ) -> estimator_compat.Estimator:
        # If the model_fn takes no params, an Estimator refuses all params, even an empty dict.
        params = self.target.params or None
        return estimator_compat.Estimator(model_fn, params=params, config=config)

    def input_fn(self, mode: str) -> Callable[[], Dataset]:
        """Returns an input_fn of the batches that leaves the seeds of later ops unchanged."""
        return self.batches[mode].input_fn(lambda: self.target.call_input_fn(mode))

    def train(
        self, progress: Progress, hooks: Sequence[Hook] = (), *, weights: Values | None = None
    ) -> TrainingRecord:
        """Trains one step on each batch.

        Args:
          progress: Is called after each step.
          hooks: More hooks of the training.
          weights: Values that the variables get before training; None for their initial values.
        """
        record = self._train(self._estimator, progress, hooks, weights=weights)
        self._trained = frozenset(record.final)
        return record

    def train_on(self, steps: int) -> list[np.ndarray]:
        """Trains the Estimator of `train` again on the first batches; returns the losses."""
        hook = recorder.TrainingRecorder(steps, lambda _: None)
        self._estimator.train(self.input_fn(ModeKeys.TRAIN), hooks=[hook], steps=steps)
        return hook.losses

    def train_perturbed(
        self, record: TrainingRecord, progress: Progress, seed: int = 1
    ) -> TrainingRecord:
        """Trains a new Estimator, from weights that are one unit in the last place away.

        Args:
          record: The first training, whose initial weights are perturbed.
          progress: Is called after each step.
          seed: Decides which weights become larger, and which smaller.
        """
        weights = rounding.perturb(record.initial, record.trainable, seed)
        return self.train_again(f"perturbed_{seed}", record, progress, weights=weights)

    def train_again(
        self,
        name: str,
        record: TrainingRecord,
        progress: Progress,
        *,
        weights: Values | None = None,
        disturbance: recorder.Disturbance | None = None,
        order: Order | None = None,
    ) -> TrainingRecord:
        """Trains a new Estimator on the same batches.

        Args:
          name: Is part of the name of the model_dir.
          record: The first training; `first` is read after the same step.
          progress: Is called after each step.
          weights: Values that the variables get before training; None for their initial values.
          disturbance: Changes the variables after each step; None changes nothing.
          order: Orders the operations of the training graph; None as in the first training.
        """
        # Each training has a folder of its own: it would go on from another one's checkpoint.
        model_dir = tempfile.mkdtemp(prefix=f"{self.target.run_config.model_dir}_{name}_")
        target = make_reproducible(self._original, model_dir, order) if order else self.target
        config = self.target.run_config.replace(model_dir=model_dir)
        estimator = self._new_estimator(target.model_fn, config)
        return self._train(
            estimator,
            progress,
            weights=weights,
            disturbance=disturbance,
            first_step=record.first_step,
        )

    def _train(
        self,
        estimator: estimator_compat.Estimator,
        progress: Progress,
        hooks: Sequence[Hook] = (),
        **recorded: Any,
    ) -> TrainingRecord:
        steps = len(self.batches[ModeKeys.TRAIN].values)
        hook = recorder.TrainingRecorder(steps, progress, **recorded)
        estimator.train(self.input_fn(ModeKeys.TRAIN), hooks=[hook, *hooks], steps=steps)
        return TrainingRecord(
            initial=hook.initial,
            first=hook.first,
            final=hook.final,
            trainable=frozenset(hook.trainable),
            losses=hook.losses,
            first_step=hook.first_step,
            restored=hook.restored,
        )

    def evaluate(self, *, to_the_end: bool = False) -> dict[str, Any]:
        """Returns the metrics of the weights that `train` saved.

        Args:
          to_the_end: Whether the end of the input ends the evaluation, as for a program that gives
            no number of steps. Ops that need no input then run once more. Otherwise the number of
            batches ends it.
        """
        steps = None if to_the_end else len(self.batches[ModeKeys.EVAL].values)
        metrics: dict[str, Any] = self._estimator.evaluate(
            self.input_fn(ModeKeys.EVAL), steps=steps
        )
        return metrics

    def predict(self) -> list[Nest]:
        """Returns the predictions for each batch, with the weights that `train` saved."""
        predictions = self._estimator.predict(
            self.input_fn(ModeKeys.PREDICT), yield_single_examples=False
        )
        return list(itertools.islice(predictions, len(self.batches[ModeKeys.PREDICT].values)))

    def graph_requirements(self, mode: str) -> GraphRequirements:
        """Builds the graph of EVAL or PREDICT and returns its requirements; call it after `train`.

        Args:
          mode: `ModeKeys.EVAL` or `ModeKeys.PREDICT`.
        """
        built = self._build(mode)
        spec = built.spec
        results = (spec.loss, spec.eval_metric_ops) if mode == ModeKeys.EVAL else spec.predictions
        with built.graph.as_default():
            names = {v.op.name for v in tf1.global_variables()}
        ends = tf.nest.flatten(results, expand_composites=True)
        inputs = tf.nest.flatten(built.batch.element, expand_composites=True)
        running = graph_traversal.ancestors(ends, control_inputs=True)
        return GraphRequirements(
            random=random_ops.find(built.graph, ends),
            reads_input=not {tensor.op for tensor in inputs}.isdisjoint(running),
            # A Saver that the model_fn made decides itself which variables it restores.
            untrained=() if spec.scaffold.saver else tuple(sorted(names - self._trained)),
        )

    def forward(self, mode: str, weights: Values, hooks: Sequence[Hook] = ()) -> ForwardPass:
        """Builds a graph and computes it for the first batch with given weights.

        Args:
          mode: `ModeKeys.TRAIN` for the gradients of the loss, or `ModeKeys.PREDICT` for the
            predictions.
          weights: Values for the graph's variables; other variables have their initial values.
          hooks: More hooks of the session.
        """
        built = self._build(mode)
        with built.graph.as_default():
            spec = built.spec
            if mode == ModeKeys.TRAIN:
                # The loss is fetched, too: without a variable there are no gradients, and a
                # session must have something to fetch.
                fetches = (loss_gradients(spec.loss), spec.loss)
                random = random_ops.find(built.graph, [spec.loss, spec.train_op])
                optimizer = model_state.optimizer_state(built.graph, spec.loss, spec.train_op)
            else:
                optimizer = frozenset()
                fetches = (spec.predictions, ())
                tensors = tf.nest.flatten(spec.predictions, expand_composites=True)
                random = random_ops.find(built.graph, tensors)
            values, _ = self._first_batch(built, fetches, weights, hooks)
            return ForwardPass(values=values, random=random, optimizer_state=optimizer)

    def step_facts(self, weights: Values) -> step_facts.StepFacts:
        """Returns facts of a training step, with losses of the first batch for given weights."""
        built = self._build(ModeKeys.TRAIN)
        with built.graph.as_default():
            fetches = step_facts.fetches(built)
            values, _ = self._first_batch(built, (fetches, built.spec.loss), weights)
        return step_facts.facts(built, values)

    def _build(self, mode: str) -> Built:
        return build(dataclasses.replace(self.target, input_fns=self.input_fn(mode)), mode)

    def _first_batch(
        self, built: Built, fetches: Nest, weights: Values, hooks: Sequence[Hook] = ()
    ) -> Nest:
        """Computes tensors of the default graph for the first batch."""
        [values] = sessions.batches(
            fetches,
            scaffold=tf1.train.Scaffold(
                copy_from_scaffold=built.spec.scaffold, init_fn=_init_fn(weights)
            ),
            hooks=[*built.inputs.hooks, *hooks],
            config=self._estimator.config,
            checkpoint=None,
            limit=1,
        )
        return values


def _init_fn(weights: Values) -> Callable[[Any, Session], None]:
    """Returns a Scaffold's `init_fn` that loads values into the default graph's variables."""
    return lambda _, session: recorder.load(weights, session)


def make_reproducible(
    target: Target, model_dir: str, order: Order = determinism.make_deterministic
) -> Target:
    """Returns a target that draws the same random numbers each time its model_fn is called.

    A RunConfig without a seed gets one. NumPy's generator has the same state at each call of the
    model_fn, because initial values are often drawn from it. Ops that would race in the graph are
    put in order. A TPUEstimatorSpec becomes the EstimatorSpec of a CPU.

    Args:
      target: The target.
      model_dir: The model_dir of the returned target.
      order: Puts the ops of a training step in order.
    """
    config = target.run_config.replace(model_dir=model_dir)
    if config.tf_random_seed is None:
        config = config.replace(tf_random_seed=1)
    if not (config.save_checkpoints_steps or config.save_checkpoints_secs):
        config = config.replace(save_checkpoints_secs=600)  # evaluation needs the last one

    @functools.wraps(target.model_fn)
    def model_fn(*args: Any, **kwargs: Any) -> Any:
        state = np.random.get_state()
        np.random.seed(config.tf_random_seed % 2**32)
        try:
            returned = target.model_fn(*args, **kwargs)
        finally:
            np.random.set_state(state)
        spec = user_functions.as_estimator_spec(returned)
        if hasattr(spec, "train_op"):
            order(tf1.get_default_graph(), [spec.loss, spec.train_op])
        return spec

    return dataclasses.replace(target, model_fn=model_fn, config=config)
