"""The run that a subject is compared with: `estimator_compat.Estimator`, in its own sessions.

What an Estimator does not show (its initial weights, the loss of each step, gradients) is read by a
hook, or by a session of its own on the same graph with the same weights.
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
from migrate.hosting.graph import determinism, random_ops
from migrate.targets import Target, build
from migrate.verifying import rounding
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients

Values = dict[str, np.ndarray]
Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training showed.

    Attributes:
      initial, first, final: The variables by name: before, after one step, after all.
      trainable: The names of the trainable ones.
      losses: The loss of each step.
    """

    initial: Values
    first: Values
    final: Values
    trainable: frozenset[str]
    losses: list[np.ndarray]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What one graph computed for its first batch, from given weights.

    Attributes:
      values: Of the fetches.
      random: The random ops that they and the training op depend on.
    """

    values: Any
    random: tuple[random_ops.RandomOp, ...]


class About(NamedTuple):
    """What a mode's graph is, where it has to run with trained weights.

    Attributes:
      random: The random ops that its results depend on.
      untrained: The variables that no checkpoint of training has a value for.
    """

    random: tuple[random_ops.RandomOp, ...]
    untrained: tuple[str, ...]


class Reference:
    """The Run rung of a target, fed with materialized batches.

    Attributes:
      target: The target, `aligned`.
      batches: The batches of each mode.
    """

    def __init__(self, target: Target, batches: Mapping[str, Batches]) -> None:
        self.target = target
        self.batches = batches
        self._trained: frozenset[str] = frozenset()
        self._estimator = self._new_estimator(target.run_config)

    def _new_estimator(self, config: Any) -> estimator_compat.Estimator:
        # An Estimator refuses params, also an empty dict, for a model_fn that takes none.
        params = self.target.params or None
        return estimator_compat.Estimator(self.target.model_fn, params=params, config=config)

    def input_fn(self, mode: str) -> Callable[[], tf.data.Dataset]:
        """An input_fn of the batches, which draws the graph's seeds as the target's own does."""
        return self.batches[mode].input_fn(lambda: self.target.call_input_fn(mode))

    def train(self, progress: Progress) -> Trained:
        """Trains one step for each batch."""
        found = self._train(self._estimator, progress)
        self._trained = frozenset(found.final)
        return found

    def train_moved(self, trained: Trained, progress: Progress) -> Trained:
        """Trains again, from weights that are one unit in the last place away."""
        config = self.target.run_config
        elsewhere = self._new_estimator(config.replace(model_dir=f"{config.model_dir}_moved"))
        return self._train(elsewhere, progress, rounding.moved(trained.initial, trained.trainable))

    def _train(self, run: Any, progress: Progress, weights: Values | None = None) -> Trained:
        steps = len(self.batches[ModeKeys.TRAIN].values)
        watch = _Watch(steps, progress, weights or {})
        run.train(self.input_fn(ModeKeys.TRAIN), hooks=[watch], steps=steps)
        return Trained(
            initial=watch.initial,
            first=watch.first,
            final=watch.final,
            trainable=frozenset(watch.trainable),
            losses=watch.losses,
        )

    def evaluate(self) -> dict[str, Any]:
        """Evaluates what `train` left."""
        # The count ends it where the graph does not depend on its input, and would go on for ever.
        return self._estimator.evaluate(
            self.input_fn(ModeKeys.EVAL), steps=len(self.batches[ModeKeys.EVAL].values)
        )

    def predict(self) -> list[Any]:
        """Predicts, with what `train` left, each batch."""
        rows = self._estimator.predict(self.input_fn(ModeKeys.PREDICT), yield_single_examples=False)
        return list(itertools.islice(rows, len(self.batches[ModeKeys.PREDICT].values)))

    def about(self, mode: str) -> About:
        """Looks at the graph of EVAL or PREDICT; after `train`."""
        built = build(dataclasses.replace(self.target, input_fns=self.input_fn(mode)), mode)
        spec = built.spec
        ends = (spec.loss, spec.eval_metric_ops) if mode == ModeKeys.EVAL else spec.predictions
        with built.graph.as_default():
            names = {v.op.name for v in tf1.global_variables()}
        return About(
            random=random_ops.find(built.graph, tf.nest.flatten(ends, expand_composites=True)),
            untrained=() if spec.scaffold.saver else tuple(sorted(names - self._trained)),
        )

    def forward(self, mode: str, weights: Values) -> Forward:
        """Computes what the first batch gives from given weights.

        Returns:
          In TRAIN, the gradients of the loss by variable; in PREDICT the predictions.
        """
        replayed = dataclasses.replace(self.target, input_fns=self.input_fn(mode))
        built = build(replayed, mode)
        with built.graph.as_default():
            spec = built.spec
            if mode == ModeKeys.TRAIN:
                # A model without a variable has no gradients, and a session must compute something.
                fetches = (loss_gradients(spec.loss), spec.loss)
                found = random_ops.find(built.graph, [spec.loss, spec.train_op])
            else:
                fetches = (spec.predictions, ())
                ends = tf.nest.flatten(spec.predictions, expand_composites=True)
                found = random_ops.find(built.graph, ends)
            scaffold = tf1.train.Scaffold(copy_from_scaffold=spec.scaffold, init_fn=_giver(weights))
            rows = sessions.batches(
                fetches,
                scaffold=scaffold,
                hooks=built.inputs.hooks,
                config=self._estimator.config,
                checkpoint=None,
                limit=1,
            )
            [(values, _)] = rows
            return Forward(values=values, random=found)


def _giver(weights: Values) -> Callable[[Any, Any], None]:
    """An `init_fn` that gives the default graph's variables their values."""

    def give(_: Any, session: Any) -> None:
        for variable in tf1.global_variables():
            if variable.op.name in weights:
                variable.load(weights[variable.op.name], session)

    return give


class _Watch(tf1.train.SessionRunHook):
    """Reads the loss of every step, and the variables before, after the first, and at the end.

    Before, it gives the variables that it has `weights` for these values.
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

    def after_create_session(self, session: Any, coord: Any) -> None:
        _giver(self._weights)(None, session)
        self.initial = session.run(self._reads)

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(np.asarray(run_values.results))
        if len(self.losses) == 1:
            self.first = run_context.session.run(self._reads)
        self._progress(f"run: step {len(self.losses)} of {self._steps}")

    def end(self, session: Any) -> None:
        self.final = session.run(self._reads)


def aligned(target: Target, model_dir: str) -> Target:
    """A target whose random numbers can be drawn again, by the graph's ops and by NumPy.

    A RunConfig without a seed gets one; the model_fn is called with NumPy's generator at the same
    state each time, since initial values are often drawn from it; its races are settled. A
    TPUEstimatorSpec becomes the EstimatorSpec of a CPU.
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
