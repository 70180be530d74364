"""The functions that a loop calls in each mode.

Each function is built when it is first used, because building one takes long.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import tensorflow as tf

from estimator_compat.losses.summaries import LossHistogramHook
from estimator_compat.type_aliases import Dataset, Nest, Tensor
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.hooks.calls import HookCalls
from migrate.hosting.training_loop import Loop

# Takes a batch; returns a nest of tensors.
BatchFunction = Callable[[Nest], Nest]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TrainFunctions:
    """The functions of a TRAIN graph.

    Attributes:
      graph: The TRAIN graph.
      jit_compile: Whether `loop` compiles a step by XLA.
    """

    graph: HostedGraph
    jit_compile: bool

    @functools.cached_property
    def forward(self) -> BatchFunction:
        """Computes the losses of a batch, by the names of `StepResult`, without training on it."""
        return self.graph.functions.function(self.graph.built.losses)

    @functools.cached_property
    def step(self) -> BatchFunction:
        """Trains on a batch.

        It returns the step's values by the names of `StepResult`, and None as "train_op".
        """
        built = self.graph.built
        return self.graph.functions.function({**built.step_values, "train_op": built.train_op})

    @functools.cached_property
    def _draws(self) -> bool:
        return self.graph.built.draws

    @functools.cached_property
    def _cached_loop(self) -> Loop:
        return self._build_loop()

    def _build_loop(self) -> Loop:
        return Loop(self.graph.functions, jit_compile=self.jit_compile)

    def begin_loop(self) -> Loop:
        """Returns what trains on many batches; a new `Loop` if the step draws random numbers.

        A new `Loop` has new random ops, whose sequences begin at their seeds, as in the new session
        of each `Estimator.train`.
        """
        return self._build_loop() if self._draws else self._cached_loop


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _SessionFunction:
    """A function whose random ops draw the same numbers as in a new session.

    Attributes:
      graph: The graph that the function computes.
      fetches: A nest of the tensors and operations that it computes.
    """

    graph: HostedGraph
    fetches: Nest

    @functools.cached_property
    def _draws(self) -> bool:
        return self.graph.built.draws_for(self.fetches)

    @functools.cached_property
    def _cached(self) -> BatchFunction:
        return self._build()

    def _build(self) -> BatchFunction:
        return self.graph.functions.function(self.fetches)

    def begin(self) -> BatchFunction:
        """Returns the function; a new one if it draws random numbers.

        A new function has new random ops, whose sequences begin at their seeds.
        """
        return self._build() if self._draws else self._cached


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class EvalFunctions:
    """The functions of an EVAL graph.

    Attributes:
      graph: The EVAL graph.
    """

    graph: HostedGraph

    @functools.cached_property
    def histogram_hooks(self) -> list[LossHistogramHook]:
        """The hooks of the model_fn whose histograms the loop adds up itself."""
        hooks = self.graph.built.spec.evaluation_hooks
        return [hook for hook in hooks if isinstance(hook, LossHistogramHook)]

    @functools.cached_property
    def update(self) -> _SessionFunction:
        """Adds a batch to the metrics; returns the batch's histograms and the update values."""
        updates = [update for _, update in self.graph.built.metrics.values()]
        histograms = [hook.serialized for hook in self.histogram_hooks]
        return _SessionFunction(graph=self.graph, fetches=[histograms, updates])

    def histograms(self, batches: Dataset, steps: int | None) -> Iterator[list[bytes]]:
        """Adds batches to the metrics; yields the serialized histograms of each batch.

        Args:
          batches: The batches.
          steps: The most batches; None for all.
        """
        if self.graph.hooks:
            yield from self._histograms_with_hooks(batches, steps)
            return
        update = self.update.begin()
        for element in itertools.islice(batches, steps):
            serialized, _ = update(element)
            yield [histogram.numpy() for histogram in serialized]

    def _histograms_with_hooks(self, batches: Dataset, steps: int | None) -> Iterator[list[bytes]]:
        count = 0
        with HookCalls(self.graph, iter(batches)) as calls:
            while (steps is None or count < steps) and not calls.should_stop:
                run = calls.run([*self.update.fetches, self.graph.count_batch])
                count += 1
                yield run.results[0]
                run.after_run(calls.hooks)

    @functools.cached_property
    def values(self) -> Callable[[], dict[str, Tensor]]:
        """Computes the metrics' values, by their names."""
        values = {name: value for name, (value, _) in self.graph.built.metrics.items()}
        return self.graph.functions.between([], values)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PredictFunctions:
    """The functions of a PREDICT graph.

    Attributes:
      graph: The PREDICT graph.
    """

    graph: HostedGraph

    @functools.cached_property
    def predict(self) -> _SessionFunction:
        """Computes the predictions for a batch."""
        return _SessionFunction(graph=self.graph, fetches=self.graph.built.spec.predictions)

    def predictions(
        self, batches: Dataset, values: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[Nest]:
        """Yields the predictions for each batch, as NumPy arrays.

        Args:
          batches: The batches.
          values: Returns the context in which the variables have the values of a checkpoint.
        """
        if self.graph.hooks:
            yield from self._predictions_with_hooks(batches, values)
            return
        predict = self.predict.begin()
        for element in batches:
            with values():
                predictions = predict(element)
            yield tf.nest.map_structure(lambda tensor: tensor.numpy(), predictions)

    def _predictions_with_hooks(
        self, batches: Dataset, values: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[Nest]:
        with HookCalls(self.graph, iter(batches)) as calls:
            while not calls.should_stop:
                with values():
                    run = calls.run(self.predict.fetches)
                    run.after_run(calls.hooks)
                yield run.results
