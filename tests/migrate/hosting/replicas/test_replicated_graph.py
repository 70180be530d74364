"""Two replicas train as the recorded Estimator did.

The processor must be split in two before TensorFlow starts, so each case runs in its own process.
"""

import numpy as np
import pytest

from tests.migrate.hosting.replicas.cases import RECORDED, case
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
