"""`LinearClassifier`, `LinearRegressor` and `LinearEstimator` of TensorFlow 1."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.canned import feature_columns as columns_
from estimator_compat.canned import linear, linear_sdca, logit_fns, optimizers, partitioners
from estimator_compat.heads import factories
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.type_aliases import Features, Labels

_SUM = tf1.losses.Reduction.SUM


def _model_fn(
    head: Any, columns: Any, optimizer: Any, partitioner: Any, sparse_combiner: str
) -> Any:
    """Returns the model_fn of a linear model."""
    columns = tuple(columns or ())

    def model_fn(features: Features, labels: Labels, mode: str, config: Any) -> Any:
        columns_.check_features(features)
        chosen = partitioner or partitioners.of_inputs(config)
        with tf1.variable_scope("linear", values=tuple(features.values()), partitioner=chosen):
            if isinstance(optimizer, linear_sdca.LinearSDCA):
                assert sparse_combiner == "sum", "LinearSDCA joins values by their sum"
                return linear_sdca.create_estimator_spec(
                    features,
                    labels,
                    mode,
                    head=head,
                    columns=columns,
                    optimizer=optimizer,
                    scope="linear_model",
                )
            logits = logit_fns.linear_logit_fn_builder(
                head.logits_dimension, columns, sparse_combiner
            )(features)
            given = optimizer or tf1.train.FtrlOptimizer(linear.default_rate(columns))
            return head.create_estimator_spec(
                features=features,
                mode=mode,
                logits=logits,
                labels=labels,
                optimizer=optimizers.get_optimizer_instance(given, linear.LEARNING_RATE),
            )

    return model_fn


class LinearClassifier(Estimator):
    """A linear model for one of several classes, whose loss is a sum.

    Args:
      feature_columns: The feature columns.
      model_dir: The folder of the checkpoints and summaries.
      n_classes: The number of classes.
      weight_column: The name of the feature that has the examples' weights, a dense feature column,
        or None.
      label_vocabulary: The words of the classes, if the labels are words.
      optimizer: A `tf.train.Optimizer`, its name, a function that returns one, or a `LinearSDCA`.
      config: A `RunConfig`.
      partitioner: The partitioner of the variables; None for one of large variables.
      warm_start_from: A checkpoint or a `WarmStartSettings`.
      loss_reduction: A value of `tf.losses.Reduction` apart from NONE.
      sparse_combiner: How several values of a column are joined: "sum", "mean" or "sqrtn".

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        sparse_combiner: str = "sum",
    ) -> None:
        linear_sdca.check_classifier(optimizer, feature_columns, n_classes, sparse_combiner)
        head = factories.binary_or_multi_class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction
        )
        model_fn = _model_fn(head, feature_columns, optimizer, partitioner, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class LinearEstimator(Estimator):
    """A linear model with a head of one's own.

    Args:
      head: A head of TensorFlow 1.
      feature_columns: As for `LinearClassifier`.
      model_dir: As for `LinearClassifier`.
      optimizer: As for `LinearClassifier`.
      config: As for `LinearClassifier`.
      partitioner: As for `LinearClassifier`.
      sparse_combiner: As for `LinearClassifier`.
      warm_start_from: As for `LinearClassifier`.
    """

    def __init__(
        self,
        head: Any,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        sparse_combiner: str = "sum",
        warm_start_from: Any = None,
    ) -> None:
        model_fn = _model_fn(head, feature_columns, optimizer, partitioner, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)


class LinearRegressor(Estimator):
    """A linear model for numbers, whose loss is a sum.

    Args:
      feature_columns: As for `LinearClassifier`.
      model_dir: As for `LinearClassifier`.
      label_dimension: The number of values of an example's label.
      weight_column: As for `LinearClassifier`.
      optimizer: As for `LinearClassifier`.
      config: As for `LinearClassifier`.
      partitioner: As for `LinearClassifier`.
      warm_start_from: As for `LinearClassifier`.
      loss_reduction: As for `LinearClassifier`.
      sparse_combiner: As for `LinearClassifier`.

    Raises:
      ValueError: An argument has another form.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        loss_reduction: str = _SUM,
        sparse_combiner: str = "sum",
    ) -> None:
        linear_sdca.check_regressor(optimizer, feature_columns, label_dimension, sparse_combiner)
        head = factories.canned_regression_head(weight_column, label_dimension, loss_reduction)
        model_fn = _model_fn(head, feature_columns, optimizer, partitioner, sparse_combiner)
        super().__init__(model_fn, model_dir, config=config, warm_start_from=warm_start_from)
