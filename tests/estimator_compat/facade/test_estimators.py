"""Names below `tf.estimator`, public and private."""

import estimator_compat
from estimator_compat.facade import estimators


def test_the_run_config_of_tpus_is_its_own() -> None:
    assert estimators.find("tensorflow.estimator.RunConfig") is estimator_compat.RunConfig
    assert estimators.find("tensorflow.estimator.tpu.RunConfig") is not estimator_compat.RunConfig
    assert estimators.find("python.estimator.run_config.RunConfig") is estimator_compat.RunConfig
