"""The verifier on a handwritten loop: a correct one, and copies with one mistake each.

The loop is plain TF2: `tf.Variable`, `tf.GradientTape` and a handwritten Adam. The mistakes are
common ones. Each must be found in the stage where its effect first shows. All of it is repeated
with dropout in the model and in the loop.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.verifying.verdict import Outcome, Verdict

RATE, DECAY_STEPS, DECAY, EPSILON = 0.01, 5, 0.5, 1e-3
L2, LARGEST, NORM, MOMENTUM, DROPOUT = 0.01, 0.03, 0.05, 0.8, 0.3
NAMES = ("hidden/kernel", "norm/gamma", "norm/beta", "logit/kernel", "logit/bias")

_random = np.random.RandomState(0)
_X = _random.randn(24, 4).astype(np.float32)
_W = np.tile(np.array([[1.0], [0.0], [2.0], [0.5]], np.float32), (6, 1))
_Y = (_X[:, :1] + _X[:, 1:2] > 0).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": _X, "w": _W}, _Y)).batch(8).repeat()


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    is_training = mode == "train"
    net = tf1.layers.dense(
        features["x"],
        6,
        use_bias=False,
        kernel_regularizer=lambda kernel: L2 * tf.nn.l2_loss(kernel),
        name="hidden",
    )
    net = tf1.layers.batch_normalization(net, momentum=MOMENTUM, training=is_training, name="norm")
    net = tf.nn.relu(net)
    if params["dropout"]:
        net = tf1.layers.dropout(net, DROPOUT, training=is_training)
    logits = tf1.layers.dense(net, 1, name="logit")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"logits": logits})
    tf1.losses.sigmoid_cross_entropy(labels, logits, weights=features["w"])
    loss = tf1.losses.get_total_loss()
    if mode == "eval":
        error = tf1.metrics.mean_absolute_error(labels, tf.sigmoid(logits))
        return estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"error": error})
    step = tf1.train.get_global_step()
    rate = tf1.train.exponential_decay(RATE, step, DECAY_STEPS, DECAY, staircase=True)
    optimizer = tf1.train.AdamOptimizer(rate, epsilon=EPSILON)
    pairs = optimizer.compute_gradients(loss)
    clipped = [tf.clip_by_value(gradient, -LARGEST, LARGEST) for gradient, _ in pairs]
    clipped, _ = tf.clip_by_global_norm(clipped, NORM)
    with tf1.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.apply_gradients(zip(clipped, [v for _, v in pairs], strict=True), step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


class HandWritten:
    """The same model as a TF2 loop."""

    epsilon = EPSILON
    has_dropout = False

    def __init__(self) -> None:
        shapes = dict(zip(NAMES, [[4, 6], [6], [6], [6, 1], [1]], strict=True))
        made = {name: tf.Variable(tf.zeros(shape)) for name, shape in shapes.items()}
        for slot in ("Adam", "Adam_1"):
            made |= {f"{n}/{slot}": tf.Variable(tf.zeros(s)) for n, s in shapes.items()}
        for name in ("norm/moving_mean", "norm/moving_variance"):
            made[name] = tf.Variable(tf.zeros([6]), trainable=False)
        made |= {name: tf.Variable(0.0) for name in ("beta1_power", "beta2_power")}
        made["global_step"] = tf.Variable(0, dtype=tf.int64)
        self.variables: dict[str, Any] = made

    # The parts in which a mistake can be made.

    def dropped(self, net: Any) -> Any:
        return tf.nn.dropout(net, DROPOUT)

    def weights(self, weights: Any) -> Any:
        return weights

    def reduced(self, losses: Any, weights: Any) -> Any:
        nonzero = tf.reduce_sum(tf.cast(weights != 0.0, tf.float32))
        return tf.reduce_sum(losses * weights) / nonzero

    def regularization(self) -> Any:
        return L2 * tf.nn.l2_loss(self.variables["hidden/kernel"])

    def clipped(self, gradients: list[Any]) -> list[Any]:
        gradients = [tf.clip_by_value(one, -LARGEST, LARGEST) for one in gradients]
        return tf.clip_by_global_norm(gradients, NORM)[0]

    def update(self, name: str, batch: Any) -> None:
        average = self.variables[name]
        average.assign_sub((average - batch) * (1.0 - MOMENTUM))

    def rate(self, step: Any) -> Any:
        return RATE * DECAY ** tf.cast(step // DECAY_STEPS, tf.float32)

    # The loop.

    def network(self, x: Any, training: bool) -> Any:
        v = self.variables
        net = x @ v["hidden/kernel"]
        mean, variance = v["norm/moving_mean"], v["norm/moving_variance"]
        if training:
            mean, variance = tf.nn.moments(net, [0])
            self.update("norm/moving_mean", mean)
            self.update("norm/moving_variance", variance)
        net = (net - mean) / tf.sqrt(variance + 1e-3) * v["norm/gamma"] + v["norm/beta"]
        net = tf.nn.relu(net)
        if training and self.has_dropout:
            net = self.dropped(net)
        return net @ v["logit/kernel"] + v["logit/bias"]

    def loss(self, features: Any, labels: Any, training: bool = True) -> Any:
        logits = self.network(features["x"], training)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
        reduced = self.reduced(losses, self.weights(features["w"]))
        return reduced + self.regularization()

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            loss = self.loss(features, labels)
        return loss, tape.gradient(loss, [self.variables[name] for name in NAMES])

    def train_step(self, features: Any, labels: Any) -> Any:
        loss, gradients = self.differentiate(features, labels)
        self.apply(self.clipped(gradients))
        return {"loss": loss, "rate": self.rate(self.variables["global_step"])}

    def apply(self, gradients: list[Any]) -> None:
        v = self.variables
        power1, power2 = v["beta1_power"], v["beta2_power"]
        rate = self.rate(v["global_step"]) * tf.sqrt(1.0 - power2) / (1.0 - power1)
        for name, gradient in zip(NAMES, gradients, strict=True):
            m, n = v[f"{name}/Adam"], v[f"{name}/Adam_1"]
            m.assign_add((gradient - m) * (1.0 - 0.9))
            n.assign_add((tf.square(gradient) - n) * (1.0 - 0.999))
            v[name].assign_sub(rate * m / (tf.sqrt(n) + self.epsilon))
        power1.assign(power1 * 0.9)
        power2.assign(power2 * 0.999)
        v["global_step"].assign_add(1)


class WithMore(HandWritten):
    """The loop with the optional methods of a subject."""

    def gradients(self, features: Any, labels: Any) -> Mapping[str, Any]:
        averages = [self.variables[f"norm/moving_{name}"] for name in ("mean", "variance")]
        before = [average.numpy() for average in averages]
        _, gradients = self.differentiate(features, labels)
        for average, value in zip(averages, before, strict=True):
            average.assign(value)
        return dict(zip(NAMES, gradients, strict=True))

    def evaluate(self, dataset: Any) -> Mapping[str, Any]:
        losses, errors = [], []
        for features, labels in dataset:
            losses.append(float(self.loss(features, labels, training=False)))
            outputs = tf.sigmoid(self.network(features["x"], False))
            errors.append(tf.abs(labels - outputs).numpy().ravel())
        return {"loss": np.mean(losses), "error": np.mean(np.concatenate(errors))}

    def predict(self, dataset: Any) -> Any:
        for features, _ in dataset:
            yield {"logits": self.network(features["x"], False)}


class Mean(WithMore):
    """Keras's reduction instead of TensorFlow 1's."""

    def reduced(self, losses: Any, weights: Any) -> Any:
        return tf.reduce_mean(losses * weights)


class Broadcast(WithMore):
    """Weights of shape [batch] against losses of shape [batch, 1]: [batch, batch]."""

    def weights(self, weights: Any) -> Any:
        return weights[:, 0]


class Unregularized(WithMore):
    def regularization(self) -> Any:
        return 0.0


class RegularizationNotDifferentiated(WithMore):
    def regularization(self) -> Any:
        return tf.stop_gradient(super().regularization())


class KerasEpsilon(WithMore):
    epsilon = 1e-7


class OtherOrderOfClipping(WithMore):
    def clipped(self, gradients: list[Any]) -> list[Any]:
        gradients, _ = tf.clip_by_global_norm(gradients, NORM)
        return [tf.clip_by_value(one, -LARGEST, LARGEST) for one in gradients]


class NoUpdateOps(WithMore):
    def update(self, name: str, batch: Any) -> None:
        pass


class RateOneStepEarly(WithMore):
    def rate(self, step: Any) -> Any:
        return super().rate(step + 1)


class RateOnePercentHigher(WithMore):
    def rate(self, step: Any) -> Any:
        return 1.01 * super().rate(step)


class OtherBatchNormEpsilon(WithMore):
    """PyTorch's epsilon of 1e-5 instead of 1e-3; it shows where moving averages are used."""

    def network(self, x: Any, training: bool) -> Any:
        if training:
            return super().network(x, training)
        v = self.variables
        scale = v["norm/gamma"] / tf.sqrt(v["norm/moving_variance"] + 1e-5)
        net = (x @ v["hidden/kernel"] - v["norm/moving_mean"]) * scale + v["norm/beta"]
        return tf.nn.relu(net) @ v["logit/kernel"] + v["logit/bias"]


class SmallNumbersKept(WithMore):
    """Not a mistake: another way of dropout, which keeps an element with the same probability."""

    def dropped(self, net: Any) -> Any:
        kept = tf.random.uniform(tf.shape(net)) < 1.0 - DROPOUT
        return tf.where(kept, net / (1.0 - DROPOUT), 0.0)


class SmallNumbersKeptAndKerasEpsilon(SmallNumbersKept):
    """The mistake must be found with the alignment that is found second."""

    epsilon = 1e-7


class NoDropout(WithMore):
    def dropped(self, net: Any) -> Any:
        return net


class KeepProbabilityForRate(WithMore):
    """The second argument of `tf.nn.dropout` was the probability to keep in TensorFlow 1."""

    def dropped(self, net: Any) -> Any:
        return tf.nn.dropout(net, 1.0 - DROPOUT)


class NotScaled(WithMore):
    def dropped(self, net: Any) -> Any:
        return super().dropped(net) * (1.0 - DROPOUT)


class UnweightedMetric(WithMore):
    def evaluate(self, dataset: Any) -> Mapping[str, Any]:
        found = super().evaluate(dataset)
        return {**found, "loss": found["loss"] - float(self.regularization())}


class ProbabilitiesForLogits(WithMore):
    """Predicts probabilities after training only, so that the forward stage does not find it."""

    def predict(self, dataset: Any) -> Any:
        for one in super().predict(dataset):
            done = self.variables["global_step"] > 0
            yield {"logits": tf.sigmoid(one["logits"]) if done else one["logits"]}


# Each mistake, with the stage, name and step of the first divergence.
MUTANTS: dict[type[HandWritten], tuple[str, str, int | None]] = {
    Mean: ("forward", "loss", 1),
    Broadcast: ("forward", "loss", 1),
    Unregularized: ("forward", "loss", 1),
    OtherBatchNormEpsilon: ("forward", "logits", None),
    RegularizationNotDifferentiated: ("gradients", "hidden/kernel", 1),
    KerasEpsilon: ("one step", "hidden/kernel", 1),
    OtherOrderOfClipping: ("one step", "hidden/kernel", 1),
    RateOnePercentHigher: ("one step", "hidden/kernel", 1),
    NoUpdateOps: ("one step", "norm/moving_mean", 1),
    # Steps 1 to 5 should have the first rate. Step 5 has the second one: step 6 has another loss.
    RateOneStepEarly: ("steps", "loss", 6),
    UnweightedMetric: ("evaluation", "loss", None),
    ProbabilitiesForLogits: ("predictions", "0/logits", None),
}
# Mistakes that can be made only with dropout.
OF_DROPOUT: dict[type[HandWritten], tuple[str, str, int | None]] = {
    NoDropout: ("forward", "loss", 1),
    KeepProbabilityForRate: ("forward", "loss", 1),
    NotScaled: ("forward", "loss", 1),
    SmallNumbersKeptAndKerasEpsilon: ("one step", "hidden/kernel", 1),
}

# Mistakes of several stages; the others are marked slow.
EVERY_TIME = (Mean, RateOneStepEarly)
EVERY_TIME_WITH_DROPOUT = (NoUpdateOps,)


def verified(subject: HandWritten, steps: int = 8) -> Verdict:
    params = {"dropout": subject.has_dropout}
    target = migrate.Target(model_fn=model_fn, input_fns=input_fn, params=params)
    return migrate.verify(target, subject, steps=steps, eval_steps=2, predict_steps=2)


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {one.name: one.outcome.value for one in verdict.stages}


def test_the_right_loop_is_equivalent() -> None:
    verdict = verified(WithMore(), steps=50)
    assert verdict.passed, verdict.first
    assert set(outcomes(verdict).values()) <= {"identical", "equivalent"}
    assert len(verdict.run_losses) == len(verdict.subject_losses) == 50


def test_a_loop_that_can_only_train() -> None:
    verdict = verified(HandWritten())
    assert verdict.passed, verdict.first
    not_compared = {"gradients", "evaluation", "predictions"}
    assert {n for n, one in outcomes(verdict).items() if one == "not compared"} == not_compared
    notes = {one.name: one.notes for one in verdict.stages}
    assert notes["gradients"] == ("the subject has no `gradients`",)


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(one, marks=[] if one in EVERY_TIME else pytest.mark.slow, id=one.__name__)
        for one in MUTANTS
    ],
)
def test_a_mistake_is_found_where_it_first_shows(mutant: type[HandWritten]) -> None:
    verdict = verified(mutant())
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name, found.step) == MUTANTS[mutant]


def with_dropout(cls: type[HandWritten]) -> HandWritten:
    subject = cls()
    subject.has_dropout = True
    return subject


@pytest.mark.parametrize("cls", [WithMore, pytest.param(SmallNumbersKept, marks=pytest.mark.slow)])
def test_the_right_loop_with_dropout_is_equivalent(cls: type[HandWritten]) -> None:
    verdict = verified(with_dropout(cls), steps=20)
    assert verdict.passed, verdict.first
    assert set(outcomes(verdict).values()) <= {"identical", "equivalent"}
    forward = next(one for one in verdict.stages if one.name == "forward")
    mirrored = ", mirrored (1 - x for uniform numbers, -x for normal ones)"
    assert forward.notes == (
        "the reference draws 1 random tensor in a training step; the subject got them"
        + mirrored * (cls is SmallNumbersKept),
    )


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(
            one,
            marks=[] if one in EVERY_TIME_WITH_DROPOUT else pytest.mark.slow,
            id=one.__name__,
        )
        for one in MUTANTS | OF_DROPOUT
    ],
)
def test_a_mistake_is_found_with_dropout(mutant: type[HandWritten]) -> None:
    verdict = verified(with_dropout(mutant))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, found = verdict.first
    assert (stage.name, found.name, found.step) == (MUTANTS | OF_DROPOUT)[mutant]
