"""The TF2 training loop of `model_fn` in default_reduction.py.

The loss of TRAIN and EVAL:

    loss = mean(squared_difference[batch, 2])

    reduction     The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS
    optimizer     GradientDescent: rate PARAMS['learning_rate'] (0.05)

The update is that of `tf.train.GradientDescentOptimizer`.
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


PARAMS: dict[str, Any] = {"hidden": 6, "learning_rate": 0.05}
_random = np.random.RandomState(1)
_X = _random.randn(32, 4).astype(np.float32)
_Y = np.stack([_X[:, 0] - _X[:, 1], 0.5 * _X[:, 2] + 1.0], axis=1)


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(({"x": _X[:22]}, _Y[:22]))
    return dataset.shuffle(22).batch(8).repeat()


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": _X[22:]}, _Y[22:])).batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices({"x": _X[22:]}).batch(4)


FEATURES = {"x": tf.TensorSpec([None, 4], tf.float32)}


class Model(keras.Model):
    """The forward pass: from the features to `outputs`."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(PARAMS["hidden"], activation=tf.nn.relu)
        self.outputs_layer = keras.layers.Dense(2)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        net = self.dense(features["x"])
        return self.outputs_layer(net)


def predictions(outputs: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"outputs": outputs}


def loss_per_example(labels: Any, outputs: tf.Tensor) -> tf.Tensor:
    """Squared error, [batch, 2]."""
    labels.shape.assert_is_compatible_with(outputs.shape)
    return tf.math.squared_difference(outputs, labels)


def reduce_loss(losses: tf.Tensor) -> tf.Tensor:
    """The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS."""
    return tf.reduce_mean(losses)


def compute_loss(features: Any, labels: Any, outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss and the losses of the examples.

    A further term is added here.
    """
    losses = loss_per_example(labels, outputs)
    loss = reduce_loss(losses)
    return loss, losses


class GradientDescent:
    """`tf.train.GradientDescentOptimizer`."""

    def __init__(self, weights: list[tf.Variable]) -> None:
        self.weights = weights

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, gradient in zip(self.weights, gradients, strict=True):
            if isinstance(gradient, tf.IndexedSlices):
                weight.scatter_sub(tf.IndexedSlices(rate * gradient.values, gradient.indices))
            else:
                weight.assign_sub(rate * gradient)


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
            "dense/kernel": model.dense.kernel.value,
            "dense/bias": model.dense.bias.value,
            "outputs/kernel": model.outputs_layer.kernel.value,
            "outputs/bias": model.outputs_layer.bias.value,
        }
        self.optimizer = GradientDescent(list(self.weights.values()))
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses of the examples, and the gradients."""
        with tf.GradientTape() as tape:
            outputs = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, outputs)
        return loss, losses, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), PARAMS["learning_rate"])
        self.global_step.assign_add(1)
        return {"loss": loss, "loss_per_example": losses, "average_loss": tf.reduce_mean(losses)}

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
        loss, losses = compute_loss(features, labels, outputs)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "rmse": (labels, outputs),
            "mae": (tf.abs(outputs - labels),),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "rmse": keras.metrics.RootMeanSquaredError(),
            "mae": keras.metrics.Mean(),
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
