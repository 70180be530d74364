"""A global mean is refused, before training, where the loss is no sum over the examples."""

import random

import numpy as np
import pytest
import tensorflow as tf

from migrate.hosting.replicas import probed_terms
from migrate.targets import Target
from tests.estimator_compat.ledger.probes import test_probing
from tests.estimator_compat.ledger.probes.small_batch import LossFn, target

SOME = (test_probing.pairs, test_probing.by_users, test_probing.in_batch_softmax)


@pytest.mark.parametrize("loss_fn", SOME, ids=lambda fn: fn.__name__)
def test_what_is_refused(loss_fn: LossFn) -> None:
    with pytest.raises(ValueError, match="is not possible for the loss") as raised:
        probed_terms.check(target(loss_fn))
    assert "rewrite the term, or keep the default" in str(raised.value)


def test_what_is_taken_and_that_no_random_number_is_used_up() -> None:
    states = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    probed_terms.check(target(test_probing.weighted))
    after = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    assert after == states


def test_a_target_without_an_input_is_not_probed() -> None:
    placeholder = tf.compat.v1.placeholder
    without_input = Target(
        model_fn=target(test_probing.pairs).model_fn,
        input_fns=lambda: placeholder(tf.float32, [None, 3]),
    )
    probed_terms.check(without_input)
