"""The reference of a verification: the model_fn under `estimator_compat.Estimator`.

An Estimator does not return its initial weights, the loss of each step, or gradients. A hook reads
the weights and losses. A separate session on a graph of the same model_fn, with the same weights,
computes the gradients.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import sessions, user_functions
from estimator_compat.type_aliases import Dataset, Hook, Nest, Session
from migrate.hosting.graph import determinism, random_ops
from migrate.targets import Target, build
from migrate.verifying import rounding
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients

Values = dict[str, np.ndarray]  # variable name to value
Progress = Callable[[str], None]  # takes a line of text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """The variables and losses of one training.

    Attributes:
      initial: The variables before training.
      first: The variables after the first step.
      final: The variables after the last step.
      trainable: The names of the trainable variables.
      losses: The loss of each step.
    """

    initial: Values
    first: Values
    final: Values
    trainable: frozenset[str]
    losses: list[np.ndarray]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPass:
    """What a graph computed for its first batch, with given weights.

    Attributes:
      values: In TRAIN, the gradients of the loss by variable name; in PREDICT, the predictions.
      random: The random ops that `values` depend on; in TRAIN also the train_op's random ops.
    """

    values: Nest
    random: tuple[random_ops.RandomOp, ...]


class GraphRequirements(NamedTuple):
    """What an EVAL or PREDICT graph needs to run with trained weights.

    Attributes:
      random: The random ops that its results depend on.
      untrained: The names of its variables that a checkpoint of training has no value for.
    """

    random: tuple[random_ops.RandomOp, ...]
    untrained: tuple[str, ...]


class Reference:
    """A target under `estimator_compat.Estimator`, fed with batches that were read before.

    Attributes:
      target: The target, as `make_reproducible` returns it.
      batches: The batches of each mode.
    """

    def __init__(self, target: Target, batches: Mapping[str, Batches]) -> None:
        self.target = target
        self.batches = batches
        self._trained: frozenset[str] = frozenset()
        self._estimator = self._new_estimator(target.run_config)

    def _new_estimator(self, config: estimator_compat.RunConfig) -> estimator_compat.Estimator:
        # If the model_fn takes no params, an Estimator refuses all params, even an empty dict.
        params = self.target.params or None
        return estimator_compat.Estimator(self.target.model_fn, params=params, config=config)

    def input_fn(self, mode: str) -> Callable[[], Dataset]:
        """Returns an input_fn of the batches that leaves the seeds of later ops unchanged."""
        return self.batches[mode].input_fn(lambda: self.target.call_input_fn(mode))

    def train(self, progress: Progress, hooks: Sequence[Hook] = ()) -> TrainingRecord:
        """Trains one step on each batch.

        Args:
          progress: Is called after each step.
          hooks: More hooks of the training.
        """
        record = self._train(self._estimator, progress, hooks=hooks)
        self._trained = frozenset(record.final)
        return record

    def train_perturbed(self, record: TrainingRecord, progress: Progress) -> TrainingRecord:
        """Trains a new Estimator, from weights that are one unit in the last place away.

        Args:
          record: The first training, whose initial weights are perturbed.
          progress: Is called after each step.
        """
        config = self.target.run_config
        config = config.replace(model_dir=f"{config.model_dir}_perturbed")
        weights = rounding.perturb(record.initial, record.trainable)
        return self._train(self._new_estimator(config), progress, weights)

    def _train(
        self,
        estimator: estimator_compat.Estimator,
        progress: Progress,
        weights: Values | None = None,
        hooks: Sequence[Hook] = (),
    ) -> TrainingRecord:
        steps = len(self.batches[ModeKeys.TRAIN].values)
        recorder = _TrainingRecorder(steps, progress, weights or {})
        estimator.train(self.input_fn(ModeKeys.TRAIN), hooks=[recorder, *hooks], steps=steps)
        return TrainingRecord(
            initial=recorder.initial,
            first=recorder.first,
            final=recorder.final,
            trainable=frozenset(recorder.trainable),
            losses=recorder.losses,
        )

    def evaluate(self) -> dict[str, Any]:
        """Returns the metrics of the weights that `train` saved."""
        # If the graph does not use its input, the end of the input does not end the evaluation, but
        # `steps` does.
        metrics: dict[str, Any] = self._estimator.evaluate(
            self.input_fn(ModeKeys.EVAL), steps=len(self.batches[ModeKeys.EVAL].values)
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
        built = build(dataclasses.replace(self.target, input_fns=self.input_fn(mode)), mode)
        spec = built.spec
        results = (spec.loss, spec.eval_metric_ops) if mode == ModeKeys.EVAL else spec.predictions
        with built.graph.as_default():
            names = {v.op.name for v in tf1.global_variables()}
        return GraphRequirements(
            random=random_ops.find(built.graph, tf.nest.flatten(results, expand_composites=True)),
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
        built = build(dataclasses.replace(self.target, input_fns=self.input_fn(mode)), mode)
        with built.graph.as_default():
            spec = built.spec
            if mode == ModeKeys.TRAIN:
                # The loss is fetched, too: without a variable there are no gradients, and a
                # session must have something to fetch.
                fetches = (loss_gradients(spec.loss), spec.loss)
                random = random_ops.find(built.graph, [spec.loss, spec.train_op])
            else:
                fetches = (spec.predictions, ())
                tensors = tf.nest.flatten(spec.predictions, expand_composites=True)
                random = random_ops.find(built.graph, tensors)
            [(values, _)] = sessions.batches(
                fetches,
                scaffold=tf1.train.Scaffold(
                    copy_from_scaffold=spec.scaffold, init_fn=_init_fn(weights)
                ),
                hooks=[*built.inputs.hooks, *hooks],
                config=self._estimator.config,
                checkpoint=None,
                limit=1,
            )
            return ForwardPass(values=values, random=random)


def _init_fn(weights: Values) -> Callable[[Any, Session], None]:
    """Returns a Scaffold's `init_fn` that loads values into the default graph's variables."""

    def load(_: Any, session: Session) -> None:
        for variable in tf1.global_variables():
            if variable.op.name in weights:
                variable.load(weights[variable.op.name], session)

    return load


class _TrainingRecorder(tf1.train.SessionRunHook):
    """Records the loss of each step, and the variables before, after the first and the last step.

    Args:
      steps: The number of steps, for the progress.
      progress: Is called after each step.
      weights: Values that the variables get before training; other variables keep theirs.
    """

    def __init__(self, steps: int, progress: Progress, weights: Values) -> None:
        self._steps = steps
        self._weights = weights
        self._progress = progress
        self.initial: Values = {}
        self.first: Values = {}
        self.final: Values = {}
        self.trainable: Sequence[str] = ()
        self.losses: list[np.ndarray] = []

    def begin(self) -> None:
        self._variables = {v.op.name: v for v in tf1.global_variables()}
        self._reads = {name: v.read_value() for name, v in self._variables.items()}
        self.trainable = [v.op.name for v in tf1.trainable_variables()]
        # The Estimator adds the model_fn's loss to this collection, last.
        self._loss = tf1.get_collection(tf1.GraphKeys.LOSSES)[-1]

    def after_create_session(self, session: Session, coord: Any) -> None:
        del coord
        _init_fn(self._weights)(None, session)
        self.initial = session.run(self._reads)

    def before_run(self, run_context: Any) -> Any:
        del run_context
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(np.asarray(run_values.results))
        if len(self.losses) == 1:
            self.first = run_context.session.run(self._reads)
        self._progress(f"reference: step {len(self.losses)} of {self._steps}")

    def end(self, session: Session) -> None:
        self.final = session.run(self._reads)


def make_reproducible(target: Target, model_dir: str) -> Target:
    """Returns a target that draws the same random numbers each time its model_fn is called.

    A RunConfig without a seed gets one. NumPy's generator has the same state at each call of the
    model_fn, because initial values are often drawn from it. Ops that would race in the graph are
    put in order: see `determinism`. A TPUEstimatorSpec becomes the EstimatorSpec of a CPU.

    Args:
      target: The target.
      model_dir: The model_dir of the returned target.
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
            determinism.make_deterministic(tf1.get_default_graph(), [spec.loss, spec.train_op])
        return spec

    return dataclasses.replace(target, model_fn=model_fn, config=config)
