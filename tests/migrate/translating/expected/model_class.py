"""The TF2 training loop of `model_fn` in model_class.py.

The loss of TRAIN and EVAL:

    loss = sum(features['weight'] * squared_difference[batch]) + 0.01 * (l2(body/dense/kernel) +
        l2(body/dense_1/kernel))

    reduction     The weighted sum: SUM
    optimizer     Momentum: rate 0.0020000000949949026, momentum 0.800000011920929, use_nesterov

The update is that of `tf.train.MomentumOptimizer`, with its slots under their legacy names.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Where checkpoints and summaries go.", required=True
)
WARM_START_FROM = flags.DEFINE_string(
    "warm_start_from", None, "An Estimator's checkpoint to begin from."
)
STEPS = flags.DEFINE_integer("steps", 1000, "How many steps to train, fewer if the input ends.")
STEPS_PER_LOOP = flags.DEFINE_integer(
    "steps_per_loop", 3, "How many steps to make in one graph, and between summaries."
)


UNITS = 4
L2 = 0.01
_random = np.random.RandomState(9)
_X = _random.randn(27, 5).astype(np.float64)
_Y = _X.dot(np.array([1.0, -2.0, 0.5, 0.0, 3.0]))
_WEIGHTS = np.where(np.arange(27) % 4 == 0, 0.0, 1.0)


def _dataset(start, stop):
    features = {"x": _X[start:stop], "weight": _WEIGHTS[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _Y[start:stop]))


class Inputs(object):
    def __init__(self, start, stop, repeat):
        self.start, self.stop, self.repeat = start, stop, repeat

    def __call__(self):
        return _dataset(self.start, self.stop).batch(6).repeat(self.repeat)


train_input_fn = Inputs(0, 16, repeat=None)
eval_input_fn = Inputs(16, 27, repeat=1)
predict_input_fn = Inputs(16, 27, repeat=1)


FEATURES = {"x": tf.TensorSpec([None, 5], tf.float64), "weight": tf.TensorSpec([None], tf.float64)}


class Model(keras.Model):
    """The forward pass: from the features to `outputs`."""

    def __init__(self) -> None:
        super().__init__(autocast=False)
        self.dense = keras.layers.Dense(UNITS, activation=tf.nn.softplus, dtype="float64")
        self.dense_1 = keras.layers.Dense(1, dtype="float64")

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        hidden = self.dense(features["x"])
        return self.dense_1(hidden)[:, 0]


def predictions(outputs: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"value": outputs}


def loss_per_example(labels: Any, outputs: tf.Tensor) -> tf.Tensor:
    """Squared difference, [batch]."""
    return tf.math.squared_difference(labels, outputs)


def reduce_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum: SUM."""
    return tf.reduce_sum(losses * weights)


def regularization(variables: dict[str, tf.Variable]) -> tf.Tensor:
    """The penalty on the weights."""
    names = ("body/dense/kernel", "body/dense_1/kernel")
    return L2 * tf.add_n([tf.nn.l2_loss(variables[name]) for name in names])


def compute_loss(
    features: Any, labels: Any, outputs: tf.Tensor, variables: dict[str, tf.Variable]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the loss, the losses of the examples, and their weights.

    A further term is added here.
    """
    losses = loss_per_example(labels, outputs)
    loss = reduce_loss(losses, features["weight"]) + regularization(variables)
    return loss, losses, features["weight"]


class Momentum:
    """`tf.train.MomentumOptimizer`: the rate multiplies the accumulator, and is no part of it.

    `keras.optimizers.SGD(momentum=)` has it inside, which differs as soon as the rate changes.
    """

    def __init__(
        self, weights: list[tf.Variable], momentum: float, use_nesterov: bool = False
    ) -> None:
        self.weights, self.momentum, self.use_nesterov = weights, momentum, use_nesterov
        self.accumulators = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, accumulator, gradient in zip(
            self.weights, self.accumulators, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyMomentum(
                var=weight.handle,
                accum=accumulator.handle,
                lr=tf.cast(rate, weight.dtype),
                grad=gradient,
                momentum=tf.cast(self.momentum, weight.dtype),
                use_nesterov=self.use_nesterov,
            )


class Loop:
    """Trains, evaluates and predicts.

    Attributes:
      variables: By the names that they have in an Estimator's checkpoint.
    """

    def __init__(self) -> None:
        self.model = model = Model()
        # A trace makes the weights, without data.
        tf.function(model).get_concrete_function(FEATURES)
        self.weights = {
            "body/dense/kernel": model.dense.kernel.value,
            "body/dense/bias": model.dense.bias.value,
            "body/dense_1/kernel": model.dense_1.kernel.value,
            "body/dense_1/bias": model.dense_1.bias.value,
        }
        self.optimizer = Momentum(
            list(self.weights.values()), momentum=0.800000011920929, use_nesterov=True
        )
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/Momentum": slot
                for name, slot in zip(self.weights, self.optimizer.accumulators, strict=True)
            },
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses of the examples, their weights, and the gradients."""
        with tf.GradientTape() as tape:
            outputs = self.model(features, training=True)
            loss, losses, weights = compute_loss(features, labels, outputs, self.variables)
        return loss, losses, weights, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, weights, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.0020000000949949026)
        self.global_step.assign_add(1)
        return {
            "loss": loss,
            "loss_per_example": losses,
            "average_loss": tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.reduce_sum(weights)
            ),
        }

    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph; returns what the last one does."""
        for _ in tf.range(count - 1):
            self.train_step(*next(batches))
        result: dict[str, tf.Tensor] = self.train_step(*next(batches))
        return result

    @tf.function
    def eval_step(self, features: Any, labels: Any) -> dict[str, tuple[tf.Tensor, ...]]:
        """Returns what each metric takes."""
        outputs = self.model(features, training=False)
        loss, losses, weights = compute_loss(features, labels, outputs, self.variables)
        squared = losses
        return {
            "loss": (loss,),
            "average_loss": (losses, weights),
            "mse": (squared, features["weight"]),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "mse": keras.metrics.Mean(),
        }
        for features, labels in dataset:
            for name, values in self.eval_step(features, labels).items():
                metrics[name].update_state(*values)
        return {name: float(metric.result()) for name, metric in metrics.items()}

    @tf.function
    def predict_step(self, features: Any) -> Any:
        outputs = self.model(features, training=False)
        return predictions(outputs)

    def predict(self, dataset: tf.data.Dataset) -> Iterator[Any]:
        """Yields the predictions for each batch; labels in the input are left alone."""
        for batch in dataset:
            yield self.predict_step(batch[0] if isinstance(batch, tuple) else batch)

    def restore_legacy(self, path: str) -> None:
        """Takes the values of an Estimator's checkpoint, slots and step included."""
        reader = tf.train.load_checkpoint(path)
        for name, variable in self.variables.items():
            variable.assign(reader.get_tensor(name))


def write_summaries(writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
            if value.shape.rank == 0:
                summary = tf.raw_ops.ScalarSummary(tags=tag, values=value)
            else:
                summary = tf.raw_ops.HistogramSummary(tag=tag, values=value)
            tf.summary.experimental.write_raw_pb(summary)


def train(
    loop: Loop, dataset: tf.data.Dataset, model_dir: str, steps: int, steps_per_loop: int
) -> None:
    """Trains up to `steps`, from the last checkpoint in `model_dir`, if there is one."""
    checkpoint = tf.train.Checkpoint(variables=loop.variables)
    manager = tf.train.CheckpointManager(
        checkpoint, model_dir, max_to_keep=3, step_counter=loop.global_step
    )
    manager.restore_or_initialize()
    writer = tf.summary.create_file_writer(model_dir)
    batches = iter(dataset)
    count = 1  # an Estimator writes summaries after the first step, then every `steps_per_loop`
    while (step := int(loop.global_step)) < steps:
        found = loop.train_steps(batches, tf.constant(min(count, steps - step)))
        if int(loop.global_step) == step + count:
            write_summaries(writer, loop.global_step, found)
        manager.save()
        count = steps_per_loop


def main(_: list[str]) -> None:
    loop = Loop()
    if WARM_START_FROM.value:
        loop.restore_legacy(WARM_START_FROM.value)
    dataset = train_input_fn()
    train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)
    print(loop.evaluate(eval_input_fn()))


if __name__ == "__main__":
    app.run(main)
