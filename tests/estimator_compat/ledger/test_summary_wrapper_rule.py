"""Generated losses are the sum of their averages, each times its multiplier."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import Phase, example, given, settings

from estimator_compat.ledger import reader, recomputation, summary_wrapper
from estimator_compat.ledger import steps as ledger_steps
from estimator_compat.ledger.steps import Operation
from estimator_compat.ledger.values import LossTerm
from tests.estimator_compat.ledger.generated_losses import Part, parts
from tests.estimator_compat.ledger.spelled_losses import (
    BATCHES,
    FEATURES,
    LABELS,
    average,
    placeholders,
)

tf1 = tf.compat.v1
LIKELIHOOD = Part(
    losses="likelihoods",
    inner="",
    product="w * (c * l)",
    number=0.5,
    weights="sum of w",
    reduction="mean",
    outside=("-x", "0.5 * x"),
)


def full(losses: Any, weights: Any) -> tuple[Any, Any]:
    """Returns losses, and their weights in the same shape."""
    return losses, tf.ones_like(losses) * (1.0 if weights is None else weights)


def multiplier(term: LossTerm) -> Any:
    """Returns what the steps of a term make of losses that are all 1.

    A sign and the factors inside of the reduction are a part of the losses, and not of the steps.
    """
    graph = tf1.get_default_graph()
    number = tf.ones_like(graph.get_tensor_by_name(term.tensors[0]))
    for step in term.steps:
        if step.operation is Operation.NEGATE or step.part is ledger_steps.Part.LOSSES:
            continue
        operand = graph.get_tensor_by_name(step.tensor) if step.tensor else step.value
        number = recomputation.applied(step, number, operand)
    return number


# A failing example is not made smaller: that would build hundreds of graphs.
@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(parts=parts())
@example(parts=[LIKELIHOOD])
def test_a_loss_is_the_sum_of_its_averages_times_their_multipliers(parts: list[Part]) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        features, labels = placeholders("features", FEATURES), placeholders("labels", LABELS)
        built = [part.build(features, labels) for part in parts]
        loss = tf.add_n([term for term, _ in built]) if len(built) > 1 else built[0][0]
        ledger = reader.ledger(loss, features, labels)
        terms = [term for term in ledger.data_terms if not term.doubt]
        assert len(terms) == len(ledger.terms) == len(built)
        found = [summary_wrapper.unreduced(term) for term in terms]
        multipliers = [multiplier(term) for term in terms]
        session.run(tf1.global_variables_initializer())
        for batch in BATCHES:
            feed = {features[name]: value[batch] for name, value in FEATURES.items()}
            feed |= {labels[name]: value[batch] for name, value in LABELS.items()}
            pairs, truths, sizes, value = session.run(
                (
                    [full(*one) for one in found],
                    [full(*truth) for _, truth in built],
                    multipliers,
                    loss,
                ),
                feed,
            )
            averages = [average([pair]) for pair in pairs]
            expected = [average([pair]) for pair in truths]
            np.testing.assert_allclose(averages, expected, rtol=1e-4, atol=1e-5)
            assert min(sizes) >= 0
            assert np.sum(np.multiply(sizes, averages)) == pytest.approx(value, rel=1e-4, abs=1e-4)
