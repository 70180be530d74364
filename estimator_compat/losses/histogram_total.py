"""Adds up histograms of losses."""

from typing import Any

import tensorflow as tf

HISTOGRAM_TAG = "loss_per_example"


class HistogramTotal:
    """Adds up serialized histogram summaries into the histogram of all their values."""

    def __init__(self) -> None:
        self._total: Any = None
        self._counts: dict[float, float] = {}

    def add(self, serialized: bytes) -> None:
        """Adds a serialized `tf.compat.v1.Summary` whose first value is a histogram."""
        part = tf.compat.v1.Summary.FromString(serialized).value[0].histo
        for limit, count in zip(part.bucket_limit, part.bucket, strict=True):
            self._counts[limit] = self._counts.get(limit, 0.0) + count
        if self._total is None:
            self._total = part
            return
        self._total.min = min(self._total.min, part.min)
        self._total.max = max(self._total.max, part.max)
        self._total.num += part.num
        self._total.sum += part.sum
        self._total.sum_squares += part.sum_squares

    def summary(self, tag: str = HISTOGRAM_TAG) -> Any:
        """Returns a `tf.compat.v1.Summary` with the total; it is empty if nothing was added."""
        summary = tf.compat.v1.Summary()
        if self._total is not None:
            limits = self._limits()
            self._total.bucket_limit[:] = limits
            self._total.bucket[:] = [self._counts[limit] for limit in limits]
            summary.value.add(tag=tag, histo=self._total)
        return summary

    def _limits(self) -> list[float]:
        # TensorFlow merges neighboring empty buckets. The merged bucket has the limit of the last.
        limits = sorted(self._counts)
        pairs = zip(limits, [*limits[1:], None], strict=True)
        return [n for n, after in pairs if after is None or self._counts[n] or self._counts[after]]
