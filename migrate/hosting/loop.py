"""`host`: a model_fn inside a TF2 custom training loop."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.config import RunConfig
from migrate.hosting.graphs import HostedGraph
from migrate.hosting.replicas import ReplicatedGraph, Replication
from migrate.targets import InputFn, Target

TRAIN, EVAL, PREDICT = "train", "eval", "infer"


class CustomLoop:
    """A model_fn's training, evaluation and prediction, with shared `tf.Variable`s.

    Attributes:
      target: What is hosted.
      variables: The variables by their legacy names.
    """

    def __init__(self, target: Target, replication: Replication | None = None) -> None:
        config = target.config or RunConfig(tf_random_seed=1)
        self.target = dataclasses.replace(target, config=config)
        self.variables: dict[str, tf.Variable] = {}
        self._replication = replication
        self._graphs: dict[str, HostedGraph] = {}
        self._functions: dict[str, Any] = {}

    @property
    def global_step(self) -> int:
        return int(self.variables["global_step"])

    def graph(self, mode: str) -> HostedGraph:
        """The graph of a mode, which is built when it is first asked for."""
        if mode not in self._graphs:
            self._graphs[mode] = graph = self._build(mode)
            graph.initialize(graph.created)
        return self._graphs[mode]

    def _build(self, mode: str) -> HostedGraph:
        if mode == TRAIN and self._replication is not None:
            return ReplicatedGraph(self.target, self.variables, self._replication)
        return HostedGraph(self.target, mode, self.variables)

    def train_step(self, features: Any, labels: Any = None) -> tf.Tensor:
        """Trains on one batch; returns its loss."""
        element = features if labels is None else (features, labels)
        if "step" not in self._functions:
            spec = self.graph(TRAIN).spec
            self._functions["step"] = self.graph(TRAIN).function([spec.loss, spec.train_op])
        loss = self._functions["step"](element)[0]
        self.graph(TRAIN).gather()
        return loss

    def train(self, dataset: Any, steps: int, *, steps_per_loop: int = 100) -> np.ndarray:
        """Trains; returns the loss of each step, float32 of shape `[steps]`."""
        loop = self._loop()
        batches = iter(self.graph(TRAIN).elements(dataset))
        losses = []
        while steps > 0:
            count = min(steps, steps_per_loop)
            losses.append(loop(batches, tf.constant(count)).numpy())
            steps -= count
        self.graph(TRAIN).gather()
        return np.concatenate(losses)

    def _loop(self) -> Any:
        if "loop" not in self._functions:
            spec = self.graph(TRAIN).spec
            step = self.graph(TRAIN).function([spec.loss, spec.train_op])

            @tf.function(reduce_retracing=True)
            def loop(batches: Any, count: Any) -> Any:
                losses = tf.TensorArray(spec.loss.dtype, count)
                for index in tf.range(count):
                    losses = losses.write(index, step(next(batches))[0])
                return losses.stack()

            self._functions["loop"] = loop
        return self._functions["loop"]

    def evaluate(self, dataset: Any, steps: int | None = None) -> dict[str, Any]:
        """Evaluates; returns what an Estimator returns."""
        graph = self.graph(EVAL)
        if "eval" not in self._functions:
            updates = [update for _, update in graph.metrics.values()]
            values = {name: value for name, (value, _) in graph.metrics.items()}
            self._functions["eval"] = graph.function(updates)
            self._functions["values"] = graph.between([], values)
        graph.initialize(graph.local)
        for element in itertools.islice(dataset, steps):
            self._functions["eval"](element)
        values = {name: value.numpy() for name, value in self._functions["values"]().items()}
        return {**values, "global_step": self.global_step}

    def predict(self, dataset: Any) -> Iterator[Any]:
        """Yields the predictions for each batch."""
        graph = self.graph(PREDICT)
        run = graph.function(graph.spec.predictions)
        for element in dataset:
            yield tf.nest.map_structure(lambda t: t.numpy(), run(element))


def host(
    model_fn: Callable[..., Any],
    *,
    input_fn: Mapping[str, InputFn] | InputFn,
    params: Any = None,
    config: Any = None,
    strategy: tf.distribute.Strategy | None = None,
    global_mean: bool = False,
    split: bool = True,
) -> CustomLoop:
    """Hosts a model_fn in a custom loop.

    Args:
      model_fn: As for an Estimator, unedited.
      input_fn: One for all modes, or a mapping of `ModeKeys` values to theirs.
      params, config: As for an Estimator.
      strategy, global_mean, split: How to train on several replicas: see `Replication`.
    """
    replication = None
    if strategy is not None:
        replication = Replication(strategy=strategy, global_mean=global_mean, split=split)
    target = Target(model_fn=model_fn, input_fns=input_fn, params=params, config=config)
    return CustomLoop(target, replication)
