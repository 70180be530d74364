"""An Estimator under strategies: one replica and none, and where two differ from the original."""

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.losses.per_example_csv import PerExampleLossHook
from tests.estimator_compat.distribution.test_recorded import RECORDED, assert_equal, ran
from tests.models import small_model

ONE_REPLICA = {
    "mirrored": lambda: tf.distribute.MirroredStrategy(["/cpu:0"]),
    "one_device": lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    "mirrored_of_version_1": lambda: tf.compat.v1.distribute.MirroredStrategy(["/cpu:0"]),
    "central_storage": lambda: tf.distribute.experimental.CentralStorageStrategy(),
}


def _run(folder: Path, strategy: Any) -> Any:
    estimator = small_model.estimator(folder, train_distribute=strategy, eval_distribute=strategy)
    estimator.train(small_model.forever, steps=4)
    values = {name: estimator.get_variable_value(name) for name in estimator.get_variable_names()}
    predicted = [row["p"] for row in estimator.predict(small_model.once)]
    return json.dumps(
        [
            {name: value.tolist() for name, value in values.items()},
            {name: float(value) for name, value in estimator.evaluate(small_model.once).items()},
            [float(value) for value in predicted],
            small_model.steps(folder),
        ]
    )


@pytest.mark.parametrize("strategy", ONE_REPLICA.values(), ids=ONE_REPLICA)
def test_one_replica_gives_the_same_bits(tmp_path: Path, strategy: Any) -> None:
    assert _run(tmp_path / "one", strategy()) == _run(tmp_path / "none", None)


def test_a_hook_that_reads_the_batch_needs_one_device(tmp_path: Path) -> None:
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    estimator = small_model.estimator(tmp_path, eval_distribute=strategy)
    hook = PerExampleLossHook(str(tmp_path / "losses.csv"))
    told = (
        "^`hooks` has .*PerExampleLossHook.*, which reads the features and labels of a batch, .*; "
        "expected an evaluation on one device; evaluate with an Estimator whose RunConfig has no "
    )
    with pytest.raises(ValueError, match=told):
        estimator.evaluate(small_model.once, hooks=[hook])


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return ran("default_session", "replica_and_none", "end_of_the_input", "loss_summaries")


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_session_that_is_not_told_how_many_cpus(ours: dict[str, Any]) -> None:
    """The original waited for ever in its first step."""
    assert_equal(ours["default_session"], RECORDED["mean_loss"], "default_session")


@pytest.mark.slow
@pytest.mark.subprocess
def test_dropout_and_shuffling_in_one_replica(ours: dict[str, Any]) -> None:
    found = ours["replica_and_none"]
    assert found["one"] == found["none"]
    assert found["device"] == found["none"]


@pytest.mark.slow
@pytest.mark.subprocess
def test_no_replica_computes_with_the_last_batches(ours: dict[str, Any]) -> None:
    """Two batches are one step. A third one changes no moving average and no metric."""
    found = ours["end_of_the_input"]
    assert found["3"] == found["2"]


@pytest.mark.slow
@pytest.mark.subprocess
def test_several_replicas_get_no_summaries_of_the_losses(ours: dict[str, Any]) -> None:
    # The mean over the replicas of 1 and 9; with 5 and 3 examples, `average_loss` would be 4.
    found = ours["loss_summaries"]
    assert found["evaluated"] == {"global_step": 1, "loss": 5.0}
    assert found["summaries"] == {"1": {"loss": 5.0}}
