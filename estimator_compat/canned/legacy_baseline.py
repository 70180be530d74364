"""`BaselineClassifier`, `BaselineRegressor` and `BaselineEstimator` of TensorFlow 1."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import baseline, optimizers
from estimator_compat.heads import factories
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.type_aliases import Features, Labels, Tensor

_SUM = tf1.losses.Reduction.SUM


def _model_fn(head: Any, optimizer: Any, weight_column: Any = None) -> Any:
    """Returns the model_fn of a model that has a bias only."""

    def model_fn(features: Features, labels: Labels, mode: str) -> Any:
        units = head.logits_dimension
        size = baseline.batch_size(features, weight_column)
        with tf1.variable_scope("baseline"):
            bias = tf1.get_variable("bias", [units], initializer=tf1.zeros_initializer())
            logits = tf.multiply(bias, tf.ones([size, units]))

        def train_op_fn(loss: Tensor) -> Any:
            chosen = optimizers.get_optimizer_instance(optimizer, baseline.LEARNING_RATE)
            return chosen.minimize(loss, global_step=tf1.train.get_global_step())

        return head.create_estimator_spec(
            features=features, mode=mode, logits=logits, labels=labels, train_op_fn=train_op_fn
        )

    return model_fn


class BaselineClassifier(Estimator):
    """A classifier that learns how frequent each class is, whose loss is a sum.

    Args:
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, its numeric column, or
        None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: A `tf.train.Optimizer`, its name, or a function that returns one.
      config: A `RunConfig`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        loss_reduction: str = _SUM,
    ) -> None:
        head = factories.binary_or_multi_class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction
        )
        super().__init__(_model_fn(head, optimizer, weight_column), model_dir, config=config)


class BaselineEstimator(Estimator):
    """A model that has a bias only, with a head of one's own.

    Args:
      head: A head of TensorFlow 1.
      model_dir: As for `BaselineClassifier`.
      optimizer: As for `BaselineClassifier`.
      config: As for `BaselineClassifier`.
    """

    def __init__(
        self, head: Any, model_dir: Any = None, optimizer: Any = "Ftrl", config: Any = None
    ) -> None:
        super().__init__(_model_fn(head, optimizer), model_dir, config=config)


class BaselineRegressor(Estimator):
    """A regressor that learns the mean of the labels, whose loss is a sum.

    Args:
      model_dir: As for `BaselineClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `BaselineClassifier`.
      optimizer: As for `BaselineClassifier`.
      config: As for `BaselineClassifier`.
      loss_reduction: As for `BaselineClassifier`.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        loss_reduction: str = _SUM,
    ) -> None:
        head = factories.canned_regression_head(weight_column, label_dimension, loss_reduction)
        super().__init__(_model_fn(head, optimizer), model_dir, config=config)
