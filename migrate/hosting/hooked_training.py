"""Trains with SessionRunHooks: a step is a call of its own where a hook is due."""

import numpy as np
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import shared_draws
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.hooks import kinds
from migrate.hosting.hooks.calls import HookCalls
from migrate.hosting.schedule import StepCounting
from migrate.hosting.training import Training
from migrate.hosting.training_log import TrainingLog


class HookedTraining:
    """Trains with hooks, with logs, summaries and checkpoints between their calls.

    The order is an Estimator's: the checkpoint, the chief's hooks and the caller's hooks, the check
    for a NaN loss and the log, the `training_hooks` of the model_fn.

    Args:
      calls: Calls the hooks.
      built: The TRAIN graph.
      log: Logs, summarizes and saves.
      training: Makes the steps at which no hook is due.
    """

    def __init__(
        self, calls: HookCalls, built: BuiltGraph, log: TrainingLog, training: Training
    ) -> None:
        self._calls, self._built, self._log, self._training = calls, built, log, training
        own = set(map(id, built.spec.training_hooks))
        self._last_hooks = [hook for hook in calls.hooks if id(hook) in own]
        self._first_hooks = [hook for hook in calls.hooks if id(hook) not in own]
        self._is_stepwise = self._must_be_stepwise()

    def _must_be_stepwise(self) -> bool:
        """Returns whether each step is a call of its own, and logs why."""
        hooks = self._calls.at_each_step
        ends = [self._built.spec.loss, self._built.train_op]
        unshared = shared_draws.unshared(self._built.graph, ends)
        if unshared:
            tf1.logging.warning(
                "Each training step is one call (steps_per_loop=1), because of hooks and of random "
                "ops that keep their place in the sequence of their numbers in a function: %s. "
                "They begin their sequence again when the hooks first fetch other tensors.",
                ", ".join(map(str, unshared)),
            )
        elif hooks:
            tf1.logging.info(
                "Each training step is one call (steps_per_loop=1), because of hooks that may act "
                "at each step: %s.",
                kinds.names(hooks),
            )
        return bool(unshared or hooks)

    def train(self) -> None:
        """Trains to the last step, the end of the input, or a hook's request to stop."""
        training = self._training
        with self._calls:
            while not (training.is_done or self._calls.should_stop):
                step = training.step
                count = self._steps_without_hooks(step)
                if not count:
                    self._hooked_step(step)
                    continue
                if not training.advance(count):
                    break
                self._calls.skip(count, step + count)

    def _steps_without_hooks(self, step: int) -> int:
        if self._is_stepwise or self._training.counting is not StepCounting.ONE:
            return 0
        return self._calls.steps_without_hooks(step, self._training.longest())

    def _hooked_step(self, step: int) -> None:
        built = self._built
        is_summarized = self._log.wants_summaries(step, 1)
        summaries = list(built.summaries) if is_summarized else []
        run = self._calls.run((built.train_op, built.spec.loss, summaries))
        _, loss, serialized = run.results
        made = self._training.made(step, np.reshape(loss, [1]), serialized)
        run.after_run(self._first_hooks)
        self._log.report(made)
        run.after_run(self._last_hooks)
