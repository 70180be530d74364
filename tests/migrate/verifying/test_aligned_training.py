"""Foreign loops with random numbers: which spellings of the same noise are aligned.

The reference's model_fn and the loop compute the same, and each draws in its own way. Where the
draws cannot be aligned, the verdict must not be "different", and must not pass for training.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.verifying.verdict import Outcome, Stage, Verdict

_random = np.random.RandomState(0)
_X = _random.randn(24, 4).astype(np.float32)
_Y = (_X[:, :1] + _X[:, 1:2] > 0).astype(np.float32)
RATE = 0.1


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(8).repeat()


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    hidden = tf1.get_variable("hidden", [4, 6])
    output = tf1.get_variable("output", [6, 1])
    logits = params["noise"](tf.nn.relu(features @ hidden)) @ output
    loss = tf1.losses.sigmoid_cross_entropy(labels, logits)
    optimizer = tf1.train.GradientDescentOptimizer(RATE)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


Noise = Callable[[Any], Any]


class Loop:
    """The model as a TF2 loop, with a noise of its own."""

    def __init__(self, noise: Noise, factor: float = 1.0, **function: Any) -> None:
        self.noise, self.factor = noise, factor
        shapes = {"hidden": [4, 6], "output": [6, 1]}
        self.variables = {name: tf.Variable(tf.zeros(shape)) for name, shape in shapes.items()}
        self.train_step = tf.function(self._train_step, **function)

    def loss(self, features: Any, labels: Any) -> Any:
        hidden, output = self.variables.values()
        logits = self.noise(tf.nn.relu(features @ hidden)) @ output
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))

    def gradients(self, features: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss(features, labels)
        return tape.gradient(loss, self.variables)

    def _train_step(self, features: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss(features, labels)
        for name, gradient in tape.gradient(loss, self.variables).items():
            self.variables[name].assign_sub(self.factor * RATE * gradient)
        return loss


def dropout(net: Any, rate: float = 0.5) -> Any:
    return tf1.nn.dropout(net, rate=rate)


def towers(net: Any) -> Any:
    return dropout(net) + 2.0 * dropout(net * net, 0.2)


def towers_the_other_way_round(net: Any) -> Any:
    second = tf.nn.dropout(net * net, 0.2)
    return tf.nn.dropout(net, 0.5) + 2.0 * second


def many(net: Any) -> Any:
    for place in range(8):
        net = dropout(net + 0.1, 0.05 * (place + 1))
    return net


def in_a_loop(net: Any) -> Any:
    for _ in tf.range(1):
        net = tf.nn.dropout(net, 0.5)
    return net


def by_hand(kept: Callable[[Any], Any], draw: Callable[[Any], Any] = tf.random.uniform) -> Noise:
    return lambda net: 2.0 * net * tf.cast(kept(draw(tf.shape(net))), tf.float32)


def added(draw: Callable[..., Any], sign: float = 1.0) -> Noise:
    return lambda net: net + sign * 0.1 * draw(tf.shape(net))


def layer(made: Any) -> Noise:
    return lambda net: made(net, training=True)


def calls(noise: Noise) -> Noise:
    """Makes a function of the noise that calls another one."""
    inner = tf.function(noise)
    return tf.function(lambda net: inner(net))


def traced_before(noise: Noise) -> Noise:
    function = tf.function(noise)
    function(tf.zeros([8, 6]))
    return function


def spatial(net: Any) -> Any:
    return tf.reshape(dropout(tf.reshape(net, [4, 2, 6])), [8, 6])


def transposed(net: Any) -> Any:
    """Draws for the transposed net: no rearrangement of the reference's numbers fits."""
    return tf.transpose(tf.nn.dropout(tf.transpose(net), 0.5))


_generator = tf.random.Generator.from_seed(3)
_numpy = np.random.RandomState(1)


def drawn_by_numpy(net: Any) -> Any:
    numbers = tf.numpy_function(lambda: _numpy.rand(8, 6), [], tf.float64)
    return 2.0 * net * tf.cast(numbers >= 0.5, tf.float32)


# The noises of the reference and of the loop, and how the draws are given.
ALIGNED: dict[str, tuple[Noise, Noise, str]] = {
    "dropout": (dropout, lambda net: tf.nn.dropout(net, 0.5), ""),
    "towers": (towers, towers, ""),
    "another order": (towers, towers_the_other_way_round, ", in another order"),
    "small numbers kept": (dropout, by_hand(lambda u: u < 0.5), ", mirrored"),
    "Keras 3": (dropout, layer(keras.layers.Dropout(0.5)), ""),
    "traced before": (dropout, traced_before(dropout), ", with each tf.function run eagerly"),
    "v1 dropout": (dropout, dropout, ""),
    "stateless": (dropout, lambda n: tf.nn.experimental.stateless_dropout(n, 0.5, seed=[1, 2]), ""),
    "generator": (dropout, by_hand(lambda u: u >= 0.5, _generator.uniform), ""),
    "floor": (lambda net: 2.0 * net * tf.floor(0.5 + tf.random.uniform([8, 6])), dropout, ""),
    "large numbers kept": (dropout, by_hand(lambda u: u >= 0.5), ""),
    "noise_shape": (
        lambda net: tf1.nn.dropout(net, rate=0.5, noise_shape=[8, 1]),
        layer(keras.layers.Dropout(0.5, noise_shape=(None, 1))),
        "",
    ),
    "GaussianNoise": (added(tf.random.normal), layer(keras.layers.GaussianNoise(0.1)), ""),
    "normal": (added(tf.random.normal), added(tf.random.normal), ""),
    "minus normal": (added(tf.random.normal), added(tf.random.normal, -1.0), ", mirrored"),
    "truncated": (added(tf.random.truncated_normal), added(tf.random.truncated_normal), ""),
    "nested functions": (dropout, calls(dropout), ""),
    "in a loop": (dropout, in_a_loop, ""),
    "in another shape": (dropout, spatial, ""),
    "many": (many, many, ""),
}
# The noises that draw more than one tensor.
DRAWS: dict[Noise, int] = {towers: 2, many: 8}
FAST = ("dropout", "another order", "Keras 3", "traced before")

NOT_ALIGNED: dict[str, tuple[Noise, Noise, str]] = {
    "by NumPy": (
        dropout,
        drawn_by_numpy,
        "the subject's loss of the first batch is another one when it is computed again from the "
        "same weights: it depends on numbers that cannot be replayed, such as NumPy's random "
        "numbers or those of a tf.function that was traced before",
    ),
    "of another distribution": (
        added(tf.random.truncated_normal),
        added(tf.random.normal),
        "the draws of subject and reference do not match: the subject draws normal float32 [8, 6], "
        "and the reference does not; it does not draw truncated normal float32 [8, 6]",
    ),
    "transposed": (
        dropout,
        transposed,
        "the draws of subject and reference do not match: uniform float32 [8, 6] in the reference "
        "is uniform float32 [6, 8] in the subject",
    ),
    "more": (
        dropout,
        lambda net: dropout(dropout(net), 0.2),
        "the draws of subject and reference do not match: the subject draws uniform float32 "
        "[8, 6], and the reference does not",
    ),
    "one of two": (
        towers,
        lambda net: dropout(net) + 2.0 * net * net,
        "the draws of subject and reference do not match: the subject does not draw uniform "
        "float32 [8, 6]; the reference draws others of its size",
    ),
    "other bounds": (
        lambda net: net * tf.cast(tf.random.uniform([8, 6], 0, 3, tf.int32), tf.float32),
        lambda net: net * tf.cast(tf.random.uniform([8, 6], 0, 4, tf.int32), tf.float32),
        "the draws of subject and reference do not match: `maxval` of uniform integer int32 "
        "[8, 6] is another one in the subject",
    ),
    "one order of many": (
        many,
        lambda net: many(net[:, ::-1])[:, ::-1],
        "the reference draws 8 random tensors in a training step, and not all orders can be tried "
        "in which the subject may draw them",
    ),
    "gamma": (
        lambda net: net * tf.random.gamma([6], 1.0),
        lambda net: net * tf.random.gamma([6], 1.0),
        "random ops that cannot be aligned: random_gamma/RandomGamma (RandomGamma)",
    ),
}
FAST_NOT_ALIGNED = ("by NumPy", "of another distribution")

# The noises, and a factor of the loop's learning rate; where the difference first shows; a note.
DIFFERENT: dict[str, tuple[Noise, Noise, float, str, str]] = {
    "no dropout": (
        dropout,
        lambda net: net,
        1.0,
        "forward",
        "the reference draws 1 random tensor in a training step, the subject none",
    ),
    "only one has dropout": (
        lambda net: net,
        dropout,
        1.0,
        "forward",
        "the subject draws uniform float32 [8, 6], and the reference does not",
    ),
    "another rate": (dropout, lambda net: dropout(net, 0.4), 1.0, "forward", ""),
    "another learning rate": (dropout, dropout, 1.01, "one step", ""),
    "another learning rate, another order": (
        towers,
        towers_the_other_way_round,
        1.01,
        "one step",
        "the reference draws 2 random tensors in a training step; the subject got them, in another "
        "order",
    ),
    "one dropout of two shapes": (
        lambda net: dropout(net) + dropout(net[:, :1], 0.2),
        lambda net: dropout(net) + net[:, :1],
        1.0,
        "forward",
        "the reference draws 2 random tensors in a training step; the subject does not draw "
        "uniform float32 [8, 1]",
    ),
    "one rate of many": (many, lambda net: many(dropout(net, 0.0) * 1.01), 1.0, "forward", ""),
    "another learning rate, many": (many, many, 1.01, "one step", ""),
}
FAST_DIFFERENT = ("another rate", "another learning rate, another order")


def verified(reference: Noise, subject: Any, steps: int) -> Verdict:
    target = migrate.Target(
        model_fn=model_fn, input_fns={"train": input_fn}, params={"noise": reference}
    )
    return migrate.verify(target, subject, steps=steps)


def forward(verdict: Verdict) -> Stage:
    return next(stage for stage in verdict.stages if stage.name == "forward")


def of_training(verdict: Verdict) -> set[Outcome]:
    return {stage.outcome for stage in verdict.stages[1:5]}


def cases(table: Any, fast: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(*row, id=name, marks=[] if name in fast else pytest.mark.slow)
        for name, row in table.items()
    ]


@pytest.mark.parametrize(("reference", "subject", "how"), cases(ALIGNED, FAST))
def test_draws_that_are_aligned(reference: Noise, subject: Noise, how: str) -> None:
    verdict = verified(reference, Loop(subject), steps=4 if how else 20)
    assert of_training(verdict) <= {Outcome.IDENTICAL, Outcome.EQUIVALENT}, verdict.first
    [note] = forward(verdict).notes[1:]
    count = f"{DRAWS.get(reference, 1)} random tensor" + "s" * (reference in DRAWS)
    start = f"the reference draws {count} in a training step; the subject got them{how}"
    assert note.startswith(start)
    assert bool(how) or note == start


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"jit_compile": True}], ids=["XLA"])
def test_functions_that_are_compiled(how: Any) -> None:
    verdict = verified(dropout, Loop(dropout, **how), steps=4)
    assert of_training(verdict) <= {Outcome.IDENTICAL, Outcome.EQUIVALENT}, verdict.first
    verdict = verified(dropout, Loop(dropout, 1.01, **how), steps=4)
    assert of_training(verdict) == {Outcome.NOT_COMPARED}
    assert "XLA compiles a function of the subject" in forward(verdict).notes[-1]


@pytest.mark.parametrize(("reference", "subject", "why"), cases(NOT_ALIGNED, FAST_NOT_ALIGNED))
def test_draws_that_cannot_be_aligned(reference: Noise, subject: Noise, why: str) -> None:
    verdict = verified(reference, Loop(subject), steps=3)
    assert of_training(verdict) == {Outcome.NOT_COMPARED}
    assert not verdict.passed
    assert verdict.outcome is not Outcome.DIFFERENT
    assert len(verdict.unaligned) == DRAWS.get(reference, 1)
    assert forward(verdict).notes[-1] == why
    assert {stage.notes[0] for stage in verdict.stages[2:5]} == {why}
    assert (
        "2 variables that the reference's training moves also moved" in verdict.stages[4].notes[1]
    )


@pytest.mark.parametrize(
    ("reference", "subject", "factor", "stage", "note"), cases(DIFFERENT, FAST_DIFFERENT)
)
def test_mistakes_are_found(
    reference: Noise, subject: Noise, factor: float, stage: str, note: str
) -> None:
    verdict = verified(reference, Loop(subject, factor), steps=3)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    assert verdict.first[0].name == stage
    assert verdict.unaligned == ()
    assert forward(verdict).notes[1:] == ((note,) if note else ())
