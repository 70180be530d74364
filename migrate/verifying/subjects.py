"""The subjects of a verification: a hosted loop, or a loop with `variables` and `train_step`."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Nest, Variable
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.hooks import kinds
from migrate.hosting.loop import CustomLoop
from migrate.verifying import tf_keras_classes
from migrate.verifying.batches import Batches
from migrate.verifying.gradients import loss_gradients
from migrate.verifying.reference import Progress, Values
from migrate.verifying.subject import Subject, SubjectReference
from migrate.verifying.subject_calls import arrays, loop_variables
from migrate.verifying.subject_calls.calls import SubjectCalls
from migrate.verifying.subject_process import SubjectProcess

__all__ = ["HostedAdapter", "ProcessAdapter", "Subject", "SubjectAdapter", "adapt", "adapted"]


class SubjectAdapter:
    """The calls that the stages make to a subject.

    Args:
      subject: A loop with `variables` and `train_step`.

    Attributes:
      calls: The methods of the subject.
      is_aligned: Whether the repeatable random ops draw the same numbers in the subject as in the
        reference: see `RandomOp.is_repeatable`.
      initializes: Whether the subject's own initial values must equal the reference's.
      starts_again: Whether `steps` trains on all batches again, from the initial values.
    """

    is_aligned = False
    initializes = False
    starts_again = False

    def __init__(self, subject: Subject) -> None:
        self.calls = SubjectCalls(subject)

    def _ready(self) -> SubjectCalls:
        """Returns the calls, after a legacy graph may have been built."""
        tf_keras_classes.restore_v2_bases()
        return self.calls

    @property
    def notes(self) -> list[str]:
        """Notes on the parts of the reference's training that the subject leaves out."""
        return []

    @property
    def name(self) -> str:
        """The name of the subject's class."""
        return self.calls.name

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The subject's variables by name: of a shape and a `dtype`."""
        return self._ready().variables

    def read(self) -> Values:
        """Returns the values of the variables."""
        return loop_variables.read(self.variables)

    def initialize(self) -> None:
        """Gives the variables of a new loop what they begin with, where that is in a checkpoint."""
        self._ready().initialize()

    def assign(self, values: Values) -> None:
        """Assigns values to the variables of the same names; other variables keep theirs."""
        loop_variables.assign(self.variables, values)

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss by variable name; None without the method.

        Args:
          element: Features, or `(features, labels)`.
        """
        return self._ready().gradients(element)

    def step(self, element: Nest) -> np.ndarray:
        """Trains on one batch and returns its loss.

        Args:
          element: Features, or `(features, labels)`.
        """
        return self._ready().step(element)

    def first_steps(self, batches: Batches, count: int) -> list[np.ndarray]:
        """Trains on the first batches, one by one, and returns their losses.

        Args:
          batches: All batches.
          count: How many of them.
        """
        return self.steps_on(batches, count)

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

    def steps_on(self, batches: Batches, count: int) -> list[np.ndarray]:
        """Trains on the first `count` batches with `train_step`, and returns their losses."""
        return [self.step(element) for element in itertools.islice(_elements(batches), count)]

    def has_train_steps(self) -> bool:
        """Tells whether the subject has a method `train_steps(iterator, count)`."""
        return self._ready().has_train_steps()

    def train_steps(self, batches: Batches, counts: list[int]) -> list[np.ndarray]:
        """Calls `train_steps` for several counts, one after the other, on one iterator.

        Returns:
          What each call returned: a loss, or the losses of all its steps.
        """
        return self._ready().train_steps(batches.dataset(), counts)

    def train_again(self, batches: Batches) -> np.ndarray | None:
        """Trains once more from where the variables are; None if that is no different from `step`.

        Args:
          batches: One batch for each step.
        """
        del batches  # only for loops that do something when a training begins
        return None

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        return self._ready().evaluate(batches.dataset())

    def predict(self, batches: Batches, limit: int | None = None) -> list[Nest] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`.

        Args:
          batches: All batches.
          limit: How many of them to predict; None for all.
        """
        return self._ready().predict(batches.dataset().take(-1 if limit is None else limit))


class ProcessAdapter(SubjectAdapter):
    """The calls that the stages make to a subject in a process of its own.

    Args:
      process: The subject's process.

    Attributes:
      process: See above.
    """

    def __init__(self, process: SubjectProcess) -> None:
        self.process = process

    @property
    def name(self) -> str:
        """The name by which the subject was given."""
        return self.process.name

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The specs of the subject's variables by name."""
        specs: dict[str, Any] = self.process.call("declarations")
        return specs

    def read(self) -> Values:
        """Returns the values of the variables."""
        values: Values = self.process.call("read")
        return values

    def initialize(self) -> None:
        """Gives the variables of a new loop what they begin with, where that is in a checkpoint."""
        self.process.call("initialize")

    def assign(self, values: Values) -> None:
        """Assigns values to the variables of the same names; other variables keep theirs."""
        self.process.call("assign", values)

    def gradients(self, element: Nest) -> Mapping[str, Any] | None:
        """Returns the gradients of a batch's loss by variable name; None without the method."""
        gradients: Values | None = self.process.call("gradients", arrays.to_numpy(element))
        return gradients

    def step(self, element: Nest) -> np.ndarray:
        """Trains on one batch and returns its loss."""
        loss: np.ndarray = self.process.call("step", arrays.to_numpy(element))
        return loss

    def has_train_steps(self) -> bool:
        """Tells whether the subject has a method `train_steps(iterator, count)`."""
        return bool(self.process.call("has_train_steps"))

    def train_steps(self, batches: Batches, counts: list[int]) -> list[np.ndarray]:
        """Calls `train_steps` for several counts, one after the other, on one iterator."""
        values = batches.values[: sum(counts) + 1]
        losses: list[np.ndarray] = self.process.call("train_steps", values, batches.spec, counts)
        return losses

    def evaluate(self, batches: Batches) -> Mapping[str, Any] | None:
        """Returns metrics by name; None if the subject has no `evaluate`."""
        metrics: Values | None = self.process.call("evaluate", batches.values, batches.spec)
        return metrics

    def predict(self, batches: Batches, limit: int | None = None) -> list[Nest] | None:
        """Returns the predictions for each batch; None if the subject has no `predict`."""
        values = batches.values[:limit]
        predictions: list[Nest] | None = self.process.call("predict", values, batches.spec)
        return predictions


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

    def _ready(self) -> SubjectCalls:
        return self.calls  # it has graphs, and no layers

    @property
    def notes(self) -> list[str]:
        """The model_fn's hooks that the loop leaves out."""
        spec = self._loop.graph(ModeKeys.TRAIN).built.spec
        hooks = kinds.in_order(spec, ModeKeys.TRAIN)
        left_out = [hook for hook in hooks if kinds.refused([hook])]
        return (
            [f"the reference's hooks are not hosted: {kinds.names(left_out)}"] if left_out else []
        )

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

    def first_steps(self, batches: Batches, count: int) -> list[np.ndarray]:
        """Trains on the first batches and returns their losses; with hooks in a call of `train`."""
        if not self._loop.graph(ModeKeys.TRAIN).hooks:
            return super().first_steps(batches, count)
        return list(self._loop.train(batches.dataset(), count))

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


@contextlib.contextmanager
def adapted(subject: Any, progress: Progress) -> Iterator[SubjectAdapter]:
    """Yields the adapter for a subject; ends the subject's process, if it has one of its own.

    Args:
      subject: A loop, or the name of one: see `migrate.verify`.
      progress: Is called with a line of text while a call takes long.

    Raises:
      TypeError: The subject lacks `variables` or `train_step`.
      ValueError: The name is malformed, or nothing can be imported by it.
      RuntimeError: The process of the subject ends, or a method raises an error in it.
    """
    if isinstance(subject, str):
        subject = SubjectReference(subject)
    if not isinstance(subject, SubjectReference):
        yield adapt(subject)
        return
    progress(f"{subject.name}: starting its process")
    with SubjectProcess(subject, progress) as process:
        yield ProcessAdapter(process)


def adapt(subject: Any) -> SubjectAdapter:
    """Returns the adapter for a loop in this process.

    Raises:
      TypeError: The subject lacks `variables` or `train_step`.
    """
    return HostedAdapter(subject) if isinstance(subject, CustomLoop) else SubjectAdapter(subject)


def _elements(batches: Batches, start: int = 0) -> Iterator[Nest]:
    return iter(batches.dataset().skip(start))


def first_element(batches: Batches) -> Nest:
    """Returns the first batch, of tensors: features, or `(features, labels)`."""
    return next(_elements(batches))
