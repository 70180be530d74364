"""`KMeans` of `tf.estimator.experimental`."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import kmeans_centers, kmeans_graph
from estimator_compat.canned.kmeans_centers import FirstCenters
from estimator_compat.canned.kmeans_graph import KMeansGraph, Settings
from estimator_compat.export import PredictOutput
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Operation, Tensor, Variable

_SQUARED_EUCLIDEAN = "squared_euclidean"
_COSINE = "cosine"


class KMeansClustering(Estimator):
    """Clusters points by k-means, with full batches or with mini-batches.

    A training step takes one batch. Its loss is the sum of the distances of the points from their
    nearest centers. The input_fn returns points without labels.

    Args:
      num_clusters: The number of clusters; not used if `initial_clusters` has the centers.
      model_dir: The folder of the checkpoints and summaries.
      initial_clusters: The first centers, `[clusters, depth]`; `RANDOM_INIT` or
        `KMEANS_PLUS_PLUS_INIT` for points of the first batches; or a function from a list with one
        batch and the number of missing centers to at most so many centers.
      distance_metric: `SQUARED_EUCLIDEAN_DISTANCE` or `COSINE_DISTANCE`.
      seed: The seed of the draws of first centers; None for the one of the config.
      use_mini_batch: Whether a batch is a part of the points; otherwise each batch has all points.
      mini_batch_steps_per_iteration: The training steps with one set of centers, if
        `use_mini_batch` is set.
      kmeans_plus_plus_num_retries: How many points `KMEANS_PLUS_PLUS_INIT` draws for a center
        besides the first; a negative number for O(log(centers)).
      relative_tolerance: Training stops when the loss changes by a smaller share; None for never.
      config: A `RunConfig`.
      feature_columns: The feature columns that make points of features by name; None for all
        features.

    Raises:
      ValueError: `initial_clusters` or `distance_metric` is an unknown name.
    """

    SQUARED_EUCLIDEAN_DISTANCE = _SQUARED_EUCLIDEAN
    COSINE_DISTANCE = _COSINE
    RANDOM_INIT = kmeans_centers.RANDOM
    KMEANS_PLUS_PLUS_INIT = kmeans_centers.KMEANS_PLUS_PLUS
    SCORE = "score"
    CLUSTER_INDEX = "cluster_index"
    ALL_DISTANCES = "all_distances"
    CLUSTER_CENTERS_VAR_NAME = kmeans_graph.CLUSTERS

    def __init__(
        self,
        num_clusters: Any,
        model_dir: Any = None,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        seed: int | None = None,
        use_mini_batch: bool = True,
        mini_batch_steps_per_iteration: int = 1,
        kmeans_plus_plus_num_retries: int = 2,
        relative_tolerance: float | None = None,
        config: Any = None,
        feature_columns: Any = None,
    ) -> None:
        _check_names(initial_clusters, distance_metric)
        self._distance_metric = distance_metric

        def build(points: Tensor) -> KMeansGraph:
            given = initial_clusters
            if not isinstance(given, str) and not callable(given):
                given = tf.convert_to_tensor(given)
            first = FirstCenters(
                initial_clusters=given,
                cosine=distance_metric == _COSINE,
                seed=tf1.random.get_seed(seed)[0],
                retries=kmeans_plus_plus_num_retries,
            )
            settings = Settings(
                first=first,
                use_mini_batch=use_mini_batch,
                steps_per_iteration=int(mini_batch_steps_per_iteration),
            )
            return kmeans_graph.build(points, num_clusters, settings)

        model_fn = _model_fn(build, feature_columns, relative_tolerance)
        super().__init__(model_fn, model_dir, config=config)

    def _predictions(self, input_fn: Callable[..., Any], key: str) -> Iterator[Any]:
        for prediction in self.predict(input_fn=input_fn, predict_keys=[key]):
            yield prediction[key]

    def predict_cluster_index(self, input_fn: Callable[..., Any]) -> Iterator[Any]:
        """Yields the index of the nearest center of each point."""
        yield from self._predictions(input_fn, self.CLUSTER_INDEX)

    def score(self, input_fn: Callable[..., Any]) -> Any:
        """Returns the sum of the distances of the first batch from the nearest centers.

        The distances are squared if the metric is `SQUARED_EUCLIDEAN_DISTANCE`.
        """
        return self.evaluate(input_fn=input_fn, steps=1)[self.SCORE]

    def transform(self, input_fn: Callable[..., Any]) -> Iterator[Any]:
        """Yields the distances of each point from all centers, `[clusters]`; not squared."""
        for distances in self._predictions(input_fn, self.ALL_DISTANCES):
            if self._distance_metric == _SQUARED_EUCLIDEAN:
                yield np.sqrt(distances)
            else:
                yield distances

    def cluster_centers(self) -> Any:
        """Returns the centers, `[clusters, depth]`."""
        return self.get_variable_value(self.CLUSTER_CENTERS_VAR_NAME)


def _check_names(initial_clusters: Any, distance_metric: Any) -> None:
    """Raises ValueError if a name is unknown."""
    ways = (kmeans_centers.RANDOM, kmeans_centers.KMEANS_PLUS_PLUS)
    if isinstance(initial_clusters, str) and initial_clusters not in ways:
        raise ValueError(
            f"Unsupported initialization algorithm '{initial_clusters}'; expected one of {ways}, "
            "centers or a function; pass `initial_clusters`='random', for example."
        )
    metrics = (_SQUARED_EUCLIDEAN, _COSINE)
    if distance_metric not in metrics:
        raise ValueError(
            f"Unsupported distance metric '{distance_metric}'; expected one of {metrics}; pass "
            "`distance_metric`='cosine', for example."
        )


def _model_fn(
    build: Callable[[Tensor], KMeansGraph], columns: Any, tolerance: float | None
) -> Callable[..., Any]:
    """Returns the model_fn of k-means, which takes no labels."""

    def model_fn(features: Features, mode: str, config: Any) -> Any:
        graph = build(_points(features, columns))
        loss = tf.reduce_sum(graph.losses)
        tf1.summary.scalar("loss/raw", loss)
        step = tf1.assign_add(tf1.train.get_global_step(), 1)
        with tf.control_dependencies([graph.train_op, step]):
            train_op = tf.identity(loss)
        hooks: list[Any] = [_FirstCentersHook(graph.init_op, graph.is_initialized, config.is_chief)]
        if tolerance is not None:
            hooks.append(_LossChangeHook(loss, tolerance))
        predictions = {
            KMeansClustering.ALL_DISTANCES: graph.distances,
            KMeansClustering.CLUSTER_INDEX: graph.indices,
        }
        outputs = {
            **predictions,
            tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: graph.indices,
        }
        return EstimatorSpec(
            mode=mode,
            predictions=predictions,
            loss=loss,
            train_op=train_op,
            eval_metric_ops={KMeansClustering.SCORE: tf1.metrics.mean(loss)},
            training_hooks=hooks,
            export_outputs={name: PredictOutput(output) for name, output in outputs.items()},
        )

    return model_fn


def _points(features: Features, columns: Any) -> Any:
    """Returns the points `[batch, depth]` that features are: one feature a column, by name."""
    if not isinstance(features, dict):
        return features
    if columns:
        return tf1.feature_column.input_layer(features, columns)
    return tf.concat([features[name] for name in sorted(features)], axis=1)


class _FirstCentersHook(tf1.train.SessionRunHook):
    """Runs the op that chooses first centers until all are there; other workers wait."""

    def __init__(self, init_op: Operation, is_initialized: Variable, is_chief: bool) -> None:
        self._init_op = init_op
        self._is_initialized = is_initialized
        self._is_chief = is_chief

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Chooses the first centers."""
        del coord
        while not session.run(self._is_initialized):
            if self._is_chief:
                session.run(self._init_op)
            else:
                time.sleep(1)


class _LossChangeHook(tf1.train.SessionRunHook):
    """Stops the training when the loss changes by less than a share of it."""

    def __init__(self, loss: Tensor, tolerance: float) -> None:
        self._loss = loss
        self._tolerance = tolerance
        self._previous: Any = None

    def before_run(self, run_context: Any) -> Any:
        """Asks for the loss."""
        del run_context
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Compares the loss with the one of the training step before."""
        loss = run_values.results
        if self._previous:
            change = abs(loss - self._previous) / (1 + abs(self._previous))
            if change < self._tolerance:
                run_context.request_stop()
        self._previous = loss
