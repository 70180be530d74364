"""Histograms that are added up, by hand."""

import math
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.losses.histogram_total import HistogramTotal

tf1 = tf.compat.v1


def serialized(values: list[float], buckets: dict[float, float]) -> bytes:
    """A summary of values, whose buckets end at the keys."""
    histogram = tf1.HistogramProto(
        min=min(values),
        max=max(values),
        num=len(values),
        sum=sum(values),
        sum_squares=math.fsum(value**2 for value in values),
        bucket_limit=list(buckets),
        bucket=list(buckets.values()),
    )
    return tf1.Summary(value=[{"tag": "any", "histo": histogram}]).SerializeToString()


def total(*parts: bytes) -> Any:
    added = HistogramTotal()
    for part in parts:
        added.add(part)
    return added.summary()


def test_nothing() -> None:
    assert len(total().value) == 0


def test_one_histogram_is_itself() -> None:
    part = serialized([1.0, 3.0, 3.5], {1.0: 0, 2.0: 1, 3.0: 0, 4.0: 2})
    [value] = total(part).value
    assert value.tag == "loss_per_example"
    assert value.histo == tf1.Summary.FromString(part).value[0].histo


def test_two_histograms() -> None:
    [value] = total(
        serialized([1.5, 1.75], {1.0: 0, 2.0: 2, 3.0: 0}),
        serialized([0.5, 1.25, 5.5], {0.0: 0, 1.0: 1, 2.0: 1, 5.0: 0, 6.0: 1}),
    ).value
    histogram = value.histo
    assert (histogram.min, histogram.max, histogram.num) == (0.5, 5.5, 5)
    assert histogram.sum == 1.5 + 1.75 + 0.5 + 1.25 + 5.5
    squares = 2.25 + 3.0625 + 0.25 + 1.5625 + 30.25
    assert histogram.sum_squares == pytest.approx(squares, rel=1e-15)
    # The empty buckets that end at 3 and at 5 become one.
    assert dict(zip(histogram.bucket_limit, histogram.bucket, strict=True)) == {
        0.0: 0,
        1.0: 1,
        2.0: 3,
        5.0: 0,
        6.0: 1,
    }
