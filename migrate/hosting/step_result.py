"""The values that one training step of a custom loop returns."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The values of one training step.

    Attributes:
      loss: The model_fn's scalar loss, computed before the weights are updated. With replicas, the
        scalar that their losses are reduced to.
      loss_per_example: The unreduced losses of the loss's first data term, or None if the loss has
        no such term, or a part that is not understood. With replicas, the losses of this process's
        replicas, first replica first, which is the order of the batch that was split. It is also
        None if an axis of the examples has an unknown size, because each replica may have padded
        that axis to another size.
      average_loss: The weighted mean of the unreduced losses, or None if there are none. With
        replicas, the mean over the replicas of all processes.
      gradient_norm: The global norm of the gradients that the optimizer's ops received: after the
        model_fn's clipping or scaling, and added up over replicas. None if the optimizer has no
        ops with a gradient input.
      learning_rate: The learning rate that the optimizer's ops received; None if they have no such
        input.
    """

    loss: tf.Tensor
    loss_per_example: tf.Tensor | None = None
    average_loss: tf.Tensor | None = None
    gradient_norm: tf.Tensor | None = None
    learning_rate: tf.Tensor | None = None
