"""`SequentialHeadWrapper`: a head that is applied to each step of sequences of unequal length."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads.base import Head
from estimator_compat.heads.multi import MultiHead
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Operation, Tensor, Variable


class SequentialHeadWrapper(Head):
    """A head for sequences, which leaves out the steps that a mask leaves out.

    Args:
      static_head: The head of one step.
      sequence_length_mask: The name of the feature that has the mask, `[batch, steps]`.
      feature_columns: The name of a feature, or the names of features, that the head of one step
        needs, such as weights.

    Raises:
      TypeError: A name is not a string.
      ValueError: `static_head` is a `MultiHead`.
    """

    def __init__(
        self,
        static_head: Head,
        sequence_length_mask: str = "sequence_length_mask",
        feature_columns: Iterable[str] | str | None = None,
    ) -> None:
        if not isinstance(sequence_length_mask, str):
            raise TypeError(
                "`sequence_mask` column must be a string. Given type: "
                f"{type(sequence_length_mask)}; expected the name of a feature; pass its name."
            )
        columns: Any = feature_columns or []
        if not isinstance(columns, Iterable):
            raise TypeError(
                "`feature_columns` must be either a string or an iterable of strings, got "
                f"{columns}; expected names of features; pass a list of names."
            )
        self._features = [columns] if isinstance(columns, str) else list(columns)
        for name in self._features:
            if not isinstance(name, str):
                raise TypeError(
                    f"Column must a string. Given type: {type(name)}; expected the name of a "
                    "feature; pass its name."
                )
        if isinstance(static_head, MultiHead):
            raise ValueError(
                "`MultiHead` is not supported with `SequentialHeadWrapper`; expected one head; "
                "wrap each head in a SequentialHeadWrapper."
            )
        self._static_head = static_head
        self._mask = sequence_length_mask

    @property
    def static_head(self) -> Head:
        """The head of one step."""
        return self._static_head

    @property
    def input_sequence_mask_key(self) -> str:
        """The name of the feature that has the mask."""
        return self._mask

    @property
    def name(self) -> str | None:
        """The name of the head of one step, and "_sequential"."""
        return f"{self._static_head.name}_sequential" if self._static_head.name else None

    @property
    def logits_dimension(self) -> Any:
        """The number of logits of a step."""
        return self._static_head.logits_dimension

    @property
    def loss_reduction(self) -> str:
        """The reduction of the training loss."""
        return self._static_head.loss_reduction

    def _flatten(
        self, labels: Labels, logits: Tensor, features: Features
    ) -> tuple[Labels, Tensor, dict[str, Tensor]]:
        """Returns labels, logits and features of the steps that the mask keeps."""
        if self._mask not in features:
            raise ValueError(
                f"The provided sequence_length_mask key `{self._mask}` should be included in the "
                f"features dictionary, but was not found. Found keys: {list(features)}; expected "
                "the mask among the features; let the input_fn return it."
            )
        mask = features[self._mask]
        if mask.shape.rank != 2:
            raise ValueError(
                f"Mask is expected to have two dimensions, got {mask.shape.rank} instead; expected "
                "[batch, steps]; reshape the mask."
            )
        if missing := [name for name in self._features if name not in features]:
            raise ValueError(
                f"`{missing[0]}` column expected in features dictionary; it has {list(features)}; "
                "let the input_fn return the feature."
            )
        with tf1.name_scope("flatten"):
            kept = {name: _kept_steps(features[name], mask) for name in self._features}
            return _kept_steps(labels, mask), _kept_steps(logits, mask), kept

    def loss(
        self,
        labels: Labels,
        logits: Tensor,
        features: Features = None,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Returns the training loss over the steps that the mask keeps.

        Args:
          labels: `[batch, steps]` or `[batch, steps, label_dimension]`, dense or sparse.
          logits: `[batch, steps, logits_dimension]`.
          features: The features by name, with the mask.
          mode: One of `ModeKeys`, or None.
          regularization_losses: Scalars that are added, or None.
        """
        labels, logits, features = self._flatten(labels, logits, features)
        return self._static_head.loss(
            labels, logits, features, mode, regularization_losses=regularization_losses
        )

    def predictions(self, logits: Tensor, keys: Sequence[str] | None = None) -> dict[Any, Tensor]:
        """Returns the predictions of the head of one step, for all steps."""
        return self._static_head.predictions(logits, keys=keys)

    def metrics(self, regularization_losses: Sequence[Tensor] | None = None) -> dict[str, Any]:
        """Makes the metrics of the head of one step."""
        return self._static_head.metrics(regularization_losses)

    def update_metrics(
        self,
        eval_metrics: dict[str, Any],
        features: Features,
        logits: Tensor,
        labels: Labels,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> dict[str, Any]:
        """Updates the metrics with the steps that the mask keeps, and returns them."""
        del mode
        labels, logits, features = self._flatten(labels, logits, features)
        return self._static_head.update_metrics(
            eval_metrics=eval_metrics,
            features=features,
            logits=logits,
            labels=labels,
            regularization_losses=regularization_losses,
        )

    def create_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Tensor,
        labels: Labels = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Variable] | None = None,
        train_op_fn: Callable[[Tensor], Operation] | None = None,
        update_ops: Sequence[Operation] | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Any:
        """Returns the `EstimatorSpec` of a mode; the arguments are those of `Head`."""
        if mode == ModeKeys.PREDICT:
            spec = self._static_head.create_estimator_spec(features, mode, logits)
            return spec._replace(predictions={**spec.predictions, self._mask: features[self._mask]})
        labels, logits, features = self._flatten(labels, logits, features)
        return self._static_head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=logits,
            labels=labels,
            optimizer=optimizer,
            trainable_variables=trainable_variables,
            train_op_fn=train_op_fn,
            update_ops=update_ops,
            regularization_losses=regularization_losses,
        )


def _kept_steps(tensor: Any, mask: Tensor) -> Tensor:
    """Returns the steps that a mask keeps, `[kept steps, ...]`.

    Args:
      tensor: `[batch, steps]` or `[batch, steps, ...]`, dense or sparse.
      mask: `[batch, steps]`.

    Raises:
      ValueError: The tensor has another rank, or is none.
      tf.errors.InvalidArgumentError: It has more or fewer steps than the mask keeps.
    """
    rank = tensor.shape.rank
    if rank < 2:
        raise ValueError(
            f"Input tensor expected to have at least 2 dimensions, got {rank} instead; expected "
            "[batch, steps, ...]; add the dimension of the steps."
        )
    inner = tensor.shape[2:].as_list()
    if isinstance(tensor, tf.SparseTensor):
        values = tf.sparse.reorder(tensor).values
        flat = tf.reshape(values, [-1, *inner]) if inner else values
    elif isinstance(tensor, tf.Tensor):
        flat = tf.boolean_mask(tensor, mask)
    else:
        raise ValueError(
            f"`tensor` expected to be a `Tensor` or  `SparseTensor`, got `{tensor}` instead; "
            "convert it with tf.convert_to_tensor."
        )
    if rank == 2:
        flat, inner = tf.expand_dims(flat, -1), [1]
    kept = tf.reduce_sum(tf.cast(mask, tf.int32))
    message = (
        "Tensor shape is incompatible with provided mask. Expected as many steps as the mask keeps."
    )
    expected = tf.concat([[kept], inner], axis=0)
    if tf.executing_eagerly():
        if tuple(flat.shape.as_list()) != tuple(expected.numpy()):
            raise ValueError(message)
        return flat
    check = tf1.debugging.assert_equal(tf.shape(flat), expected, message=message)
    with tf.control_dependencies([check]):
        return tf.identity(flat)
