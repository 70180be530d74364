"""The interface of a program's own head."""

from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec, tpu
from estimator_compat.heads import legacy_base


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


class Named(legacy_base.Head):
    """A head that defines no spec."""


class Mine(legacy_base.Head):
    """A head whose loss is the sum of its logits."""

    def _create_tpu_estimator_spec(
        self, features: Any, mode: str, logits: Any, *arguments: Any
    ) -> Any:
        return tpu.TPUEstimatorSpec(mode, loss=tf.reduce_sum(logits))


def test_a_head_says_what_it_lacks() -> None:
    with pytest.raises(NotImplementedError, match=r"`name` of Named is not defined; .* define it"):
        _ = Named().name
    with pytest.raises(NotImplementedError, match="Named has neither; define one of these methods"):
        Named().create_estimator_spec({}, "eval", tf.ones([2]))


def test_the_spec_of_a_head_is_that_of_an_estimator() -> None:
    spec = Mine().create_estimator_spec({}, "eval", tf.ones([2]))
    assert type(spec) is EstimatorSpec
    assert (spec.mode, spec.loss.op.type) == ("eval", "Sum")
