"""The first centers of `KMeans`: drawn from the batches, or given."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Operation, Tensor, Variable

RANDOM = "random"
KMEANS_PLUS_PLUS = "kmeans_plus_plus"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCenters:
    """How the first centers are chosen.

    Attributes:
      initial_clusters: `RANDOM`, `KMEANS_PLUS_PLUS`, a tensor `[clusters, depth]`, or a function
        from a list with one batch and the number of missing centers to at most so many centers.
      cosine: Whether the distance is the cosine distance, whose centers have length 1.
      seed: The seed of the draws.
      retries: As `kmeans_plus_plus_num_retries` of `KMeans`.
    """

    initial_clusters: Any
    cosine: bool
    seed: int
    retries: int

    def initialize(
        self,
        points: Tensor,
        num_clusters: Tensor,
        *,
        centers: Variable,
        updated: Variable,
        is_initialized: Variable,
    ) -> Operation:
        """Returns an op that adds centers from a batch; it runs until all centers are there.

        Args:
          points: The batch, `[batch, depth]`.
          num_clusters: The number of clusters, a scalar.
          centers: The variable of the centers.
          updated: The variable that training updates; it may be `centers` itself.
          is_initialized: The variable that becomes True with the last center.
        """
        present = tf1.shape(centers)[0]
        missing = num_clusters - present

        def add() -> Any:
            with tf.control_dependencies([tf1.assert_positive(missing)]):
                new = self._choose(points, missing)
            if self.cosine:
                new = tf.math.l2_normalize(new, axis=1)
            every = tf1.cond(
                tf.equal(present, 0), lambda: new, lambda: tf.concat([centers, new], 0)
            )
            value = tf1.assign(centers, every, validate_shape=False)
            if updated is not centers:
                value = tf1.assign(updated, value, validate_shape=False)
            return tf1.cond(
                tf.equal(num_clusters, tf1.shape(value)[0]),
                lambda: tf1.assign(is_initialized, True),
                tf.no_op,
            )

        return tf1.cond(tf.equal(missing, 0), lambda: tf1.assert_equal(is_initialized, True), add)

    def _choose(self, points: Tensor, missing: Tensor) -> Tensor:
        """Returns new centers, `[at most missing, depth]`."""
        count = tf1.shape(points)[0]
        if callable(self.initial_clusters):
            return self.initial_clusters([points], missing)
        if not isinstance(self.initial_clusters, str):
            fits = tf1.assert_equal(missing, tf1.shape(self.initial_clusters)[0])
            with tf.control_dependencies([fits]):
                return tf.identity(self.initial_clusters)
        if self.initial_clusters == RANDOM:
            return tf1.cond(
                count <= missing, lambda: points, lambda: self._draw(points, count, missing)
            )
        # The centers of one call must come from one batch.
        with tf.control_dependencies([tf1.assert_greater_equal(count, missing)]):
            given = tf.math.l2_normalize(points, axis=1) if self.cosine else points
            return tf.raw_ops.KmeansPlusPlusInitialization(
                points=given,
                num_to_sample=tf.cast(missing, tf.int64),
                seed=tf.constant(self.seed, tf.int64),
                num_retries_per_sample=tf.constant(self.retries, tf.int64),
            )

    def _draw(self, points: Tensor, count: Tensor, missing: Tensor) -> Tensor:
        """Returns points of a batch; one may come twice."""
        rows = tf1.random_uniform(
            tf.reshape(missing, [-1]),
            minval=0,
            maxval=tf.cast(count, tf.int64),
            seed=self.seed,
            dtype=tf.int64,
        )
        return tf.gather(points, rows)
