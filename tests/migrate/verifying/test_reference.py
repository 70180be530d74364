"""The reference of a verification, with numbers by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec, RunConfig
from migrate.targets import Target
from migrate.verifying.batches import materialize
from migrate.verifying.reference import Reference, make_reproducible

BATCHES = np.array([[1, 2], [1, 1]], np.float32)
MODES = ("train", "eval", "infer")


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(BATCHES)


def model_fn(features: Any, mode: str) -> Any:
    """The loss is the sum of `w * features`, so that the gradient is the sum of the features."""
    weight = tf1.get_variable("w", initializer=1.0)
    outputs = weight * features
    if mode == "infer":
        tf1.get_variable("only", initializer=1.0)
        return EstimatorSpec(mode, predictions=outputs + 0 * tf.random.uniform([], name="drawn"))
    loss = tf.reduce_sum(outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    step = tf1.train.get_global_step()
    return EstimatorSpec(mode, loss=loss, train_op=optimizer.minimize(loss, step))


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    target = make_reproducible(Target(model_fn=model_fn, input_fns=input_fn), str(tmp_path / "run"))
    return Reference(target, {mode: materialize(target, mode, 2) for mode in MODES})


def test_a_training_is_recorded_and_its_weights_are_used(reference: Reference) -> None:
    lines: list[str] = []
    record = reference.train(lines.append)
    assert lines == ["reference: step 1 of 2", "reference: step 2 of 2"]
    # 1 - 0.1 * (1 + 2) = 0.7, and 0.7 - 0.1 * (1 + 1) = 0.5.
    weights = [values["w"] for values in (record.initial, record.first, record.final)]
    np.testing.assert_allclose(weights, [1, 0.7, 0.5], rtol=1e-6)
    steps = [values["global_step"] for values in (record.initial, record.first, record.final)]
    assert steps == [0, 1, 2]
    np.testing.assert_allclose(record.losses, [3, 1.4], rtol=1e-6)  # 1 * 3, 0.7 * 2
    assert record.trainable == {"w"}
    metrics = reference.evaluate()
    assert metrics["loss"] == pytest.approx(1.25, rel=1e-6)  # the mean of 0.5 * 3 and 0.5 * 2
    assert metrics["global_step"] == 2


def test_predictions_need_values_for_all_variables(reference: Reference) -> None:
    reference.train(lambda line: None)
    requirements = reference.graph_requirements("infer")
    assert requirements.untrained == ("only",)
    assert [op.name for op in requirements.random] == ["drawn/RandomUniform"]
    assert reference.graph_requirements("eval") == ((), (), True)


def test_the_first_batch_is_computed_with_given_weights(reference: Reference) -> None:
    trained = reference.forward("train", {"w": np.float32(4)})
    assert trained.values == {"w": 3.0}
    assert trained.random == ()
    predicted = reference.forward("infer", {"w": np.float32(4)})
    np.testing.assert_array_equal(predicted.values, [4, 8])
    assert [op.type for op in predicted.random] == ["RandomUniform"]


def test_weights_that_are_perturbed_are_the_next_floats(reference: Reference) -> None:
    record = reference.train(lambda line: None)
    perturbed = reference.train_perturbed(record, lambda line: None)
    neighbors = [np.nextafter(np.float32(1), np.float32(toward)) for toward in (0, 2)]
    assert perturbed.initial["w"] in neighbors
    assert len(perturbed.losses) == 2


def test_a_config_gets_a_seed_and_checkpoints() -> None:
    config = RunConfig(save_checkpoints_secs=None, save_checkpoints_steps=None)
    made = make_reproducible(Target(model_fn=model_fn, input_fns=input_fn, config=config), "folder")
    config = made.run_config
    assert (config.model_dir, config.tf_random_seed) == ("folder", 1)
    assert config.save_checkpoints_secs == 600


def test_own_seeds_and_intervals_stay() -> None:
    config = RunConfig(tf_random_seed=7, save_checkpoints_steps=5)
    made = make_reproducible(Target(model_fn=model_fn, input_fns=input_fn, config=config), "folder")
    config = made.run_config
    assert (config.tf_random_seed, config.save_checkpoints_steps) == (7, 5)
    assert config.save_checkpoints_secs is None


@pytest.mark.parametrize("fails", [True, False])
def test_numpy_draws_the_same_in_each_call_and_as_before_afterwards(fails: bool) -> None:
    drawn: list[float] = []

    def drawing(features: Any, mode: str) -> Any:
        drawn.append(np.random.rand())
        if fails:
            raise KeyError("broken")
        return EstimatorSpec("infer", predictions=tf.constant(1.0))

    model = make_reproducible(Target(model_fn=drawing, input_fns=input_fn), "folder").model_fn
    np.random.seed(5)
    expected = np.random.rand(2).tolist()
    np.random.seed(5)
    after = []
    for _ in range(2):
        try:
            model(None, "infer")
        except KeyError:
            assert fails
        after.append(np.random.rand())
    assert drawn[0] == drawn[1]
    assert after == expected
