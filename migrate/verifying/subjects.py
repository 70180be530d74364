"""The subjects of a verification: a hosted loop, or a loop with `variables` and `train_step`."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Nest, Variable
from migrate.batch import Batch
from migrate.hosting import unsupported
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.loop import CustomLoop
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients
from migrate.verifying.reference import Progress, Values


class Subject(Protocol):
    """A training loop that `migrate.verify` can compare with a model_fn under an Estimator.

    Three more methods are used if it has them: `gradients(features, labels)` returns a mapping of
    variable names to the gradients of the loss; `evaluate(dataset)` returns a mapping of metric
    names to values; `predict(dataset)` yields the predictions for each batch in turn.
    """

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The `tf.Variable`s by their legacy names, such as "dense/kernel".

        All trainable variables of the model are required. Slots ("dense/kernel/Adam"), moving
        averages and `global_step` are compared if they are there. All of them are assigned the
        reference's initial values.
        """

    def train_step(self, features: Features, labels: Labels) -> Any:
        """Trains on one batch.

        Args:
          features: A nest of tensors.
          labels: A nest of tensors; None if the input has no labels.

        Returns:
          The loss, or an object with the attribute `loss`, or a mapping with the key "loss".
        """


class SubjectAdapter:
    """The calls that the stages make to a subject.

    Args:
      subject: A loop with `variables` and `train_step`.

    Attributes:
      is_aligned: Whether the repeatable random ops draw the same numbers in the subject as in the
        reference: see `RandomOp.is_repeatable`.
      initializes: Whether the subject's own initial values must equal the reference's.
      starts_again: Whether `steps` trains on all batches again, from the initial values.
    """

    is_aligned = False
    initializes = False
    starts_again = False

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @property
    def notes(self) -> list[str]:
        """Notes on the parts of the reference's training that the subject leaves out."""
        return []

    @property
    def name(self) -> str:
        """The name of the subject's class."""
        return type(self._subject).__name__

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The subject's variables by name."""
        return self._subject.variables

    def read(self) -> Values:
        """Returns the values of the variables."""
        return {name: variable.numpy() for name, variable in self.variables.items()}

    def assign(self, values: Values) -> None:
        """Assigns values to the variables of the same names; other variables keep theirs."""
        for name, variable in self.variables.items():
            if name in values:
                variable.assign(values[name])

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss by variable name; None without the method.

        Args:
          element: Features, or `(features, labels)`.
        """
        function = getattr(self._subject, "gradients", None)
        if function is None:
            return None
        batch = Batch.of(element)
        gradients = function(batch.features, batch.labels).items()
        # The gradient of an embedding may be IndexedSlices.
        return {name: tf.convert_to_tensor(g) for name, g in gradients if g is not None}

    def step(self, element: Nest) -> np.ndarray:
        """Trains on one batch and returns its loss.

        Args:
          element: Features, or `(features, labels)`.
        """
        batch = Batch.of(element)
        return _loss(self._subject.train_step(batch.features, batch.labels))

    def steps(
        self,
        batches: Batches,
        initial: Values,
        first: np.ndarray,
        progress: Progress,
    ) -> list[np.ndarray]:
        """Trains on all batches but the first, on which `step` was called before.

        Args:
          batches: All batches.
          initial: The initial values of the variables.
          first: The loss of the first batch.
          progress: Is called now and then.

        Returns:
          The loss of each batch, the first included.
        """
        del initial  # only for loops that train from the beginning again
        losses = [first]
        for element in _elements(batches, 1):
            losses.append(self.step(element))
            progress(f"{self.name}: step {len(losses)} of {len(batches.values)}")
        return losses

    def train_again(self, batches: Batches) -> np.ndarray | None:
        """Trains once more from where the variables are; None if that is no different from `step`.

        Args:
          batches: One batch for each step.
        """
        del batches  # only for loops that do something when a training begins
        return None

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        function = getattr(self._subject, "evaluate", None)
        return function(batches.dataset()) if function else None

    def predict(self, batches: Batches, limit: int | None = None) -> list[Nest] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`.

        Args:
          batches: All batches.
          limit: How many of them to predict; None for all.
        """
        function = getattr(self._subject, "predict", None)
        if function is None:
            return None
        return list(function(batches.dataset().take(-1 if limit is None else limit)))


class HostedAdapter(SubjectAdapter):
    """The calls that the stages make to a `CustomLoop` around the model_fn itself.

    Args:
      loop: The loop, new.
    """

    is_aligned = True
    initializes = True
    starts_again = True

    def __init__(self, loop: CustomLoop) -> None:
        super().__init__(loop)
        self._loop = loop
        local = loop.graph(ModeKeys.TRAIN).built.local
        # The names are read before EVAL may add variables that the reference's training lacks.
        self._names = [name for name in loop.variables if name not in local]

    @property
    def notes(self) -> list[str]:
        """The model_fn's hooks that the loop leaves out."""
        hooks = unsupported.session_hooks(self._loop.graph(ModeKeys.TRAIN).built)
        names = sorted({type(hook).__name__ for hook in hooks})
        return [f"the reference's hooks are not hosted: {', '.join(names)}"] if names else []

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the training graph by name, without local ones."""
        return {name: self._loop.variables[name] for name in self._names}

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss, in a new graph on the loop's variables."""
        built = build_for_one_device(self._loop.target, ModeKeys.TRAIN)
        with built.graph.as_default():
            gradients = loss_gradients(built.spec.loss)
        graph = host_on_one_device(built, self._loop.variables)
        graph.initialize(graph.created)  # also fills the new graph's lookup tables
        return graph.functions.function(gradients)(element) if gradients else {}

    def steps(
        self,
        batches: Batches,
        initial: Values,
        first: np.ndarray,
        progress: Progress,
    ) -> list[np.ndarray]:
        """Trains on all batches again, from the initial values.

        It calls `CustomLoop.train`, as a user does.
        """
        del first  # the loop trains on the first batch again
        self.assign(initial)
        progress(f"{self.name}: {len(batches.values)} steps in a graph loop")
        return list(self._loop.train(batches.dataset(), len(batches.values)))

    def train_again(self, batches: Batches) -> np.ndarray | None:
        """Trains once more from where the variables are, in another call of `CustomLoop.train`.

        Args:
          batches: One batch for each step.
        """
        return self._loop.train(batches.dataset(), len(batches.values))


def adapt(subject: Any) -> SubjectAdapter:
    """Returns the adapter for a subject.

    Raises:
      TypeError: The subject lacks `variables` or `train_step`.
    """
    if isinstance(subject, CustomLoop):
        return HostedAdapter(subject)
    missing = [name for name in ("variables", "train_step") if not hasattr(subject, name)]
    if missing:
        raise TypeError(
            f"`subject` ({subject!r:.100}) has no {' and no '.join(missing)}; expected a "
            "CustomLoop, or an object with `variables`, a mapping of legacy names to tf.Variables, "
            "and `train_step(features, labels)`, which returns the loss; add what is missing."
        )
    return SubjectAdapter(subject)


def _elements(batches: Batches, start: int = 0) -> Iterator[Nest]:
    return iter(batches.dataset().skip(start))


def first_element(batches: Batches) -> Nest:
    """Returns the first batch, of tensors: features, or `(features, labels)`."""
    return next(_elements(batches))


def _loss(result: Any) -> np.ndarray:
    loss = result["loss"] if isinstance(result, Mapping) else getattr(result, "loss", result)
    # NumPy cannot read a scalar tensor of bfloat16 by itself.
    return np.asarray(loss.numpy() if hasattr(loss, "numpy") else loss)
