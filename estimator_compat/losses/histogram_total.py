"""Adds up histograms of losses."""

from typing import Any

import tensorflow as tf

HISTOGRAM_TAG = "loss_per_example"


class HistogramTotal:
    """Adds up serialized histogram summaries into that of all their values."""

    def __init__(self) -> None:
        self._total: Any = None
        self._counts: dict[float, float] = {}

    def add(self, serialized: bytes) -> None:
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
        """Returns the `tf.compat.v1.Summary`, without a value where nothing was added."""
        summary = tf.compat.v1.Summary()
        if self._total is not None:
            limits = self._limits()
            self._total.bucket_limit[:] = limits
            self._total.bucket[:] = [self._counts[limit] for limit in limits]
            summary.value.add(tag=tag, histo=self._total)
        return summary

    def _limits(self) -> list[float]:
        # TensorFlow writes a run of empty buckets as one, which ends where the run ends.
        limits = sorted(self._counts)
        pairs = zip(limits, [*limits[1:], None], strict=True)
        return [n for n, after in pairs if after is None or self._counts[n] or self._counts[after]]
