"""What a TRAIN graph does between the loss and the weights, as values."""

import dataclasses
from collections.abc import Mapping

from migrate.mappings.optimizers import OptimizerRow


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerFact:
    """An optimizer, and the weights that it updates.

    Attributes:
      kernel: The type of its ops, such as "ApplyAdam"; the row of an optimizer that the program
        defines itself.
      hyperparameters: The constants among the inputs and attributes of its ops, by their names;
        "slot:NAME" is the initial value of the slots whose names end in NAME.
      rate: The learning rate as TF2 source, in which `step` is the global step; a number if it is
        constant.
      weights: The names of the variables.
      sparse: Those whose gradients are IndexedSlices.
    """

    kernel: str | OptimizerRow
    hyperparameters: Mapping[str, float | bool]
    rate: str
    weights: tuple[str, ...]
    sparse: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """The update of the weights.

    Attributes:
      optimizers: In the order of their ops.
      clip_norm: The global norm that the gradients are clipped to; None if they are not.
      weights: The trainable variables, in the order of `tf.trainable_variables()`.
      without_gradient: Those that the loss does not depend on.
      moved: The variables that the train_op assigns, such as moving averages.
    """

    optimizers: tuple[OptimizerFact, ...]
    clip_norm: float | None
    weights: tuple[str, ...]
    without_gradient: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
