"""`RNNClassifier` and `RNNEstimator` of `tf.estimator.experimental`."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from absl import logging

from estimator_compat.canned import heads, optimizers, rnn_model
from estimator_compat.heads.base import Head
from estimator_compat.heads.sequential import SequentialHeadWrapper
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels

_MEAN = tf.losses.Reduction.SUM_OVER_BATCH_SIZE
# Of an optimizer that is given by name.
LEARNING_RATE = 0.05
CLIP_NORM = 5.0
# Stands for "simple_rnn", and tells that no cell type was given.
USE_DEFAULT = object()


class RNNEstimator(Estimator):
    """A recurrent model with a head of one's own.

    Args:
      head: A head of TensorFlow 2; a `SequentialHeadWrapper` with `return_sequences`.
      sequence_feature_columns: The feature columns of the sequence.
      context_feature_columns: Dense feature columns whose values each step gets, or None.
      units: The number of units of each recurrent layer.
      cell_type: A class of cells of Keras 2, "simple_rnn", "lstm" or "gru".
      rnn_cell_fn: A function that returns a cell or a list of cells, instead of `units` and
        `cell_type`.
      return_sequences: Whether there are logits for each step; otherwise for the last step.
      model_dir: The folder of the checkpoints and summaries.
      optimizer: An optimizer of `tf.keras.optimizers.legacy`, its name, or a function that returns
        one. By name, it has a learning rate of 0.05, and clips each gradient to the norm 5.
      config: A `RunConfig`.

    Raises:
      ValueError: `rnn_cell_fn` was given with `units` or `cell_type`, or the head is not for
        sequences.
    """

    def __init__(
        self,
        head: Head,
        sequence_feature_columns: Sequence[Any],
        context_feature_columns: Sequence[Any] | None = None,
        units: Any = None,
        cell_type: Any = USE_DEFAULT,
        rnn_cell_fn: Callable[[], Any] | None = None,
        return_sequences: bool = False,
        model_dir: Any = None,
        optimizer: Any = "Adagrad",
        config: Any = None,
    ) -> None:
        if return_sequences and not isinstance(head, SequentialHeadWrapper):
            raise ValueError(
                "Provided head must be a `_SequentialHead` object when `return_sequences` is set "
                f"to True. It was {head!r}; wrap it in "
                "`tf.estimator.experimental.SequentialHeadWrapper`."
            )
        if rnn_cell_fn and (units or cell_type is not USE_DEFAULT):
            raise ValueError(
                "units and cell_type must not be specified when using rnn_cell_fn. `units` is "
                f"{units} and `cell_type` is {cell_type}; leave them out."
            )

        def model_fn(features: Features, labels: Labels, mode: str) -> Any:
            layer = rnn_model.make_layer(
                rnn_cell_fn,
                units,
                None if cell_type is USE_DEFAULT else cell_type,
                return_sequences=return_sequences,
            )
            model = rnn_model.RNNModel(
                layer, head.logits_dimension, sequence_feature_columns, context_feature_columns
            )
            chosen = optimizer_of(optimizer) if mode == ModeKeys.TRAIN else None
            logits, mask = model(features, training=mode == ModeKeys.TRAIN)
            if isinstance(head, SequentialHeadWrapper) and return_sequences:
                features.setdefault(head.input_sequence_mask_key, mask)
            return head.create_estimator_spec(
                features=features,
                mode=mode,
                labels=labels,
                optimizer=chosen,
                logits=logits,
                update_ops=model.updates,
                trainable_variables=model.trainable_variables,
            )

        super().__init__(model_fn, model_dir, config=config)


def optimizer_of(given: Any) -> Any:
    """Returns the optimizer that an argument stands for, which counts the steps."""
    optimizer = optimizers.keras_optimizer(given, LEARNING_RATE)
    if isinstance(given, str):
        optimizer.clipnorm = CLIP_NORM
    return optimizers.counting_steps(optimizer)


class RNNClassifier(RNNEstimator):
    """A recurrent model for one of several classes, of a sequence or of each of its steps.

    Args:
      sequence_feature_columns: As for `RNNEstimator`.
      context_feature_columns: As for `RNNEstimator`.
      units: As for `RNNEstimator`.
      cell_type: As for `RNNEstimator`.
      rnn_cell_fn: As for `RNNEstimator`.
      return_sequences: As for `RNNEstimator`. If it is set, `weight_column` must be a name.
      model_dir: As for `RNNEstimator`.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the weights, its numeric column, or None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: As for `RNNEstimator`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      sequence_mask: The name of the feature that has the mask of the steps; without the feature,
        the mask is that of the sequences' lengths.
      config: As for `RNNEstimator`.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        sequence_feature_columns: Sequence[Any],
        context_feature_columns: Sequence[Any] | None = None,
        units: Any = None,
        cell_type: Any = USE_DEFAULT,
        rnn_cell_fn: Callable[[], Any] | None = None,
        return_sequences: bool = False,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Adagrad",
        loss_reduction: str = _MEAN,
        sequence_mask: str = "sequence_mask",
        config: Any = None,
    ) -> None:
        head = heads.classifier(n_classes, weight_column, label_vocabulary, loss_reduction)
        if return_sequences:
            logging.info("The head is wrapped in a SequentialHeadWrapper: it predicts each step.")
            head = SequentialHeadWrapper(
                head, sequence_length_mask=sequence_mask, feature_columns=weight_column
            )
        super().__init__(
            head=head,
            sequence_feature_columns=sequence_feature_columns,
            context_feature_columns=context_feature_columns,
            units=units,
            cell_type=cell_type,
            rnn_cell_fn=rnn_cell_fn,
            return_sequences=return_sequences,
            model_dir=model_dir,
            optimizer=optimizer,
            config=config,
        )
