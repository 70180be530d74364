"""Trains with SessionRunHooks: a step is a call of its own where a hook is due."""

from collections.abc import Callable

import numpy as np
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import shared_draws
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.hooks import kinds
from migrate.hosting.hooks.calls import HookCalls
from migrate.hosting.training_log import TrainingLog


class HookedTraining:
    """Trains with hooks, with logs, summaries and checkpoints between their calls.

    The order is an Estimator's: the checkpoint, the chief's hooks and the caller's hooks, the check
    for a NaN loss and the log, the `training_hooks` of the model_fn.

    Args:
      calls: Calls the hooks.
      built: The TRAIN graph.
      log: Logs, summarizes and saves.
      global_step: Returns the global step.
      next_stop: Takes the global step. Returns the one at which the loop returns to Python without
        hooks; None while it is not known that each step adds 1 to the global step.
      advance: Trains from a global step to another one in one call; returns the losses.
      made: Takes the global steps before and after a single step.
    """

    def __init__(
        self,
        calls: HookCalls,
        built: BuiltGraph,
        log: TrainingLog,
        *,
        global_step: Callable[[], int],
        next_stop: Callable[[int], int | None],
        advance: Callable[[int, int], np.ndarray],
        made: Callable[[int, int], None],
    ) -> None:
        self._calls, self._built, self._log = calls, built, log
        self._global_step, self._next_stop = global_step, next_stop
        self._advance, self._made = advance, made
        own = set(map(id, built.spec.training_hooks))
        self._last_hooks = [hook for hook in calls.hooks if id(hook) in own]
        self._first_hooks = [hook for hook in calls.hooks if id(hook) not in own]
        self._losses: list[np.ndarray] = []
        self._is_stepwise = self._must_be_stepwise()

    def _must_be_stepwise(self) -> bool:
        """Returns whether each step is a call of its own, and logs why."""
        hooks = self._calls.at_each_step
        if hooks:
            tf1.logging.info(
                "Each training step is one call (steps_per_loop=1), because of hooks that may act "
                "at each step: %s.",
                kinds.names(hooks),
            )
            return True
        ends = [self._built.spec.loss, self._built.train_op]
        unshared = shared_draws.unshared(self._built.graph, ends)
        if unshared:
            tf1.logging.info(
                "Each training step is one call (steps_per_loop=1), because of hooks and of "
                "random ops whose sequence two functions cannot share: %s.",
                ", ".join(map(str, unshared)),
            )
        return bool(unshared)

    def train(self, end: int) -> list[np.ndarray]:
        """Trains to a global step, the end of the input, or a hook's request to stop.

        Returns:
          The losses of the steps, in parts.
        """
        with self._calls:
            while (step := self._global_step()) < end and not self._calls.should_stop:
                count = self._steps_without_hooks(step)
                if not count:
                    self._hooked_step(step)
                    continue
                losses = self._advance(step, step + count)
                self._losses.append(losses)
                if len(losses) < count:
                    break
                self._calls.skip(count, step + count)
        return self._losses

    def _steps_without_hooks(self, step: int) -> int:
        stop = None if self._is_stepwise else self._next_stop(step)
        return 0 if stop is None else self._calls.steps_without_hooks(step, stop - step)

    def _hooked_step(self, step: int) -> None:
        built = self._built
        is_summarized = self._log.wants_summaries(step, step + 1)
        summaries = list(built.summaries) if is_summarized else []
        run = self._calls.run((built.train_op, built.spec.loss, summaries))
        _, loss, serialized = run.results
        now = self._global_step()
        self._made(step, now)
        self._losses.append(np.reshape(loss, [1]))
        self._log.save(now)
        run.after_run(self._first_hooks)
        if np.isnan(loss):
            raise tf1.train.NanLossDuringTrainingError
        self._log.write(now, loss, serialized)
        run.after_run(self._last_hooks)
