"""Two replicas: the recorded Estimator's numbers, and those computed by hand.

The processor must be split in two before TensorFlow starts, so each case runs in its own process.
"""

import numpy as np
import pytest

from tests.migrate.hosting.replicas.cases import BY_HAND, RECORDED, case
from tests.migrate.hosting.replicas.programs import LINEAR
from tests.recording.values import from_hex

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_losses_and_variables_are_those_of_the_estimator(name: str) -> None:
    real, ours = RECORDED[name], case("recorded")[name]
    np.testing.assert_allclose(from_hex(ours["losses"]), from_hex(real["losses"]), rtol=1e-6)
    assert ours["variables"].keys() == real["variables"].keys()
    for variable, values in real["variables"].items():
        found = from_hex(ours["variables"][variable])
        np.testing.assert_allclose(found, from_hex(values), rtol=1e-5, atol=1e-6, err_msg=variable)


@pytest.mark.parametrize("kind", ["1", "2"])
def test_the_strategy_of_the_config_is_trained_on_as_by_the_estimator(kind: str) -> None:
    real, ours = RECORDED["batch_norm"], case("of_the_config")[kind]
    np.testing.assert_allclose(from_hex(ours["losses"]), from_hex(real["losses"]), rtol=1e-6)
    for variable, values in real["variables"].items():
        found = from_hex(ours["variables"][variable])
        np.testing.assert_allclose(found, from_hex(values), rtol=1e-5, atol=1e-6, err_msg=variable)


def test_metrics_that_are_made_in_training_change_nothing() -> None:
    real, ours = RECORDED["batch_norm"], case("with_metrics")
    np.testing.assert_allclose(from_hex(ours["losses"]), from_hex(real["losses"]), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_loss_and_gradient_by_hand(name: str) -> None:
    legacy, exact = BY_HAND[name]
    found = case("by_hand")
    assert found.keys() == BY_HAND.keys()
    np.testing.assert_allclose(found[name], [legacy, exact], rtol=1e-6)


@pytest.mark.parametrize("name", [*LINEAR, "sequences"])
def test_the_global_mean_is_what_one_replica_computes_of_the_whole_batch(name: str) -> None:
    two, one = case("one_batch")[name]
    np.testing.assert_allclose(from_hex(two["losses"]), from_hex(one["losses"]), rtol=2e-6)
    for variable, values in one["variables"].items():
        found = from_hex(two["variables"][variable])
        np.testing.assert_allclose(found, from_hex(values), rtol=1e-5, atol=1e-5, err_msg=variable)


REFUSALS = {
    "another_loss": "no gradient of mean((scale * labels)[batch]) was found where it is summed",
    "gradient_in_loss": "",
    "no_sum": "no gradient of square(scale) was found where it is summed",
    "number": "5 may count the examples of a replica, those of all, or neither",
    "opaque": "Max of type Max: it is not linear in the losses behind it",
    "over_the_batch": "1 / shape(features)[0] (truediv:0) is computed from a replica's whole batch",
    "weights_over_their_sum": "features / sum(features) (truediv:0) is computed from a replica's",
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_global_mean_that_is_not_known_is_refused(name: str) -> None:
    text = case("refused")[name]
    assert text.startswith("`global_mean` (True) is not possible for ")
    assert REFUSALS[name] in text
    assert text.endswith("or keep the default, the average of the replicas' losses.")


def test_a_scalar_cannot_be_split() -> None:
    assert case("refused")["scalar"] == (
        "the input has scalars (IteratorGetNext:0); expected tensors whose first axis is the "
        "batch, to split it over the replicas; give each example a value of its own, or let the "
        "input yield a batch for each replica, with `split=False`."
    )


def test_a_batch_is_split_as_tensorflow_splits_it() -> None:
    found = case("splits")
    assert found["ours"] == found["theirs"]
    assert found["ours"][0] == [[0, 1, 2], [3, 4]]
    assert found["sparse"] == [[[1, 0], [0, 2]], [[3, 4]]]


def test_batches_for_replicas_are_grouped_and_the_rest_left_out() -> None:
    assert case("splits")["consecutive"] == [[[0, 1], [2, 3], [4, 5]]]
