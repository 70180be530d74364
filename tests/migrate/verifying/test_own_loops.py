"""Loops as people write them: layers of Keras 3 and of legacy Keras, and plain variables."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

import estimator_compat as estimator
import migrate
from migrate.verifying.verdict import Outcome

RATE, MOMENTUM = 0.05, 0.9
_random = np.random.RandomState(0)
_X = _random.randn(40, 6).astype(np.float32)
_Y = (_X[:, :1] + _X[:, 1:2] > 0).astype(np.float32)
TRAINED = ("hidden/kernel", "hidden/bias", "norm/gamma", "norm/beta", "logit/kernel", "logit/bias")


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(8).repeat(4)


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    is_training = mode == "train"
    net = tf1.layers.dense(features, 8, name="hidden")
    net = tf1.layers.batch_normalization(net, training=is_training, momentum=MOMENTUM, name="norm")
    net = tf1.layers.dropout(tf.nn.relu(net), params["dropout"], training=is_training)
    logits = tf1.layers.dense(net, 1, name="logit")
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"logits": logits})
    loss = tf1.losses.sigmoid_cross_entropy(labels, logits)
    step = tf1.train.get_global_step()
    with tf1.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train_op = tf1.train.GradientDescentOptimizer(RATE).minimize(loss, step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


class Layers:
    """A loop of layers, of either Keras."""

    layers: Any = None

    def __init__(self, dropout: float = 0.0) -> None:
        self.hidden = self.layers.Dense(8)
        self.norm = self.layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-3)
        self.dropout = self.layers.Dropout(dropout)
        self.logit = self.layers.Dense(1)
        self.network(tf.zeros([1, 6]), False)
        self.global_step = tf.Variable(0, dtype=tf.int64)

    @property
    def variables(self) -> dict[str, Any]:
        found = {"global_step": self.global_step}
        for name in (*TRAINED, "norm/moving_mean", "norm/moving_variance"):
            layer, attribute = name.split("/")
            found[name] = getattr(getattr(self, layer), attribute)
        return found

    def network(self, x: Any, training: bool) -> Any:
        net = tf.nn.relu(self.norm(self.hidden(x), training=training))
        return self.logit(self.dropout(net, training=training))

    def weights(self) -> list[Any]:
        return [self.variables[name] for name in TRAINED]

    def loss(self, x: Any, y: Any, training: bool) -> Any:
        logits = self.network(x, training)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logits))

    def _differentiated(self, x: Any, y: Any) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            loss = self.loss(x, y, True)
        return loss, tape.gradient(loss, self.weights())

    def gradients(self, x: Any, y: Any) -> dict[str, Any]:
        return dict(zip(TRAINED, self._differentiated(x, y)[1], strict=True))

    @tf.function
    def train_step(self, x: Any, y: Any) -> Any:
        loss, gradients = self._differentiated(x, y)
        for weight, gradient in zip(self.weights(), gradients, strict=True):
            weight.assign_sub(RATE * gradient)
        self.global_step.assign_add(1)
        return loss

    @tf.function
    def train_steps(self, iterator: Iterator[Any], count: Any) -> Any:
        for _ in tf.range(count - 1):
            self.train_step(*next(iterator))
        return self.train_step(*next(iterator))

    def evaluate(self, dataset: Any) -> dict[str, Any]:
        return {"loss": tf.reduce_mean([self.loss(x, y, False) for x, y in dataset])}

    def predict(self, dataset: Any) -> Iterator[Any]:
        for x, _ in dataset:
            yield {"logits": self.network(x, False)}


class Keras3(Layers):
    """Variables of Keras 3, whose weights the tape watches by their values."""

    layers = keras.layers

    def weights(self) -> list[Any]:
        return [weight.value for weight in super().weights()]


class LegacyKeras(Layers):
    """Layers that die when a legacy graph is built, unless their classes get their bases back."""

    layers = tf_keras.layers


class OneInitializer(Keras3):
    """Two layers share an initializer object, which draws the same numbers for both."""

    def __init__(self) -> None:
        super().__init__()
        shared = keras.initializers.GlorotUniform()
        for layer in (self.hidden, self.logit):
            layer.kernel.assign(shared(layer.kernel.shape))


class WrongConstant(Keras3):
    """The bias of the last layer begins at 0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.logit.bias.assign([0.1])


class EvaluationMode(LegacyKeras):
    """Normalizes by the moving averages in training."""

    def network(self, x: Any, training: bool) -> Any:
        return super().network(x, False)


class NotANumber(Keras3):
    """Its loss is nan from the third step on."""

    @tf.function
    def train_step(self, x: Any, y: Any) -> Any:
        loss = super().train_step(x, y)
        return tf.where(self.global_step < 3, loss, np.nan)


def verified(loop: Any, dropout: float = 0.0) -> migrate.Verdict:
    target = migrate.Target(
        model_fn=model_fn,
        input_fns=dict.fromkeys(("train", "eval", "infer"), input_fn),
        params={"dropout": dropout},
    )
    return migrate.verify(target, loop, steps=12, eval_steps=3, predict_steps=2)


def outcomes(verdict: migrate.Verdict) -> dict[str, Outcome]:
    return {stage.name: stage.outcome for stage in verdict.stages}


@pytest.mark.parametrize("kind", [Keras3, LegacyKeras])
def test_right_loops(kind: type[Layers]) -> None:
    verdict = verified(kind())
    assert verdict.passed, verdict.first
    assert Outcome.NOT_COMPARED not in outcomes(verdict).values()


def with_dropout() -> Layers:
    return Keras3(0.5)


def with_wrong_dropout() -> Layers:
    return Keras3(0.4)


def held_in_training(verdict: migrate.Verdict) -> bool:
    names = ("gradients", "one step", "steps")
    return Outcome.NOT_COMPARED not in {outcomes(verdict)[name] for name in names}


@pytest.mark.parametrize("kind", [Keras3, LegacyKeras])
def test_dropout(kind: type[Layers]) -> None:
    verdict = verified(kind(0.5), 0.5)
    assert verdict.passed, verdict.first
    assert held_in_training(verdict)
    assert outcomes(verdict)["train_steps"] is not Outcome.NOT_COMPARED


@pytest.mark.subprocess
def test_dropout_in_a_process_of_its_own() -> None:
    verdict = verified(f"{__name__}:with_dropout", 0.5)
    assert verdict.passed, verdict.first
    assert held_in_training(verdict)


@pytest.mark.slow
@pytest.mark.subprocess
def test_wrong_dropout_in_a_process_of_its_own() -> None:
    verdict = verified(f"{__name__}:with_wrong_dropout", 0.5)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    assert verdict.first[0].name == "forward"


WRONG = {
    "one initializer": (OneInitializer, "variables", "the same random numbers as hidden/kernel"),
    "a constant": (WrongConstant, "variables", "0 in the reference, 0.1 in the subject"),
    "evaluation mode": (EvaluationMode, "forward", ""),
    "nan": (NotANumber, "steps", ""),
}


SELDOM = ("a constant", "evaluation mode")  # marked slow


@pytest.mark.parametrize(
    ("kind", "stage", "note"),
    [
        pytest.param(*row, id=name, marks=[pytest.mark.slow] if name in SELDOM else [])
        for name, row in WRONG.items()
    ],
)
def test_wrong_loops(kind: type[Layers], stage: str, note: str) -> None:
    verdict = verified(kind())
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    assert verdict.first[0].name == stage
    assert verdict.first[1].note.endswith(note)
