"""The verifier on a loop of Keras 3 layers and optimizer, right and with mistakes.

`keras.optimizers.Adam` computes its rate otherwise than TensorFlow 1's: the first update differs by
about 1e-5, which is within the tolerance. The later losses then differ by more than theirs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.verifying.verdict import Outcome, Verdict

keras = pytest.importorskip("keras")

_random = np.random.RandomState(0)
_X = _random.randn(64, 6).astype(np.float32)
_W = np.tile(np.array([1, 0, 2, 0.5], np.float32), 16)
_Y = np.int32(_X[:, 0] + _X[:, 1] * _X[:, 2] > 0)
RATE, MOMENTUM, EPSILON, L2 = 0.01, 0.9, 1e-8, 1e-3
SLOTS = 14  # two for each of 6 trainable variables, and the powers of the betas


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": _X, "w": _W}, _Y)).batch(16).repeat()


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    is_training = mode == "train"

    def penalty(kernel: Any) -> Any:
        return L2 * tf.nn.l2_loss(kernel)

    net = features["x"]
    for name in ("a", "b"):
        net = tf1.layers.dense(net, 8, use_bias=False, name=name, kernel_regularizer=penalty)
        if name == "a":
            net = tf1.layers.batch_normalization(
                net, momentum=MOMENTUM, training=is_training, name="bn"
            )
        net = tf.nn.relu(net)
    logits = tf1.layers.dense(net, 2, name="logits")
    tf1.losses.sparse_softmax_cross_entropy(labels, logits, weights=features["w"])
    loss = tf1.losses.get_total_loss()
    optimizer, step = tf1.train.AdamOptimizer(RATE), tf1.train.get_global_step()
    with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss, step)
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)


class KerasLoop:
    """The loop of TensorFlow's guides.

    Args:
      mistake: "epsilon" for Keras's, "divisor" for Keras's reduction, "half" for an l2 without the
        half, "update_ops" for moving averages that stay, "state" for averages that are nowhere.
    """

    def __init__(self, mistake: str = "") -> None:
        layers = keras.layers
        self.mistake = mistake
        self.a, self.b = (layers.Dense(8, use_bias=False) for _ in range(2))
        self.bn = layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-3)
        self.top = layers.Dense(2)
        self.network({"x": tf.zeros([1, 6])}, False)
        epsilon = 1e-7 if mistake == "epsilon" else EPSILON
        self.optimizer = keras.optimizers.Adam(RATE, epsilon=epsilon)
        self.optimizer.build(self.trained)

    @property
    def trained(self) -> list[Any]:
        layers = (self.a, self.bn, self.b, self.top)
        return [v for layer in layers for v in layer.trainable_variables]

    @property
    def variables(self) -> Mapping[str, Any]:
        found = {
            "global_step": self.optimizer.iterations,
            "a/kernel": self.a.kernel,
            "b/kernel": self.b.kernel,
            "logits/kernel": self.top.kernel,
            "logits/bias": self.top.bias,
        }
        names = ["gamma", "beta"] + ["moving_mean", "moving_variance"] * (self.mistake != "state")
        found |= {f"bn/{name}": getattr(self.bn, name) for name in names}
        return {name: variable.value for name, variable in found.items()}

    def network(self, features: Any, training: bool) -> Any:
        net = tf.nn.relu(self.bn(self.a(features["x"]), training=training))
        return self.top(tf.nn.relu(self.b(net)))

    def loss(self, features: Any, labels: Any) -> Any:
        logits = self.network(features, True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits) * features["w"]
        count = tf.reduce_sum(tf.cast(features["w"] != 0, tf.float32))
        count = tf.cast(tf.size(losses), tf.float32) if self.mistake == "divisor" else count
        half = 1.0 if self.mistake == "half" else 0.5
        squares = [tf.reduce_sum(tf.square(layer.kernel)) for layer in (self.a, self.b)]
        return tf.reduce_sum(losses) / count + L2 * half * tf.add_n(squares)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> Any:
        kept = [self.bn.moving_mean.value + 0, self.bn.moving_variance.value + 0]
        with tf.GradientTape() as tape:
            loss = self.loss(features, labels)
        gradients = tape.gradient(loss, self.trained)
        self.optimizer.apply_gradients(zip(gradients, self.trained, strict=True))
        if self.mistake == "update_ops":
            self.bn.moving_mean.assign(kept[0])
            self.bn.moving_variance.assign(kept[1])
        return loss


def verified(mistake: str = "", *, seed: int = 1, steps: int = 12) -> Verdict:
    config = estimator_compat.RunConfig(tf_random_seed=seed)
    target = migrate.Target(model_fn=model_fn, input_fns={"train": input_fn}, config=config)
    return migrate.verify(target, KerasLoop(mistake), steps=steps)


def test_the_right_loop_passes_at_the_default_tolerances() -> None:
    verdict = verified()
    assert verdict.outcome is Outcome.EQUIVALENT, str(verdict)
    one_step = next(each for each in verdict.stages if each.name == "one step")
    assert one_step.largest is not None
    assert one_step.largest.relative > 1e-6  # more than rounding
    assert verdict.stages[0].notes == (
        f"{SLOTS} variables of the reference's optimizer are not compared, being not in the "
        "subject",
    )


MISTAKES = {
    "epsilon": ("one step", "The updates are Adam's with an epsilon of 1e-07; the reference's"),
    "divisor": ("forward", "The subject's loss is what the reduction SUM_OVER_BATCH_SIZE gives"),
    "half": ("forward", "The subject's loss is the reference's with twice its penalties"),
    "update_ops": ("one step", "The subject leaves bn/moving_mean, bn/moving_variance as it was"),
    "state": ("variables", ""),
}


@pytest.mark.parametrize(
    "mistake",
    [pytest.param(one, marks=[] if one in ("half",) else pytest.mark.slow) for one in MISTAKES],
)
def test_a_mistake_is_found_and_explained(mistake: str) -> None:
    verdict = verified(mistake)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    stage, words = MISTAKES[mistake]
    assert verdict.first[0].name == stage, str(verdict)
    assert words in " ".join(verdict.explanations)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_right_loop_with_other_weights(seed: int) -> None:
    verdict = verified(seed=seed, steps=100)
    assert verdict.passed, str(verdict)
