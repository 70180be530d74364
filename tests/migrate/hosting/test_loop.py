"""The custom loop against our Estimator, with one model_fn: training, steps and variables."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from tests.models.hosted_programs import (
    INPUT_FNS,
    STEPS,
    X,
    Y,
    config,
    hosted,
    model_fn,
    run,
)


@pytest.mark.parametrize("params", [{}, {"dropout": True}], ids=["plain", "dropout"])
@pytest.mark.parametrize("steps_per_loop", [1, 4, 100])
def test_the_bits_are_those_of_the_run(
    tmp_path: Path, params: dict[str, Any], steps_per_loop: int
) -> None:
    trained, losses = run(tmp_path, params)
    loop = hosted(params=params)
    assert loop.train(steps=STEPS, steps_per_loop=steps_per_loop).tolist() == losses
    for name in trained.get_variable_names():
        np.testing.assert_array_equal(trained.get_variable_value(name), loop.variables[name])
    ours, theirs = loop.evaluate(), trained.evaluate(INPUT_FNS["eval"])
    assert ours == theirs
    assert set(ours) == {"average_loss", "global_step", "loss", "mae"}
    batch = next(iter(loop.predict()))
    expected = next(trained.predict(INPUT_FNS["infer"], yield_single_examples=False))
    np.testing.assert_array_equal(batch["y"], expected["y"])


def test_training_ends_with_the_dataset() -> None:
    loop = hosted()
    losses = loop.train(INPUT_FNS["eval"](), steps_per_loop=3)
    assert (len(losses), loop.global_step) == (4, 4)  # 20 examples in batches of 6


def test_a_jit_compiled_loop_trains_nearly_the_same() -> None:
    compiled = hosted(jit_compile=True).train(steps=STEPS)
    np.testing.assert_allclose(compiled, hosted().train(steps=STEPS), rtol=1e-4)


def test_a_graph_that_does_not_fit_the_others_leaves_no_variables() -> None:
    def wider(features: Any, labels: Any, mode: str, params: Any) -> Any:
        width = 3 if mode == "eval" else 2
        tf1.get_variable(f"only_in_{mode}", [])
        return model_fn({"x": features["x"][:, :width]}, labels, mode, params)

    loop = host(wider, input_fn=INPUT_FNS, params={}, config=config())
    loop.evaluate()
    built = set(loop.variables)
    with pytest.raises(ValueError, match="build it alike in all modes"):
        loop.train(steps=1)
    assert set(loop.variables) == built


def test_a_step_of_ones_own() -> None:
    """Momentum by hand, on the gradients of a batch's two halves, equals the model_fn's step."""
    loop, own = hosted(), hosted()
    names = own.graph("train").built.trainable
    slots = [own.variables[f"{name}/Momentum"] for name in names]

    @tf.function
    def step(x: Any, y: Any, rate: Any) -> Any:
        found = []
        for half in (slice(0, 2), slice(2, 4)):
            with tf.GradientTape() as tape:
                made = own.forward({"x": x[half]}, y[half])
            found.append(tape.gradient(made.loss, own.trainable_variables))
        for variable, slot, *halves in zip(own.trainable_variables, slots, *found, strict=True):
            slot.assign(0.9 * slot + sum(halves) / 2)
            variable.assign_sub(rate * slot)
        return made.loss_per_example

    for x, y in [(X[:4], Y[:4]), (X[4:8], Y[4:8])]:
        result: Any = loop.train_step({"x": x}, y)
        losses = step(tf.constant(x), tf.constant(y), result.learning_rate)
        np.testing.assert_allclose(losses, result.loss_per_example[2:], rtol=1e-6)
        for name in names:
            np.testing.assert_allclose(
                own.variables[name], loop.variables[name], rtol=1e-5, atol=1e-7
            )
    assert (loop.global_step, own.global_step) == (2, 0)


def unhurried(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """Counts in two variables, of which the second is slow; its train_op is a tensor."""
    loss = tf.reduce_sum(features["x"])
    counts = [tf1.get_variable(name, [], initializer=tf1.zeros_initializer()) for name in "ab"]
    slow = tf.while_loop(lambda i: i < params["laps"], lambda i: i + 1, [tf.constant(0)])[0]
    counted = [counts[0].assign_add(1.0), counts[1].assign_add(1.0 + 0 * tf.cast(slow, tf.float32))]
    step = tf1.train.get_global_step().assign_add(1)
    with tf.control_dependencies([*counted, step]):
        return estimator.EstimatorSpec(mode, loss=loss, train_op=tf.identity(loss))


def test_the_last_step_is_whole_where_the_input_ends() -> None:
    # The input's end must not overtake the step before it. 20 elements in batches of 8 are 3 steps.
    def input_fn() -> tf.data.Dataset:
        return INPUT_FNS["eval"]().unbatch().batch(8)

    loop = host(unhurried, input_fn=input_fn, params={"laps": 20000}, loss_summaries=False)
    for turn in range(1, 6):
        assert len(loop.train()) == 3
        assert loop.global_step == 3 * turn
        assert [float(loop.variables[name]) for name in "ab"] == [3 * turn, 3 * turn]


def test_a_model_fn_may_write_into_its_model_dir(tmp_path: Path) -> None:
    def noting(features: Any, labels: Any, mode: str, params: Any, config: Any) -> Any:
        (Path(config.model_dir) / "note.txt").write_text("as OpenNMT does with its vocabularies")
        return model_fn(features, labels, mode, params)

    config = estimator.RunConfig(str(tmp_path / "new" / "run"))
    host(noting, input_fn=INPUT_FNS, params={}, config=config).train(steps=1)
    assert (tmp_path / "new" / "run" / "note.txt").exists()
