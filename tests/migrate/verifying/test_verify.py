"""`migrate.verify`: random ops, missing stages, notes and refused arguments."""

from typing import Any
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.verifying.reference import Reference
from migrate.verifying.verdict import Outcome, Verdict

_X = np.arange(24.0, dtype=np.float32).reshape(12, 2) / 24


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((_X, _X[:, :1])).batch(4)


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    net = tf1.layers.dense(features, 3, name="hidden")
    if mode == "train":
        net = NOISE[params["noise"]](net)
    outputs = tf1.layers.dense(net, 1, name="outputs")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions=outputs)
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_global_step()
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=optimizer.minimize(loss, step))


def in_a_loop(net: Any, nested: bool = False) -> Any:
    """Adds noise in each iteration of a loop; the iterations may overtake each other."""

    def body(index: Any, total: Any) -> Any:
        noise = tf.random.uniform([3])
        if nested:
            noise = tf.while_loop(
                lambda i, _: i < 4, lambda i, n: (i + 1, n + tf.random.uniform([3])), (0, noise)
            )[1]
        return index + 1, total + noise / tf.cast(index + 1, tf.float32)

    return tf.while_loop(lambda index, _: index < 50, body, (0, net))[1]


def unseeded(net: Any) -> Any:
    return net + tf.raw_ops.RandomUniform(shape=[3], dtype=tf.float32, seed=0, seed2=0)


NOISE = {
    "none": lambda net: net,
    "dropout": lambda net: tf1.layers.dropout(net, 0.5, training=True),
    "in a loop": in_a_loop,
    "in a loop in a loop": lambda net: in_a_loop(net, nested=True),
    "unseeded": unseeded,
    "numpy": lambda net: net * tf1.get_variable("n", initializer=np.random.randn(3).astype("f")),
}
TRAINING = {"gradients", "one step", "steps"}
TRAINING_ONLY = {"train": input_fn}


class Loop:
    """A short TF2 loop of the model without noise."""

    def __init__(self) -> None:
        shapes = {
            "hidden/kernel": [2, 3],
            "hidden/bias": [3],
            "outputs/kernel": [3, 1],
            "outputs/bias": [1],
        }
        self.variables = {name: tf.Variable(tf.ones(shape)) for name, shape in shapes.items()}

    def outputs(self, features: Any) -> Any:
        kernel, bias, kernel2, bias2 = self.variables.values()
        return (features @ kernel + bias) @ kernel2 + bias2

    def train_step(self, features: Any, labels: Any) -> Any:
        variables = list(self.variables.values())
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.outputs(features) - labels))
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.1 * gradient)
        return loss

    def predict(self, dataset: Any) -> Any:
        for features, _ in dataset:
            yield self.outputs(features)


def verified(noise: str, subject: Any = None, input_fns: Any = input_fn, **options: Any) -> Verdict:
    target = migrate.Target(model_fn=model_fn, input_fns=input_fns, params={"noise": noise})
    return migrate.verify(target, subject, **options)


def not_compared(verdict: Verdict) -> set[str]:
    return {one.name for one in verdict.stages if one.outcome is Outcome.NOT_COMPARED}


def test_random_numbers_that_are_aligned() -> None:
    verdict = verified("dropout")
    assert verdict.outcome is Outcome.IDENTICAL, verdict.first
    assert (verdict.unaligned, not_compared(verdict)) == ((), set())
    assert len(verdict.run_losses) == 3  # the input's end
    # A second call of `train` draws from the beginning, as a second session does.
    second = next(each for each in verdict.stages if each.name == "second train")
    assert (second.outcome, second.comparisons) == (Outcome.IDENTICAL, 3)


@pytest.mark.parametrize("noise", ["in a loop", "numpy"])
def test_random_numbers_that_are_aligned_in_training(noise: str) -> None:
    verdict = verified(noise, input_fns=TRAINING_ONLY)
    assert verdict.outcome is Outcome.IDENTICAL, verdict.first
    assert (verdict.unaligned, not_compared(verdict)) == ((), {"evaluation", "predictions"})
    assert len(verdict.run_losses) == 3


@pytest.mark.parametrize(
    ("noise", "types"),
    [("unseeded", ["RandomUniform"]), ("in a loop in a loop", ["RandomUniform"])],
)
def test_random_ops_that_cannot_be_aligned_are_named(noise: str, types: list[str]) -> None:
    verdict = verified(noise)
    assert [one.partition("(")[2] for one in verdict.unaligned] == [f"{t})" for t in types]
    assert not_compared(verdict) == TRAINING
    assert verdict.outcome is Outcome.NOT_VERIFIED
    notes = next(one.notes for one in verdict.stages if one.name == "steps")
    assert notes == (
        f"random ops that cannot be aligned: {verdict.unaligned[0]}",
        "5 variables that the reference's training moves also moved in the subject; how far was "
        "not compared",
    )


def noisy_in(mode_of_noise: str, noise: str) -> migrate.Target:
    def noisy(features: Any, labels: Any, mode: str, params: Any) -> Any:
        if mode == mode_of_noise:
            features *= NOISE[noise](tf.ones([4, 3]))[:, :1]
        return model_fn(features, labels, mode, {"noise": "none"})

    return migrate.Target(model_fn=noisy, input_fns=input_fn)


STAGE_OF = {"eval": "evaluation", "infer": "predictions"}


@pytest.mark.parametrize("mode", STAGE_OF)
def test_random_ops_without_a_seed_after_training(mode: str) -> None:
    verdict = migrate.verify(noisy_in(mode, "unseeded"))
    assert len(verdict.unaligned) == 1
    assert not_compared(verdict) == {STAGE_OF[mode]}
    note = f"random ops that cannot be aligned: {verdict.unaligned[0]}"
    assert next(one.notes for one in verdict.stages if one.name == STAGE_OF[mode]) == (note,)
    assert verdict.outcome is Outcome.IDENTICAL


@pytest.mark.parametrize("mode", STAGE_OF)
def test_random_ops_with_a_seed_after_training(mode: str) -> None:
    """The forward stage has predicted the first batch before, and drawn the first numbers."""
    verdict = migrate.verify(noisy_in(mode, "dropout"))
    assert (verdict.unaligned, not_compared(verdict)) == ((), set())
    assert verdict.outcome is Outcome.IDENTICAL, verdict.first


def test_variables_that_only_predictions_have() -> None:
    def wider(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, {"noise": "none"})
        if mode != "infer":
            return spec
        return spec._replace(predictions=tf1.layers.dense(spec.predictions, 1, name="only"))

    verdict = migrate.verify(migrate.Target(model_fn=wider, input_fns=input_fn))
    told = "mode 'infer' has variables that no checkpoint of training has: only/bias, only/kernel"
    assert verdict.stages[-1].notes == verdict.untrained == (told,)
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_VERIFIED, False)
    assert "NOT VERIFIED: no number that was compared differs, but mode 'infer'" in str(verdict)


def test_a_loop_that_lacks_the_dropout() -> None:
    verdict = verified("dropout", Loop())
    assert (verdict.outcome, verdict.unaligned) == (Outcome.DIFFERENT, ())
    assert verdict.first is not None
    assert (verdict.first[0].name, verdict.first[1].name) == ("forward", "loss")
    forward = next(one for one in verdict.stages if one.name == "forward")
    assert forward.compared == "first batch: predictions, loss"
    assert forward.notes == (
        "the reference draws 1 random tensor in a training step, the subject none",
    )


def test_random_ops_that_cannot_be_recorded_leave_a_loop_of_ones_own_not_verified() -> None:
    verdict = verified("unseeded", Loop())
    assert [one.partition("(")[2] for one in verdict.unaligned] == ["RandomUniform)"]
    assert not_compared(verdict) == {*TRAINING, "evaluation"}
    # Predictions are without noise, so that the forward pass compares them all the same.
    forward = next(one for one in verdict.stages if one.name == "forward")
    assert forward.compared == "first batch: predictions"
    assert verdict.outcome is Outcome.NOT_VERIFIED
    assert not verdict.passed


class Still(Loop):
    """Computes the loss and trains nothing."""

    def train_step(self, features: Any, labels: Any) -> Any:
        return tf.reduce_mean(tf.square(self.outputs(features) - labels))


def test_a_loop_that_trains_nothing_is_different_also_with_random_ops() -> None:
    verdict = verified("unseeded", Still())
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name) == ("steps", "hidden/kernel")
    assert found.note == "training moves it in the reference, and does not move it in the subject"


def test_a_loop_of_ones_own() -> None:
    verdict = verified("none", Loop())
    assert verdict.passed, verdict.first
    assert verdict.subject == "Loop"
    assert not_compared(verdict) == {"gradients", "evaluation"}
    assert verdict.stages[0].notes == ()  # a loop may count its steps elsewhere


@pytest.mark.parametrize("fault", ["missing", "shape", "type"])
def test_variables_that_do_not_match(fault: str) -> None:
    subject = Loop()
    if fault == "missing":
        del subject.variables["hidden/bias"]
        says = "the subject has no variable of this name"
    elif fault == "shape":
        subject.variables["hidden/bias"] = tf.Variable(tf.ones([1, 3]))
        says = "float32 of shape [3] in the reference, float32 of shape [1, 3] in the subject"
    else:
        subject.variables["hidden/bias"] = tf.Variable(tf.ones([3], tf.float64))
        says = "float32 of shape [3] in the reference, float64 of shape [3] in the subject"
    verdict = verified("none", subject)
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name, found.note) == ("variables", "hidden/bias", says)
    assert not_compared(verdict) == {"forward", *TRAINING, "evaluation", "predictions"}


def test_a_target_with_an_input_for_training_only_and_how_far_it_is() -> None:
    messages: list[str] = []
    verdict = verified("none", input_fns=TRAINING_ONLY, progress=messages.append)
    steps = [f"reference: step {step} of 3" for step in (1, 2, 3)]
    assert [one for one in messages if one.startswith("reference: ")] == steps
    assert "CustomLoop: 3 steps in a graph loop" in messages
    assert verdict.outcome is Outcome.IDENTICAL
    assert not_compared(verdict) == {"evaluation", "predictions"}
    assert verdict.stages[-1].notes == ("the target has no 'infer' input_fn",)


def test_refused_arguments() -> None:
    with pytest.raises(ValueError, match=r"`steps` \(0\) must be a positive integer; the end of"):
        verified("none", steps=0)
    with pytest.raises(TypeError, match=r"has no train_step; expected .*; add what is missing"):
        verified("none", type("Half", (), {"variables": {}})())
    empty = migrate.Target(model_fn=model_fn, input_fns=lambda: input_fn().take(0))
    with pytest.raises(ValueError, match=r"'train' yields no batch; expected at least one; check"):
        migrate.verify(empty)


def failing_at_step_2(features: Any, labels: Any, mode: str, params: Any) -> Any:
    checked = tf1.Assert(tf1.train.get_global_step() < 2, ["too late"])
    with tf.control_dependencies([checked]):
        return model_fn(tf.identity(features), labels, mode, {"noise": "none"})


def uninitialized() -> Any:
    return tf1.data.make_initializable_iterator(input_fn()).get_next()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_fn": failing_at_step_2},
            r"training with the Estimator fails: InvalidArgumentError: assertion failed: "
            r"\[too late\][^;]*; expected it to work with .*; fix that first",
        ),
        (
            {"input_fns": uninitialized},
            r"the input_fn of 'train' fails: FailedPreconditionError: GetNext\(\) failed because"
            r"[^;]*; expected it to work with .*; fix that first",
        ),
    ],
    ids=["model_fn", "input_fn"],
)
def test_a_reference_that_fails(changes: dict[str, Any], message: str) -> None:
    given = {"model_fn": model_fn, "input_fns": input_fn, "params": {"noise": "none"}, **changes}
    with pytest.raises(ValueError, match=message):
        migrate.verify(migrate.Target(**given))


def test_a_hook_ends_both_trainings() -> None:
    class Ends(tf1.train.SessionRunHook):
        def after_run(self, run_context: Any, run_values: Any) -> None:
            run_context.request_stop()

    def with_hook(features: Any, labels: Any, mode: str, params: Any) -> Any:
        return model_fn(features, labels, mode, params)._replace(training_hooks=[Ends()])

    target = migrate.Target(model_fn=with_hook, input_fns=TRAINING_ONLY, params={"noise": "none"})
    steps = next(one for one in migrate.verify(target).stages if one.name == "steps")
    assert (steps.outcome, steps.compared) == (Outcome.IDENTICAL, "1 loss; 5 variables")


def test_a_step_that_is_counted_twice_ends_both_trainings_alike() -> None:
    """An Estimator stops at step 6, after 3 batches."""

    def counted_twice(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        with tf.control_dependencies([spec.train_op]):
            return spec._replace(train_op=tf.group(tf1.train.get_global_step().assign_add(1)))

    inputs = {"train": lambda: input_fn().repeat()}
    target = migrate.Target(model_fn=counted_twice, input_fns=inputs, params={"noise": "none"})
    verdict = migrate.verify(target, steps=6)
    assert verdict.outcome is Outcome.IDENTICAL
    assert len(verdict.run_losses) == len(verdict.subject_losses)


@pytest.mark.parametrize(("eval_steps", "is_whole"), [(10, True), (2, False)])
def test_an_evaluation_ends_where_the_users_does(eval_steps: int, is_whole: bool) -> None:
    """The input has 3 batches. A program that gives no number of steps reads it to its end."""
    inputs = {"train": input_fn, "eval": input_fn}
    target = migrate.Target(model_fn=model_fn, input_fns=inputs, params={"noise": "none"})
    with mock.patch.object(Reference, "evaluate", return_value={"loss": 0.0}) as evaluate:
        migrate.verify(target, eval_steps=eval_steps)
    assert evaluate.call_args.kwargs == {"to_the_end": is_whole}


def test_an_argument_that_is_not_a_target() -> None:
    with pytest.raises(
        TypeError, match=r"is not a migrate.Target; expected a Target, .*; pass `mig"
    ):
        migrate.verify(model_fn)


def test_a_mode_that_the_model_fn_cannot_be_run_in() -> None:
    def trained_only(features: Any, labels: Any, mode: str, params: Any) -> Any:
        if mode != "train":
            raise KeyError("only for training")
        return model_fn(features, labels, mode, params)

    target = migrate.Target(model_fn=trained_only, input_fns=input_fn, params={"noise": "none"})
    verdict = migrate.verify(target)
    assert verdict.outcome is Outcome.IDENTICAL
    assert not_compared(verdict) == {"evaluation", "predictions"}
    [note] = verdict.stages[-1].notes
    assert note.startswith("the model_fn cannot be run in mode 'infer': KeyError: 'only for")
