"""The custom loop against the run of the same model_fn: steps, files, checkpoints, refusals."""

import re
from collections.abc import Callable
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
    Losses,
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


def events(folder: Path) -> list[tuple[int, str, Any]]:
    """Step, tag and number of what the event files have; the count of a histogram."""
    return [
        (event.step, value.tag, value.histo.num or value.simple_value)
        for path in sorted(folder.glob("events*"))
        for event in tf1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag not in ("global_step/sec", "checkpoint_path")
    ]


def test_summaries_have_the_tags_steps_and_values_of_the_run(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run")
    trained.evaluate(INPUT_FNS["eval"], name="held")
    loop = hosted(tmp_path / "host")
    loop.train(steps=STEPS)
    loop.evaluate(name="held")
    for folder in ("", "eval_held"):
        ours, theirs = (events(tmp_path / side / folder) for side in ("host", "run"))
        assert sorted(ours) == sorted(theirs)
    assert {step for step, *_ in events(tmp_path / "host")} == {1, 6, 11, 16, 21}
    steps = {int(path.stem.split("-")[1]) for path in (tmp_path / "host").glob("ckpt-*.index")}
    assert steps == {0, 10, 20, 23}


def test_each_call_of_train_logs_and_summarizes_at_the_steps_of_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def logged() -> list[tuple[str, int]]:
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        lines = [re.match(r"loss = (\S+), step = (\d+)", message) for message in found]
        return [(line[1], int(line[2])) for line in lines if line]

    with caplog.at_level("INFO", logger="tensorflow"):
        trained, _ = run(tmp_path / "run")
        trained.train(INPUT_FNS["train"], steps=9)
        expected = logged()
        loop = hosted(tmp_path / "host")
        for steps in (STEPS, 9):
            loop.train(steps=steps)
    made = logged()
    # A session reads the step that it logs before or after the step's own update, as it happens.
    assert [loss for loss, _ in made] == [loss for loss, _ in expected]
    assert [step for _, step in made] == [1, 8, 15, 22, 24, 31]
    ours, theirs = (events(tmp_path / side) for side in ("host", "run"))
    assert sorted(ours) == sorted(theirs)
    assert {step for step, *_ in ours} == {1, 6, 11, 16, 21, 24, 29}
    with caplog.at_level("INFO", logger="tensorflow"):
        hosted().train(steps=STEPS)  # without a model_dir, nothing but the log tells of it
    assert logged() == made[:4]


def test_the_speed_is_written_at_the_steps_of_the_run(tmp_path: Path) -> None:
    def written(folder: Path) -> list[int]:
        """Steps 8, 15 and 22 of 23: every seventh after the first."""
        found = [
            (event.step, value.simple_value)
            for path in folder.glob("events*")
            for event in tf1.train.summary_iterator(str(path))
            for value in event.summary.value
            if value.tag == "global_step/sec"
        ]
        assert all(speed > 0 for _, speed in found)
        return [step for step, _ in found]

    run(tmp_path / "run")
    hosted(tmp_path / "host").train(steps=STEPS)
    assert written(tmp_path / "host") == written(tmp_path / "run") == [8, 15, 22]


def test_one_step_tells_what_it_did() -> None:
    loop = hosted()
    features, labels = {"x": tf.constant(X[:4])}, tf.constant(Y[:4])
    graph = loop.graph("train")
    before = {name: variable.numpy() for name, variable in loop.variables.items()}
    found: Any = loop.train_step(features, labels)
    hidden = np.tanh(X[:4] @ before["dense/kernel"] + before["dense/bias"])
    errors = (hidden @ before["dense_1/kernel"] + before["dense_1/bias"] - Y[:4]) ** 2
    np.testing.assert_allclose(found.loss_per_example, errors, rtol=1e-5)
    assert float(found.loss) == pytest.approx(errors.mean(), rel=1e-6)
    assert float(found.average_loss) == pytest.approx(errors.mean(), rel=1e-6)
    assert float(found.learning_rate) == pytest.approx(0.1)
    # The first step of momentum moves by rate * gradient.
    trained = [v.op.name for v in graph.built.graph.get_collection("trainable_variables")]
    moved = [loop.variables[name].numpy() - before[name] for name in trained]
    norm = np.sqrt(sum((each**2).sum() for each in moved)) / 0.1
    assert float(found.gradient_norm) == pytest.approx(norm, rel=1e-5)
    assert loop.global_step == 1


def test_training_ends_with_the_dataset() -> None:
    loop = hosted()
    losses = loop.train(INPUT_FNS["eval"](), steps_per_loop=3)
    assert (len(losses), loop.global_step) == (4, 4)  # 20 examples in batches of 6


def test_an_input_signature_in_the_place_of_an_input_fn() -> None:
    signature = ({"x": tf.TensorSpec([None, 3])}, tf.TensorSpec([None, 1]))
    loop = hosted(input_fn=None, input_signature=signature)
    np.testing.assert_array_equal(
        loop.train(INPUT_FNS["train"](), 5), hosted().train(INPUT_FNS["train"](), 5)
    )
    with pytest.raises(ValueError, match="expected exactly one of them; pass the input_fn"):
        hosted(input_signature=signature)


def test_a_jit_compiled_loop_trains_nearly_the_same() -> None:
    compiled = hosted(jit_compile=True).train(steps=STEPS)
    np.testing.assert_allclose(compiled, hosted().train(steps=STEPS), rtol=1e-4)


# Checkpoints.


def test_it_starts_from_an_estimators_folder(tmp_path: Path) -> None:
    trained, _ = run(tmp_path, steps=10)
    loop = hosted()
    loop.restore(str(tmp_path))
    assert loop.global_step == 10
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=5)
    assert loop.train(steps=5).tolist() == hook.losses


def test_an_estimator_resumes_from_what_it_writes(tmp_path: Path) -> None:
    loop = hosted()
    loop.train(steps=10)
    path = loop.save_legacy(str(tmp_path / "model.ckpt"))
    assert path == str(tmp_path / "model.ckpt-10")
    assert tf.train.latest_checkpoint(str(tmp_path)) == path
    resumed, losses = run(tmp_path, steps=5)
    assert resumed.get_variable_value("global_step") == 15
    assert loop.train(steps=5).tolist() == losses


def test_its_own_checkpoints_resume(tmp_path: Path) -> None:
    loop = hosted(tmp_path)
    loop.train(steps=12)
    again = hosted()
    again.restore(str(tmp_path))
    assert again.global_step == 12
    assert again.train(steps=5).tolist() == loop.train(steps=5).tolist()


@pytest.mark.parametrize(
    ("settings", "steps"),  # of 0, 10, 20 and 23
    [
        ({"keep_checkpoint_max": 2}, {20, 23}),
        ({"keep_checkpoint_max": 0}, {0, 10, 20, 23}),
        # Each that would go is the one of its billionth of an hour.
        ({"keep_checkpoint_max": 1, "keep_checkpoint_every_n_hours": 1e-9}, {0, 10, 20, 23}),
    ],
    ids=["two", "all", "hours"],
)
def test_it_keeps_as_many_checkpoints_as_the_config_says(
    settings: dict[str, float], steps: set[int], tmp_path: Path
) -> None:
    hosted(config=config(tmp_path).replace(**settings)).train(steps=STEPS)
    assert {int(path.stem.split("-")[1]) for path in tmp_path.glob("ckpt-*.index")} == steps


def test_a_checkpoint_of_another_model_restores_nothing(tmp_path: Path) -> None:
    values = {"global_step": np.int64(4), "dense/kernel": np.zeros([3, 5], np.float32)}
    variables = {name: tf.Variable(value) for name, value in values.items()}
    tf1.train.Saver(variables).save(None, str(tmp_path / "other"))
    loop = hosted()
    loop.graph("train")
    before = loop.variables["dense/kernel"].numpy()
    with pytest.raises(ValueError, match=r"kernel has the shape \(3, 5\) in it, and \(3, 4\)"):
        loop.restore(str(tmp_path))
    np.testing.assert_array_equal(loop.variables["dense/kernel"], before)
    assert loop.global_step == 0


def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no checkpoint; expected the folder of one; check"):
        hosted().restore(str(tmp_path))


def test_a_partitioned_variable_goes_on_from_a_runs_checkpoint(tmp_path: Path) -> None:
    """The checkpoint has one value of it, the graph two parts, and so have its slots."""

    def parted(features: Any, labels: Any, mode: str, params: Any) -> Any:
        with tf1.variable_scope("", partitioner=tf1.fixed_size_partitioner(2)):
            return model_fn(features, labels, mode, params)

    config = estimator.RunConfig(str(tmp_path), tf_random_seed=1)
    trained = estimator.Estimator(parted, params={}, config=config)
    trained.train(INPUT_FNS["train"], steps=3)
    loop = host(parted, input_fn=INPUT_FNS, params={})
    loop.restore(str(tmp_path))
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=2)
    assert any(name.endswith("/part_1") for name in loop.variables)
    assert loop.train(steps=2).tolist() == hook.losses


# What it refuses.


class Own(tf1.train.SessionRunHook):
    pass


def asks_python(features: Any, labels: Any, mode: str, params: Any) -> Any:
    features = {"x": tf1.py_func(lambda x: x, [features["x"]], tf.float32)}
    features["x"].set_shape([None, 3])
    return model_fn(features, labels, mode, params)


def never_ready(features: Any, labels: Any, mode: str, params: Any) -> Any:
    spec = model_fn(features, labels, mode, params)
    return spec._replace(scaffold=tf1.train.Scaffold(init_fn=lambda scaffold, session: None))


def never_counting(features: Any, labels: Any, mode: str, params: Any) -> Any:
    spec = model_fn(features, labels, mode, params)
    return spec._replace(train_op=tf.gradients(spec.loss, tf1.trainable_variables())[0])


def growing(features: Any, labels: Any, mode: str, params: Any) -> Any:
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 1.0, name="seen")
    factor = table.lookup(tf.constant(5, tf.int64))
    return model_fn({"x": features["x"] * factor}, labels, mode, params)


def queued() -> Any:
    return estimator.inputs.numpy_input_fn({"x": X}, Y, batch_size=4, shuffle=False)()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "hook": (
        lambda: hosted(params={"hooks": [Own()]}).train(steps=1),
        "the hook Own needs a session; do its work between two calls of `train`",
    ),
    "py_func": (
        lambda: host(asks_python, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the op PyFunc calls Python from inside the step, where there is no session; do its work",
    ),
    "init_fn": (
        lambda: host(never_ready, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the Scaffold's init_fn needs a session; give the variables their values with `restore`",
    ),
    "step": (
        lambda: host(never_counting, input_fn=INPUT_FNS, params={}).train(steps=1),
        "its train_op does not count its steps, and training would never be done; pass global_step",
    ),
    "table": (
        lambda: host(growing, input_fn=INPUT_FNS, params={}).train(steps=1),
        "the lookup table seen is filled step by step, and no checkpoint of a loop has it; use a",
    ),
    "batch": (
        lambda: hosted().train_step({"x": X[:4]}),
        "the batch has the form {'x': (4, 3)}; expected that of what the input_fn yields, ",
    ),
    "feature": (
        lambda: hosted().train_step({"z": X[:4]}, Y[:4]),
        "the batch has the form ({'z': (4, 3)}, (4, 1)); expected that of what the input_fn",
    ),
    "queue": (
        lambda: hosted(input_fn=queued).train(steps=1),
        "since tensors of a queue or an iterator need a session; return the Dataset itself, or",
    ),
    "nowhere": (lambda: hosted().save(), "expected one to write the checkpoint to; pass"),
}


@pytest.mark.parametrize(("act", "told"), REFUSED.values(), ids=REFUSED)
def test_refusals(act: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        act()


def test_a_refused_graph_leaves_no_variables() -> None:
    loop = hosted(params={"hooks": [Own()]})
    with pytest.raises(ValueError, match="the hook Own needs a session"):
        loop.train(steps=1)
    assert loop.variables == {}
    assert loop.evaluate() == hosted().evaluate()  # with initial values, not with zeros


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


def test_hooks_can_be_left_out() -> None:
    assert len(hosted(params={"hooks": [Own()]}, ignore_hooks=True).train(steps=2)) == 2


def test_checkpoints_by_the_clock(tmp_path: Path) -> None:
    settings = estimator.RunConfig(str(tmp_path), save_checkpoints_secs=1e-6)
    assert estimator.RunConfig().save_checkpoints_secs == 600  # which most programs leave it at
    hosted(config=settings).train(steps=10, steps_per_loop=4)
    # At the start, and whenever the loop comes back: after the first step, and then each four.
    saved = tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths
    assert [Path(path).name for path in saved] == [f"ckpt-{n}" for n in (0, 1, 5, 9, 10)]


def test_a_step_of_ones_own() -> None:
    """Momentum by hand, with the gradients of two halves of a batch, is the model_fn's step."""
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
    """Counts in two variables, the second of which takes its time; its train_op is a tensor."""
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
