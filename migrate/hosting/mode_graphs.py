"""`ModeGraphs`: the graphs of a loop, one for each mode, with the hooks that run in them."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import checkpoint_files, training_hooks
from estimator_compat.type_aliases import Hook
from migrate.hosting import unsupported
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.hosting.graph.variables import Variables
from migrate.hosting.hooks import building, kinds
from migrate.hosting.hooks.choice import HookChoice
from migrate.hosting.inputs.inputs import Inputs
from migrate.hosting.replicas.replicated_graph import (
    Replication,
    build_for_replicas,
    host_on_replicas,
)
from migrate.targets import Target


class ModeGraphs:
    """Builds the graph of a mode when it is first needed, and again for each call with hooks.

    An Estimator built a new graph for each call. Hooks depend on that: a hook counts from its
    `begin`, and may add operations there.

    Args:
      target: The model_fn, its inputs, params and config.
      variables: The variables that all modes share; those of a new graph are added.
      inputs: Gets the input that each graph is built with.
      replication: How the model_fn is trained on several replicas; None for one device.
      choice: Which hooks of the model_fn run.
      is_trained: Returns whether the variables are trained or restored. Until then, a TRAIN graph
        initializes all variables.
      discarded: Is called with a mode whose graph is replaced.
    """

    def __init__(
        self,
        target: Target,
        variables: Variables,
        inputs: Inputs,
        *,
        replication: Replication | None,
        choice: HookChoice,
        is_trained: Callable[[], bool],
        discarded: Callable[[str], None],
    ) -> None:
        self._target, self._variables, self._replication = target, variables, replication
        self._inputs = inputs
        self._choice, self._is_trained, self._discarded = choice, is_trained, discarded
        self._is_chief = replication is None or replication.is_chief
        self._graphs: dict[str, HostedGraph] = {}
        self._unused: set[str] = set()  # modes whose hooks have begun, and have not run yet

    def get(self, mode: str, given: Sequence[Hook] = (), eval_dir: str = "") -> HostedGraph:
        """Returns the graph of a mode, which is built when it is first needed.

        Args:
          mode: A `ModeKeys` value.
          given: The caller's hooks, if the graph is built.
          eval_dir: The folder of an evaluation's event files.

        Raises:
          ValueError: The model_fn needs a session; the message says for what. The graph is
            discarded, and so are its new variables.
        """
        if mode not in self._graphs:
            names_before = set(self._variables)
            try:
                self._graphs[mode] = self._build_and_initialize(mode, given, eval_dir)
            except BaseException:
                for name in self._variables.keys() - names_before:
                    del self._variables[name]
                raise
            self._unused.add(mode)
        return self._graphs[mode]

    def to_run(self, mode: str, hooks: Sequence[Hook] | None, eval_dir: str = "") -> HostedGraph:
        """Returns the graph of a mode for a call with hooks; a new one if its hooks have run.

        Args:
          mode: A `ModeKeys` value.
          hooks: The caller's hooks, or None.
          eval_dir: The folder of an evaluation's event files.

        Raises:
          TypeError: A hook is not a SessionRunHook.
          ValueError: See `get`.
        """
        given = training_hooks.check_hooks(hooks)
        existing = self._graphs.get(mode)
        if existing and (given or (existing.hooks and mode not in self._unused)):
            del self._graphs[mode]
            self._discarded(mode)
        graph = self.get(mode, given, eval_dir)
        self._unused.discard(mode)
        return graph

    def _build_and_initialize(self, mode: str, given: Sequence[Hook], eval_dir: str) -> HostedGraph:
        graph = self._build(mode, given, eval_dir)
        # Training begins with the initial values of the TRAIN graph, as under an Estimator, also if
        # another mode's graph has created the variables.
        is_new_training = mode == ModeKeys.TRAIN and not self._is_trained()
        graph.initialize(set(self._variables) if is_new_training else graph.created)
        return graph

    def _build(self, mode: str, given: Sequence[Hook], eval_dir: str) -> HostedGraph:
        if mode == ModeKeys.TRAIN and self._is_chief and self._target.run_config.model_dir:
            # The folder is checked before the model_fn is called, which may write there, too.
            checkpoint_files.check_writable(self._target.run_config.model_dir)
        if mode == ModeKeys.TRAIN and self._replication is not None:
            replicas = build_for_replicas(self._target, self._replication)
            spec = replicas.built.spec
            self._check(replicas.built, kinds.on_replicas(self._hooks(spec, mode, given)))
            return host_on_replicas(replicas, self._variables)
        refusals: list[str] = []

        def choose(spec: Any) -> Sequence[Hook]:
            hooks = self._hooks(spec, mode, given)
            if self._choice is not HookChoice.HOSTABLE:
                refusals.extend(kinds.refused(hooks))
            return [hook for hook in hooks if not kinds.refused([hook])]

        begun = building.build(self._target, mode, choose, eval_dir)
        self._check(begun.built, refusals)
        self._inputs.built(mode, begun.built.graph, begun.built.input_result)
        return host_on_one_device(begun.built, self._variables, begun.hooks, begun.count_batch)

    def _hooks(self, spec: Any, mode: str, given: Sequence[Hook]) -> list[Hook]:
        hooks = kinds.in_order(spec, mode, given, is_chief=self._is_chief)
        if self._choice is not HookChoice.NONE:
            return hooks
        left_out = [hook for hook in hooks if hook not in given]
        if left_out:
            tf1.logging.info(
                "ignore_hooks=True leaves out hooks of the model_fn: %s.", kinds.names(left_out)
            )
        return list(given)

    def _check(self, built: Any, refusals: Sequence[str]) -> None:
        unsupported.check_graph(built, refusals)
