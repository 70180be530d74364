"""The functions of a loop's modes; each is made when it is first used, since that takes long."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from estimator_compat.losses.summaries import LossHistogramHook
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.training_loop import Loop

# Takes a batch; returns a nest of tensors.
BatchFunction = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TrainFunctions:
    """What a TRAIN graph is asked for.

    Attributes:
      graph: The graph.
      jit_compile: Whether `loop` compiles a step by XLA.
    """

    graph: HostedGraph
    jit_compile: bool

    @functools.cached_property
    def forward(self) -> BatchFunction:
        """Computes the losses of a batch, by the names of `StepResult`, and trains nothing."""
        return self.graph.functions.function(self.graph.built.losses)

    @functools.cached_property
    def step(self) -> BatchFunction:
        """Trains on a batch; returns what the step tells, and None as "train_op"."""
        built = self.graph.built
        return self.graph.functions.function({**built.step_values, "train_op": built.train_op})

    @functools.cached_property
    def loop(self) -> Loop:
        """Trains on many batches."""
        return Loop(self.graph.functions, jit_compile=self.jit_compile)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _SessionFunction:
    """A function of a graph, whose random ops draw as in a session that has just begun."""

    graph: HostedGraph
    fetches: Any

    @functools.cached_property
    def _draws(self) -> bool:
        return self.graph.built.draws_for(self.fetches)

    @functools.cached_property
    def _kept(self) -> BatchFunction:
        return self._new()

    def _new(self) -> BatchFunction:
        return self.graph.functions.function(self.fetches)

    def begin(self) -> BatchFunction:
        """Returns the function; where it draws, a new one, which draws from the beginning."""
        return self._new() if self._draws else self._kept


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class EvalFunctions:
    """What an EVAL graph is asked for.

    Attributes:
      graph: The graph.
    """

    graph: HostedGraph

    @functools.cached_property
    def histogram_hooks(self) -> list[LossHistogramHook]:
        """The model_fn's hooks whose histograms the loop gathers itself."""
        hooks = self.graph.built.spec.evaluation_hooks
        return [hook for hook in hooks if isinstance(hook, LossHistogramHook)]

    @functools.cached_property
    def update(self) -> _SessionFunction:
        """Adds a batch to the metrics; returns the hooks' histograms of it, and the updates."""
        updates = [update for _, update in self.graph.built.metrics.values()]
        histograms = [hook.serialized for hook in self.histogram_hooks]
        return _SessionFunction(graph=self.graph, fetches=[histograms, updates])

    @functools.cached_property
    def values(self) -> Callable[[], dict[str, Any]]:
        """Computes the metrics' values, by their names."""
        values = {name: value for name, (value, _) in self.graph.built.metrics.items()}
        return self.graph.functions.between([], values)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PredictFunctions:
    """What a PREDICT graph is asked for.

    Attributes:
      graph: The graph.
    """

    graph: HostedGraph

    @functools.cached_property
    def predict(self) -> _SessionFunction:
        """Computes the predictions for a batch."""
        return _SessionFunction(graph=self.graph, fetches=self.graph.built.spec.predictions)
