"""The graph of `KMeans`: distances to the centers, and the two ways of training the centers."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned.kmeans_centers import FirstCenters
from estimator_compat.type_aliases import Operation, Tensor, Variable

CLUSTERS = "clusters"


class KMeansGraph(NamedTuple):
    """k-means in a graph.

    Attributes:
      distances: From each point to each center, `[batch, clusters]`.
      indices: The nearest center of each point, `[batch]`.
      losses: The distance of each point from its nearest center, `[batch]`.
      is_initialized: The variable that tells whether all first centers are chosen.
      init_op: Chooses first centers from a batch.
      train_op: Trains the centers with a batch.
    """

    distances: Tensor
    indices: Tensor
    losses: Tensor
    is_initialized: Variable
    init_op: Operation
    train_op: Operation


class _Variables(NamedTuple):
    """The variables of k-means.

    Attributes:
      centers: The centers by which points are assigned.
      is_initialized: Whether all first centers are chosen.
      updated: The centers that training updates; it may be `centers` itself.
      counts: The number of points of each center so far, or None in a full batch.
      steps_left: The training steps until `updated` is copied to `centers`, or None.
    """

    centers: Variable
    is_initialized: Variable
    updated: Variable
    counts: Variable | None
    steps_left: Variable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of k-means that decide its graph.

    Attributes:
      first: How the first centers are chosen, with the kind of distance.
      use_mini_batch: Whether a batch is a part of the points.
      steps_per_iteration: The training steps with one set of centers, if `use_mini_batch` is set.
    """

    first: FirstCenters
    use_mini_batch: bool
    steps_per_iteration: int

    @property
    def keeps_copy(self) -> bool:
        """Whether training updates a copy of the centers."""
        return self.use_mini_batch and self.steps_per_iteration > 1

    @property
    def keeps_length(self) -> bool:
        """Whether the centers have length 1 after each training step."""
        return self.first.cosine and (not self.use_mini_batch or self.keeps_copy)


def build(points: Tensor, num_clusters: Any, settings: Settings) -> KMeansGraph:
    """Builds k-means.

    Args:
      points: The batch, `[batch, depth]`.
      num_clusters: The number of clusters, if the first centers are not given.
      settings: The settings.
    """
    first = settings.first
    if isinstance(first.initial_clusters, str) or callable(first.initial_clusters):
        clusters = tf.convert_to_tensor(num_clusters)
    else:
        clusters = tf1.shape(first.initial_clusters)[0]
    variables = _make_variables(clusters, settings)
    init_op = first.initialize(
        points,
        clusters,
        centers=variables.centers,
        updated=variables.updated,
        is_initialized=variables.is_initialized,
    )
    centers = variables.centers
    if first.cosine:
        points = tf.math.l2_normalize(points, axis=1)
        if not settings.keeps_length:
            centers = tf.math.l2_normalize(centers, axis=1)
    indices, losses = _nearest(points, centers, settings)
    if settings.use_mini_batch:
        with tf.control_dependencies([_copy_centers(variables, settings)]):
            train_op = _train_on_mini_batch(points, indices, variables)
    else:
        train_op = _train_on_full_batch(points, indices, clusters, variables, first.cosine)
    return KMeansGraph(
        distances=_distances(points, centers, cosine=first.cosine),
        indices=indices,
        losses=losses,
        is_initialized=variables.is_initialized,
        init_op=init_op,
        train_op=train_op,
    )


def _make_variables(clusters: Tensor, settings: Settings) -> _Variables:
    # The shape is known with the last first center only.
    empty = tf1.placeholder_with_default([], shape=None)
    centers = tf1.Variable(empty, name=CLUSTERS, validate_shape=False)
    is_initialized = tf1.Variable(False, dtype=tf.bool, name="initialized")
    if not settings.keeps_copy:
        counts = None
        if settings.use_mini_batch:
            counts = tf1.Variable(tf.ones([clusters], tf.int64))
        return _Variables(centers, is_initialized, centers, counts, None)
    updated = tf1.Variable(empty, name="clusters_updated", validate_shape=False)
    steps_left = tf1.Variable(settings.steps_per_iteration, dtype=tf.int64, name="update_in_steps")
    counts = tf1.Variable(tf.zeros([clusters], tf.int64))
    return _Variables(centers, is_initialized, updated, counts, steps_left)


def _distances(points: Tensor, centers: Any, *, cosine: bool) -> Tensor:
    """Returns the squared euclidean, or the cosine distances, `[batch, clusters]`."""
    products = tf.matmul(points, centers, transpose_b=True)
    if cosine:
        return 1 - products
    lengths = tf.reduce_sum(tf.square(points), 1, keepdims=True)
    center_lengths = tf.reduce_sum(tf.square(centers), 1, keepdims=True)
    return lengths - 2 * products + tf.transpose(center_lengths)


def _nearest(points: Tensor, centers: Any, settings: Settings) -> tuple[Tensor, Tensor]:
    """Returns the nearest center of each point, and the distance from it."""
    cosine = settings.first.cosine
    if cosine and not settings.keeps_length:
        centers = tf.math.l2_normalize(centers, axis=1)
    indices, distances = tf.raw_ops.NearestNeighbors(
        points=points, centers=centers, k=tf.constant(1, tf.int64)
    )
    if cosine:
        # |u - v|**2 = 2 * (1 - u.v) for vectors of length 1.
        distances *= 0.5
    return tf.squeeze(indices, [-1]), tf.squeeze(distances, [-1])


def _copy_centers(variables: _Variables, settings: Settings) -> Operation:
    """Returns the op that counts a training step, and copies the updated centers if it is due."""
    left = variables.steps_left
    if left is None:
        return tf.no_op()

    def copy() -> Tensor:
        with tf.control_dependencies([tf1.assign(left, settings.steps_per_iteration - 1)]):
            value = tf.identity(variables.updated)
            if settings.first.cosine:
                value = tf.math.l2_normalize(value, axis=1)
            copied = tf1.assign(variables.centers, value)
        with tf.control_dependencies([copied]):
            forgotten = tf1.assign(variables.counts, tf.zeros_like(variables.counts))
        with tf.control_dependencies([forgotten]):
            return tf.identity(left)

    return tf1.cond(left <= 0, copy, lambda: tf1.assign_sub(left, 1))


def _train_on_mini_batch(points: Tensor, indices: Tensor, variables: _Variables) -> Operation:
    """Returns the op that moves centers towards their new points.

    A center x of n points that gets the points d_1, ... d_k becomes
    x + (d_1 + ... + d_k - k * x) / (n + 2 * k). The original meant n + k. Nothing made it read the
    counts before it added k to them, and its runs added first. The order is fixed here.
    """
    nearest, places = tf.unique(tf.reshape(indices, [-1]))
    count = tf.size(nearest)
    new_counts = tf.math.unsorted_segment_sum(tf.ones_like(places, tf.int64), places, count)
    counted = tf1.scatter_add(variables.counts, nearest, new_counts)
    with tf.control_dependencies([counted]):
        counts = tf.gather(variables.counts, nearest) + new_counts
    old_centers = tf.gather(variables.updated, nearest)
    column = tf.concat([tf.reshape(count, [1]), tf.ones([tf.rank(points) - 1], tf.int32)], 0)
    moves = tf.math.unsorted_segment_sum(points, places, count)
    moves -= tf.cast(tf.reshape(new_counts, column), points.dtype) * old_centers
    moves *= tf.reshape(tf.math.reciprocal(tf.cast(counts, points.dtype)), column)
    return tf.group(counted, tf1.scatter_add(variables.updated, nearest, moves))


def _train_on_full_batch(
    points: Tensor, indices: Tensor, clusters: Tensor, variables: _Variables, cosine: bool
) -> Operation:
    """Returns the op that moves each center to the mean of its points."""
    sums = tf.math.unsorted_segment_sum(points, indices, clusters)
    ones = tf.ones([tf1.shape(points)[0], 1])
    counts = tf.math.unsorted_segment_sum(ones, indices, clusters)
    means = sums / (tf.cast(counts, sums.dtype) + tf.constant(1e-6, points.dtype))
    if cosine:
        means = tf.math.l2_normalize(means, axis=1)
    return tf1.assign(variables.centers, means)
