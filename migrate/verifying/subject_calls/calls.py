"""`SubjectCalls`: the methods of a loop, called with tensors; they return NumPy arrays."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.batch import Batch
from migrate.verifying.subject_calls import answers, loop_variables

_REQUIRED = ("variables", "train_step")


class SubjectCalls:
    """The methods of a subject that a verification calls.

    Args:
      subject: A loop with `variables` and `train_step`.
      name: The subject's name, for the messages; None for the name of its class.

    Attributes:
      subject: See above.
      name: The subject's name.

    Raises:
      TypeError: The subject lacks `variables` or `train_step`.
    """

    def __init__(self, subject: Any, name: str | None = None) -> None:
        _require_methods(subject)
        self.subject = subject
        self.name = name or type(subject).__name__

    @property
    def variables(self) -> Mapping[str, Any]:
        """The subject's `tf.Variable`s by name."""
        return loop_variables.as_tensorflow(self.subject.variables, self.name)

    def declarations(self) -> dict[str, tf.TensorSpec]:
        """Returns the shapes and types of the variables."""
        return {name: tf.TensorSpec(v.shape, v.dtype) for name, v in self.variables.items()}

    def read(self) -> dict[str, np.ndarray]:
        """Returns the values of the variables."""
        return loop_variables.read(self.variables)

    def initialize(self) -> None:
        """Gives the variables of a new loop what they begin with, where that is in a checkpoint."""
        if (function := getattr(self.subject, "init_from_checkpoint", None)) is not None:
            function()

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Assigns values to the variables of the same names; other variables keep theirs."""
        loop_variables.assign(self.variables, values)

    def gradients(self, element: Any) -> dict[str, np.ndarray] | None:
        """Returns the gradients of a batch's loss by variable name; None without the method.

        They are computed inside a `tf.function`, as a training step usually is: the same ops,
        called one by one, may differ in the last bits. A method that cannot be traced, such as one
        that calls `numpy()`, is called as it is.

        Args:
          element: Features, or `(features, labels)`.
        """
        function = getattr(self.subject, "gradients", None)
        if function is None:
            return None
        batch = Batch.of(element)
        try:
            returned = tf.function(function)(batch.features, batch.labels)
        except Exception:
            returned = function(batch.features, batch.labels)  # raises the user's own error, if any
        return answers.gradients(returned, self.variables, self.name)

    def step(self, element: Any) -> np.ndarray:
        """Trains on one batch and returns its loss.

        Args:
          element: Features, or `(features, labels)`.
        """
        batch = Batch.of(element)
        return answers.loss(self.subject.train_step(batch.features, batch.labels), self.name)

    def has_train_steps(self) -> bool:
        """Tells whether the subject has a method `train_steps` of an iterator and a count."""
        function = getattr(self.subject, "train_steps", None)
        return function is not None and _takes_two(function)

    def train_steps(self, dataset: Any, counts: list[int]) -> list[np.ndarray]:
        """Calls `train_steps` for several counts, one after the other, on one iterator.

        Returns:
          What each call returned: a loss, or the losses of all its steps.
        """
        function, iterator = self.subject.train_steps, iter(dataset)
        return [
            answers.losses(function(iterator, tf.constant(count)), count, self.name)
            for count in counts
        ]

    def evaluate(self, dataset: Any) -> dict[str, np.ndarray] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        function = getattr(self.subject, "evaluate", None)
        return answers.metrics(function(dataset), self.name) if function else None

    def predict(self, dataset: Any) -> list[Any] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`."""
        function = getattr(self.subject, "predict", None)
        if function is None:
            return None
        return list(answers.predictions(function(dataset), self.name))


def _require_methods(subject: Any) -> None:
    if isinstance(subject, type):
        raise TypeError(
            f"`subject` ({subject!r:.100}) is a class; expected a loop, which is an object of it; "
            f"pass `{subject.__name__}()`."
        )
    # A property that raises an AttributeError is there: its error says what is wrong.
    missing = [
        name
        for name in _REQUIRED
        if inspect.getattr_static(subject, name, None) is None and not hasattr(subject, name)
    ]
    if missing:
        raise TypeError(
            f"`subject` ({subject!r:.100}) has no {' and no '.join(missing)}; expected a "
            "CustomLoop, or an object with `variables`, a mapping of legacy names to tf.Variables, "
            "and `train_step(features, labels)`, which returns the loss; add what is missing."
        )
    if not callable(subject.train_step):
        raise TypeError(
            f"`train_step` of `subject` ({subject!r:.100}) is {subject.train_step!r:.60}, which "
            "cannot be called; expected a method of features and labels; make it one."
        )


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    return True
