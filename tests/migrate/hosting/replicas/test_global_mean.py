"""The global mean on two replicas: by hand, and as one replica computes it of the whole batch."""

import numpy as np
import pytest

from tests.migrate.hosting.replicas.cases import BY_HAND, case
from tests.migrate.hosting.replicas.programs import LINEAR
from tests.recording.values import from_hex


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_loss_and_gradient_by_hand(name: str) -> None:
    legacy, exact = BY_HAND[name]
    found = case("by_hand")
    assert found.keys() == BY_HAND.keys()
    np.testing.assert_allclose(found[name], [legacy, exact], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.subprocess
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


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_global_mean_that_is_not_known_is_refused(name: str) -> None:
    text = case("refused")[name]
    assert text.startswith("`global_mean` (True) is not possible for ")
    assert REFUSALS[name] in text
    assert text.endswith("or keep the default, the average of the replicas' losses.")
