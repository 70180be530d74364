"""What one training step of a custom loop tells of itself."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One training step.

    Attributes:
      loss: The model_fn's scalar, before the step; what is made of all replicas' scalars.
      loss_per_example: The unreduced losses of the loss's first data term, or None. With replicas,
        those of this process, first replica first: in the order of the batch that was split. None,
        too, where examples have axes of sizes that are not known, which replicas may have padded.
      average_loss: Their weighted mean, or None. With replicas, over those of all processes.
      gradient_norm: The global norm of the gradients that the optimizer's ops were given, clipped
        or scaled as the model_fn did it, and added up over replicas; None for an optimizer that
        has no such ops.
      learning_rate: What the optimizer's ops were given; None for one that has no such ops.
    """

    loss: tf.Tensor
    loss_per_example: tf.Tensor | None = None
    average_loss: tf.Tensor | None = None
    gradient_norm: tf.Tensor | None = None
    learning_rate: tf.Tensor | None = None
