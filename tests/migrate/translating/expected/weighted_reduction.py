"""The TF2 training loop of `model_fn` in weighted_reduction.py.

The loss of TRAIN and EVAL:

    loss = sum(features['weight'] * softmax_cross_entropy[batch]) / sum(features['weight']) + 0.1
        * mean(features['weight'] * hinge[batch, 3])

    reduction     softmax_cross_entropy: The weighted sum by the sum of the weights: MEAN; hinge:
                  The weighted sum by the number of losses: SUM_OVER_BATCH_SIZE
    optimizer     Adagrad: rate 0.1, initial_accumulator_value 0.1

The update is that of `tf.train.AdagradOptimizer`, with its slots under their legacy names.

Not carried over:

    the scalar summary 'accuracy' (line 54)
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


_random = np.random.RandomState(2)
_X = _random.randn(34, 5).astype(np.float32)
_LABELS = (_X[:, 0] > 0).astype(np.int32) + (_X[:, 1] > 0.3)
_WEIGHTS = np.tile(np.array([1.0, 0.0, 2.5, 0.5], np.float32), 9)[:34]


def _dataset(start, stop):
    features = {"x": _X[start:stop], "weight": _WEIGHTS[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 23).shuffle(23).batch(6).repeat()


def eval_input_fn():
    return _dataset(23, 34).batch(4)


def predict_input_fn():
    return _dataset(23, 34).batch(4)


FEATURES = {"x": tf.TensorSpec([None, 5], tf.float32), "weight": tf.TensorSpec([None], tf.float32)}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(8, activation=tf.nn.tanh)
        self.dense_1 = keras.layers.Dense(3)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        hidden = self.dense(features["x"])
        return self.dense_1(hidden)


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    classes = tf.argmax(logits, axis=1)
    return {"class": classes, "probability": tf.nn.softmax(logits)}


def cross_entropy_loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def reduce_cross_entropy_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum by the sum of the weights: MEAN."""
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights))


def margin_loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Hinge loss, [batch, 3]."""
    signs = 2.0 * tf.one_hot(labels, 3) - 1.0
    return tf.nn.relu(1.0 - signs * logits)


def reduce_margin_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum by the number of losses: SUM_OVER_BATCH_SIZE."""
    return tf.reduce_mean(losses * weights)


def compute_loss(
    features: Any, labels: Any, logits: tf.Tensor
) -> tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]:
    """Returns the loss, and for each term the losses of the examples and their weights.

    A further term is added here.
    """
    weights = features["weight"]
    cross_entropy_losses = cross_entropy_loss_per_example(labels, logits)
    cross_entropy = reduce_cross_entropy_loss(cross_entropy_losses, weights)
    margin_losses = margin_loss_per_example(labels, logits)
    margin = reduce_margin_loss(margin_losses, tf.expand_dims(weights, 1))
    loss = cross_entropy + 0.1 * margin
    terms = {
        "softmax_cross_entropy": (cross_entropy_losses, weights),
        "hinge": (
            margin_losses,
            tf.broadcast_to(
                tf.cast(tf.expand_dims(weights, 1), margin_losses.dtype), tf.shape(margin_losses)
            ),
        ),
    }
    return loss, terms


class Adagrad:
    """`tf.train.AdagradOptimizer`: without an epsilon, from an accumulator that is not 0."""

    def __init__(self, weights: list[tf.Variable], initial_accumulator_value: float = 0.1) -> None:
        self.weights = weights
        self.accumulators = [
            tf.Variable(tf.fill(weight.shape, tf.cast(initial_accumulator_value, weight.dtype)))
            for weight in weights
        ]

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, accumulator, gradient in zip(
            self.weights, self.accumulators, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdagrad(
                var=weight.handle,
                accum=accumulator.handle,
                lr=rate,
                grad=tf.convert_to_tensor(gradient),
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
            "dense/kernel": model.dense.kernel.value,
            "dense/bias": model.dense.bias.value,
            "dense_1/kernel": model.dense_1.kernel.value,
            "dense_1/bias": model.dense_1.bias.value,
        }
        self.optimizer = Adagrad(list(self.weights.values()))
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/Adagrad": slot
                for name, slot in zip(self.weights, self.optimizer.accumulators, strict=True)
            },
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, its terms, and the gradients."""
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)
            loss, terms = compute_loss(features, labels, logits)
        return loss, terms, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, terms, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.1)
        self.global_step.assign_add(1)
        result = {"loss": loss}
        for name, (losses, weights) in terms.items():
            result[f"loss_per_example/{name}"] = losses
            result[f"average_loss/{name}"] = tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.reduce_sum(weights)
            )
        return result

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
        logits = self.model(features, training=False)
        loss, terms = compute_loss(features, labels, logits)
        classes = tf.argmax(logits, axis=1)
        weights = features["weight"]
        return {
            "loss": (loss,),
            **{f"average_loss/{name}": values for name, values in terms.items()},
            "accuracy": (labels, classes, weights),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss/softmax_cross_entropy": keras.metrics.Mean(),
            "average_loss/hinge": keras.metrics.Mean(),
            "accuracy": keras.metrics.Accuracy(),
        }
        for features, labels in dataset:
            for name, values in self.eval_step(features, labels).items():
                metrics[name].update_state(*values)
        return {name: float(metric.result()) for name, metric in metrics.items()}

    @tf.function
    def predict_step(self, features: Any) -> Any:
        logits = self.model(features, training=False)
        return predictions(logits)

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
