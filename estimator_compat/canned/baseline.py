"""`BaselineClassifier`, `BaselineRegressor` and `BaselineEstimator` of TensorFlow 2."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import heads, optimizers
from estimator_compat.estimator import Estimator
from estimator_compat.heads.base import Head
from estimator_compat.heads.regression import RegressionHead
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Features, Labels, Tensor

_MEAN = tf.losses.Reduction.SUM_OVER_BATCH_SIZE
LEARNING_RATE = 0.3


def batch_size(features: Features, weight_column: Any) -> Tensor:
    """Returns the number of examples, which all features agree on.

    Args:
      features: The features by name.
      weight_column: The name of the weights, which are not a feature, its numeric column, or None.

    Raises:
      TypeError: `weight_column` is something else.
    """
    if weight_column is not None and not isinstance(weight_column, str):
        if not isinstance(weight_column, type(tf.feature_column.numeric_column("any"))):
            raise TypeError(
                "Weight column must be either a string or NumericColumn. Given type: "
                f"{type(weight_column)}; pass the name of the feature."
            )
        weight_column = weight_column.key
    sizes = [tf.shape(value)[0] for key, value in features.items() if key != weight_column]
    checks = [tf1.debugging.assert_equal(sizes[0], size) for size in sizes[1:]]
    with tf.control_dependencies(checks):
        return tf.identity(sizes[0])


def _model_fn(
    head: Head, optimizer: Any, weight_column: Any = None, loss_reduction: str = _MEAN
) -> Any:
    """Returns the model_fn of a model that has a bias only."""

    def model_fn(features: Features, labels: Labels, mode: str) -> Any:
        units = head.logits_dimension
        size = batch_size(features, weight_column)
        with tf1.name_scope("baseline"):
            bias = tf.Variable(tf.zeros([units]), name="bias")
            logits = bias * tf.ones([size, units])
        chosen: Any = None
        if mode == ModeKeys.TRAIN:
            chosen = optimizers.keras_optimizer(optimizer, LEARNING_RATE)
            optimizers.counting_steps(chosen)

        def train_op_fn(loss: Tensor) -> Any:
            return chosen.get_updates(optimizers.for_replicas(loss, loss_reduction), [bias])[0]

        return head.create_estimator_spec(
            features=features, mode=mode, logits=logits, labels=labels, train_op_fn=train_op_fn
        )

    return model_fn


class BaselineClassifier(Estimator):
    """A classifier that learns how frequent each class is.

    Args:
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, its numeric column, or
        None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: An optimizer of `tf.keras.optimizers.legacy`, its name, or a function that returns
        one.
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
        loss_reduction: str = _MEAN,
    ) -> None:
        head = heads.classifier(n_classes, weight_column, label_vocabulary, loss_reduction)
        model_fn = _model_fn(head, optimizer, weight_column, loss_reduction)
        super().__init__(model_fn, model_dir, config=config)


class BaselineEstimator(Estimator):
    """A model that has a bias only, with a head of one's own.

    Args:
      head: A head of TensorFlow 2.
      model_dir: As for `BaselineClassifier`.
      optimizer: As for `BaselineClassifier`.
      config: As for `BaselineClassifier`.
    """

    def __init__(
        self, head: Head, model_dir: Any = None, optimizer: Any = "Ftrl", config: Any = None
    ) -> None:
        super().__init__(_model_fn(head, optimizer), model_dir, config=config)


class BaselineRegressor(Estimator):
    """A regressor that learns the mean of the labels.

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
        loss_reduction: str = _MEAN,
    ) -> None:
        head = RegressionHead(label_dimension, weight_column, loss_reduction)
        super().__init__(_model_fn(head, optimizer), model_dir, config=config)
