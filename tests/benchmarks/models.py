"""The models of the benchmarks: a small one whose step is nearly all overhead, and larger ones.

Their input repeats one batch, because the training loop is measured and not an input pipeline.

A model is one forward function over plain variables. It has no layers, because each TensorFlow here
has another Keras. The contestant creates the variables: with `tf.get_variable` in a model_fn, or in
a dict of `tf.Variable`s in a loop written by hand.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow.compat.v1 as tf

CLASSES = 3


class Variables(Protocol):
    """Where a forward function gets its variables."""

    def get(
        self, name: str, shape: list[int], initializer: Any = None, *, trainable: bool = True
    ) -> Any:
        """Returns the variable of that name; without an initializer, uses Glorot's."""

    def update(self, variable: Any, value: Any) -> None:
        """Assigns, as a part of the training step."""


class GraphVariables:
    """The variables of a model_fn."""

    def get(
        self, name: str, shape: list[int], initializer: Any = None, *, trainable: bool = True
    ) -> Any:
        return tf.get_variable(name, shape, initializer=initializer, trainable=trainable)

    def update(self, variable: Any, value: Any) -> None:
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign(variable, value))


class Model(NamedTuple):
    """A classifier of `CLASSES`.

    Attributes:
        features: draws a batch.
        forward: computes the logits of a batch.
        optimizer: its class in tf.train without `Optimizer`, and its rate.
    """

    description: str
    features: Callable[[np.random.RandomState], np.ndarray]
    forward: Callable[[Variables, Any], Any]
    optimizer: tuple[str, float]


def _dense(variables: Variables, x: Any, width: int, name: str) -> Any:
    kernel = variables.get(f"{name}/kernel", [x.shape.as_list()[1], width])
    return tf.matmul(x, kernel) + variables.get(f"{name}/bias", [width], tf.zeros_initializer())


def _layers(hidden: tuple[int, ...], variables: Variables, x: Any) -> Any:
    for index, width in enumerate(hidden):
        x = tf.nn.relu(_dense(variables, x, width, f"hidden{index}"))
    return _dense(variables, x, CLASSES, "logits")


def _batch_norm(variables: Variables, x: Any, name: str) -> Any:
    ones, zeros = tf.ones_initializer(), tf.zeros_initializer()
    size = [x.shape.as_list()[-1]]
    scale = variables.get(f"{name}/gamma", size, ones)
    offset = variables.get(f"{name}/beta", size, zeros)
    moving = {
        "moving_mean": variables.get(f"{name}/moving_mean", size, zeros, trainable=False),
        "moving_variance": variables.get(f"{name}/moving_variance", size, ones, trainable=False),
    }
    y, mean, variance = tf.nn.fused_batch_norm(x, scale, offset, epsilon=1e-3, is_training=True)
    for variable, value in zip(moving.values(), (mean, variance)):  # noqa: B905 (Python 3.9)
        variables.update(variable, 0.9 * variable + 0.1 * value)
    return y


def _cnn(variables: Variables, x: Any) -> Any:
    for index, filters in enumerate((32, 64)):
        shape = [3, 3, x.shape.as_list()[-1], filters]
        x = tf.nn.conv2d(x, variables.get(f"conv{index}/kernel", shape), [1, 1, 1, 1], "SAME")
        x = tf.nn.relu(_batch_norm(variables, x, f"norm{index}"))
        x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    return _dense(variables, tf.reduce_mean(x, [1, 2]), CLASSES, "logits")


def _layer_norm(variables: Variables, x: Any, name: str) -> Any:
    width = x.shape.as_list()[-1:]
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    scale = variables.get(f"{name}/gamma", width, tf.ones_initializer())
    offset = variables.get(f"{name}/beta", width, tf.zeros_initializer())
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-12)


def _attention(variables: Variables, x: Any, name: str, *, length: int, heads: int) -> Any:
    """Lets each position of `x`, `[batch * length, width]`, attend to the same sequence."""
    width = x.shape.as_list()[1]

    def projected(part: str) -> Any:
        y = _dense(variables, x, width, f"{name}/{part}")
        return tf.transpose(tf.reshape(y, [-1, length, heads, width // heads]), [0, 2, 1, 3])

    query, key, value = projected("query"), projected("key"), projected("value")
    scores = tf.matmul(query, key, transpose_b=True) * (width // heads) ** -0.5
    mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
    return _dense(variables, tf.reshape(mixed, [-1, width]), width, f"{name}/output")


def _gelu(x: Any) -> Any:
    # The original BERT's, with a tanh.
    return x * 0.5 * (1 + tf.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))


VOCABULARY, WIDTH = 1000, 128


def _bert(variables: Variables, x: Any) -> Any:
    length = x.shape.as_list()[1]
    words = tf.gather(variables.get("embeddings/word", [VOCABULARY, WIDTH]), x)
    x = tf.reshape(words + variables.get("embeddings/position", [length, WIDTH]), [-1, WIDTH])
    x = _layer_norm(variables, x, "embeddings/norm")
    for layer in ("layer_0", "layer_1"):
        mixed = _attention(variables, x, f"{layer}/attention", length=length, heads=4)
        x = _layer_norm(variables, x + mixed, f"{layer}/attention/norm")
        inner = _gelu(_dense(variables, x, 4 * WIDTH, f"{layer}/intermediate"))
        outer = _dense(variables, inner, WIDTH, f"{layer}/output")
        x = _layer_norm(variables, x + outer, f"{layer}/output/norm")
    first = tf.reshape(x, [-1, length, WIDTH])[:, 0]
    return _dense(variables, tf.tanh(_dense(variables, first, WIDTH, "pooler")), CLASSES, "logits")


def _normal(*shape: int) -> Callable[[np.random.RandomState], np.ndarray]:
    return lambda random: random.randn(*shape).astype(np.float32)


MODELS = {
    "small": Model(
        "2 hidden dense layers of 16, gradient descent, batch 32: 6 variables and global_step",
        features=_normal(32, 8),
        forward=functools.partial(_layers, (16, 16)),
        optimizer=("GradientDescent", 0.01),
    ),
    "wide": Model(
        "2 hidden dense layers of 512, Adam with its slots, batch 128: 21 variables",
        features=_normal(128, 32),
        forward=functools.partial(_layers, (512, 512)),
        optimizer=("Adam", 0.001),
    ),
    "cnn": Model(
        "2 convolutions with batch norm, gradient descent, batch 32 of 28 x 28 x 1",
        features=_normal(32, 28, 28, 1),
        forward=_cnn,
        optimizer=("GradientDescent", 0.01),
    ),
    "bert": Model(
        "2 attention layers of width 128 with 4 heads, Adam, batch 8 of 32 words, no dropout",
        features=lambda random: random.randint(0, VOCABULARY, [8, 32]).astype(np.int32),
        forward=_bert,
        optimizer=("Adam", 0.001),
    ),
}


def input_fn(model: Model) -> Any:
    random = np.random.RandomState(3)
    x = model.features(random)
    labels = random.randint(0, CLASSES, len(x))
    return tf.data.Dataset.from_tensors((x, labels)).repeat()


def losses_of(labels: Any, logits: Any) -> Any:
    """The loss of each example, whose mean is the model's."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def build_model_fn(api: Any, model: Model, loss_summaries: Callable[..., Any] | None) -> Any:
    """Builds a model_fn for the Estimator's module `api`.

    It calls `loss_summaries`, unless that is None, as a model_fn of ours would.
    """

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        losses = losses_of(labels, model.forward(GraphVariables(), features))
        loss = tf.losses.compute_weighted_loss(losses)
        tf.summary.scalar("loss", loss)
        if loss_summaries is not None:
            loss_summaries(losses, mode=mode)
        name, rate = model.optimizer
        optimizer = getattr(tf.train, f"{name}Optimizer")(rate)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train_op = optimizer.minimize(loss, tf.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return model_fn
