"""What can be verified: a hosted loop, or anything that has `variables` and `train_step`."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from estimator_compat.mode_keys import ModeKeys
from migrate.batch import Batch
from migrate.hosting import unsupported
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.loop import CustomLoop
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients
from migrate.verifying.reference import Progress, Values


class Subject(Protocol):
    """A training loop that `migrate.verify` can compare with a model_fn's run.

    Three more methods are used where it has them: `gradients(features, labels)`, a mapping of
    variable names to the gradients of the loss; `evaluate(dataset)`, a mapping of metric names to
    values; and `predict(dataset)`, which yields the predictions of one batch after another.
    """

    @property
    def variables(self) -> Mapping[str, Any]:
        """The `tf.Variable`s by their legacy names, as "dense/kernel".

        Those that the model trains are required; slots ("dense/kernel/Adam"), moving averages and
        `global_step` are compared where they are there. They are given the run's initial values.
        """

    def train_step(self, features: Any, labels: Any) -> Any:
        """Trains on one batch; returns its loss, or something with that as `loss`, or ["loss"].

        Args:
          labels: None where the input has none.
        """


class Side:
    """A subject, in the calls that the stages need."""

    # Whether it draws the same random numbers as the run, where those are repeatable.
    is_aligned = False
    # Whether its own initial values are to be those of the run.
    initializes = False

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @property
    def notes(self) -> list[str]:
        """What the run does in training and the subject does not."""
        return []

    @property
    def name(self) -> str:
        return type(self._subject).__name__

    @property
    def variables(self) -> Mapping[str, Any]:
        return self._subject.variables

    def read(self) -> Values:
        return {name: variable.numpy() for name, variable in self.variables.items()}

    def give(self, values: Values) -> None:
        """Gives the variables values, those that it has."""
        for name, variable in self.variables.items():
            if name in values:
                variable.assign(values[name])

    def gradients(self, batch: Any) -> Mapping[str, Any] | None:
        function = getattr(self._subject, "gradients", None)
        if function is None:
            return None
        given = Batch.of(batch)
        found = function(given.features, given.labels).items()
        # Those of an embedding are IndexedSlices.
        return {name: tf.convert_to_tensor(one) for name, one in found if one is not None}

    def step(self, batch: Any) -> np.ndarray:
        """Trains on one batch; returns its loss."""
        given = Batch.of(batch)
        return _loss(self._subject.train_step(given.features, given.labels))

    def steps(
        self, batches: Batches, initial: Values, first: np.ndarray, progress: Progress
    ) -> list[np.ndarray]:
        """Goes on after the first batch, whose loss is given; returns the losses of all."""
        losses = [first]
        for batch in _elements(batches, 1):
            losses.append(self.step(batch))
            progress(f"{self.name}: step {len(losses)} of {len(batches.values)}")
        return losses

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        function = getattr(self._subject, "evaluate", None)
        return function(batches.dataset()) if function else None

    def predict(self, batches: Batches, limit: int | None = None) -> list[Any] | None:
        function = getattr(self._subject, "predict", None)
        if function is None:
            return None
        return list(function(batches.dataset().take(-1 if limit is None else limit)))


class Hosted(Side):
    """The custom loop around the model_fn itself."""

    is_aligned = True
    initializes = True

    def __init__(self, loop: CustomLoop) -> None:
        super().__init__(loop)
        self._loop = loop
        local = loop.graph(ModeKeys.TRAIN).built.local
        # Those of the training graph: what EVAL adds later is not the run's to compare.
        self._names = [name for name in loop.variables if name not in local]

    @property
    def notes(self) -> list[str]:
        hooks = unsupported.session_hooks(self._loop.graph(ModeKeys.TRAIN).built)
        names = sorted({type(hook).__name__ for hook in hooks})
        return [f"the run's hooks are not hosted: {', '.join(names)}"] if names else []

    @property
    def variables(self) -> Mapping[str, Any]:
        return {name: self._loop.variables[name] for name in self._names}

    def gradients(self, batch: Any) -> Mapping[str, Any] | None:
        built = build_for_one_device(self._loop.target, ModeKeys.TRAIN)
        with built.graph.as_default():
            gradients = loss_gradients(built.spec.loss)
        graph = host_on_one_device(built, self._loop.variables)
        graph.initialize(graph.created)  # and the lookup tables, which are the graph's own
        return graph.functions.function(gradients)(batch) if gradients else {}

    def steps(
        self, batches: Batches, initial: Values, first: np.ndarray, progress: Progress
    ) -> list[np.ndarray]:
        """Trains on all batches again, from the initial values, as its users do."""
        self.give(initial)
        progress(f"{self.name}: {len(batches.values)} steps in a graph loop")
        return list(self._loop.train(batches.dataset(), len(batches.values)))


def side(subject: Any) -> Side:
    """Wraps a subject.

    Raises:
      TypeError: It lacks `variables` or `train_step`.
    """
    if isinstance(subject, CustomLoop):
        return Hosted(subject)
    missing = [name for name in ("variables", "train_step") if not hasattr(subject, name)]
    if missing:
        raise TypeError(
            f"`subject` ({subject!r:.100}) has no {' and no '.join(missing)}; expected a "
            "CustomLoop, or an object with `variables`, a mapping of legacy names to tf.Variables, "
            "and `train_step(features, labels)`, which returns the loss; add what is missing."
        )
    return Side(subject)


def _elements(batches: Batches, start: int = 0) -> Iterator[Any]:
    return iter(batches.dataset().skip(start))


def first_batch(batches: Batches) -> Any:
    return next(_elements(batches))


def _loss(result: Any) -> np.ndarray:
    loss = result["loss"] if isinstance(result, Mapping) else getattr(result, "loss", result)
    # NumPy cannot read a scalar tensor of bfloat16 by itself.
    return np.asarray(loss.numpy() if hasattr(loss, "numpy") else loss)
