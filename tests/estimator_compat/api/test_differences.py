"""Every difference is of a public name."""

from estimator_compat.api import coverage, differences

ESTIMATORS = coverage.estimator_names()


def test_every_difference_is_of_a_public_name() -> None:
    kept = {name.removeprefix("estimator.") for name in ESTIMATORS} | {"tpu.CrossShardOptimizer"}
    assert differences.DIFFERENCES.keys() <= kept
