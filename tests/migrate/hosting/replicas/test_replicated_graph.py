"""Two replicas train as the recorded Estimator did.

The processor must be split in two before TensorFlow starts, so each case runs in its own process.
"""

import pytest

from tests.migrate.hosting.replicas.cases import RECORDED, case, check

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_losses_and_variables_are_those_of_the_estimator(name: str) -> None:
    ours = case("recorded")[name]
    check(ours["losses"], ours["variables"], name)


@pytest.mark.parametrize("kind", ["1", "2"])
def test_the_strategy_of_the_config_is_trained_on_as_by_the_estimator(kind: str) -> None:
    ours = case("of_the_config")[kind]
    variables = {name: ours["variables"][name] for name in RECORDED["batch_norm"]["variables"]}
    check(ours["losses"], variables, "batch_norm")


def test_metrics_that_are_made_in_training_change_nothing() -> None:
    ours = case("with_metrics")
    variables = {name: ours["variables"][name] for name in RECORDED["batch_norm"]["variables"]}
    check(ours["losses"], variables, "batch_norm")
