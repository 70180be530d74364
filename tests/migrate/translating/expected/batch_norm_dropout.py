"""The TF2 training loop of `model_fn` in batch_norm_dropout.py.

The loss of TRAIN and EVAL:

    loss = mean(sigmoid_cross_entropy[batch])

    reduction     The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE
    optimizer     Momentum: rate learning_rate(step), momentum 0.9
    state         bn1/moving_mean, bn1/moving_variance

The update is that of `tf.train.MomentumOptimizer`, with its slots under their legacy names.
Moving averages move in each training step, as under UPDATE_OPS.
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


_random = np.random.RandomState(4)
_X = (3.0 * _random.randn(31, 6) + 1.0).astype(np.float32)
_LABELS = ((_X[:, 0] + _X[:, 1]) > 2.0).astype(np.float32)


def _input_fn(start, stop, training):
    dataset = tf.data.Dataset.from_tensor_slices((_X[start:stop], _LABELS[start:stop]))
    if training:
        dataset = dataset.shuffle(100).repeat(10)
    return dataset.batch(8)


def train_input_fn():
    return _input_fn(0, 21, training=True)


def eval_input_fn():
    return _input_fn(21, 31, training=False)


def predict_input_fn():
    return _input_fn(21, 31, training=False)


FEATURES = tf.TensorSpec([None, 6], tf.float32)


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = keras.layers.Dense(10, use_bias=False)
        self.bn1 = keras.layers.BatchNormalization(momentum=0.8)
        self.dropout = keras.layers.Dropout(0.3)
        self.logit = keras.layers.Dense(1)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        # The gradient of a bias before a batch normalization consists of rounding errors only.
        x = self.fc1(features)
        x = self.bn1(x, training=training)
        x = tf.nn.relu(x)
        x = self.dropout(x, training=training)
        return tf.squeeze(self.logit(x), axis=1)


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"logits": logits, "positive": tf.greater(logits, 0.0)}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Sigmoid cross entropy, [batch]."""
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


def reduce_loss(losses: tf.Tensor) -> tf.Tensor:
    """The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE."""
    return tf.reduce_mean(losses)


def compute_loss(features: Any, labels: Any, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss and the losses of the examples.

    A further term is added here.
    """
    losses = loss_per_example(labels, logits)
    loss = reduce_loss(losses)
    return loss, losses


def learning_rate(step: tf.Variable) -> tf.Tensor:
    """The learning rate at a global step."""
    return 0.05 * tf.pow(0.5, tf.floor(tf.cast(step, tf.float32) / 5.0))


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
            "fc1/kernel": model.fc1.kernel.value,
            "bn1/gamma": model.bn1.gamma.value,
            "bn1/beta": model.bn1.beta.value,
            "logit/kernel": model.logit.kernel.value,
            "logit/bias": model.logit.bias.value,
        }
        self.optimizer = Momentum(list(self.weights.values()), momentum=0.9)
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/Momentum": slot
                for name, slot in zip(self.weights, self.optimizer.accumulators, strict=True)
            },
            "bn1/moving_mean": model.bn1.moving_mean.value,
            "bn1/moving_variance": model.bn1.moving_variance.value,
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses of the examples, and the gradients."""
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, logits)
        return loss, losses, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, gradients = self.differentiate(features, labels)
        rate = learning_rate(self.global_step)
        self.optimizer.apply(list(gradients.values()), rate)
        self.global_step.assign_add(1)
        return {"loss": loss, "loss_per_example": losses, "average_loss": tf.reduce_mean(losses)}

    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph, fewer if the input ends; returns the last one's values.

        `steps` is how many it made.
        """
        made = tf.constant(0)
        values = dict.fromkeys(("loss", "loss_per_example", "average_loss"), tf.constant(0.0))
        for features, labels in batches:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(values, dict.fromkeys(values, tf.TensorShape(None)))]
            )
            values = self.train_step(features, labels)
            made += 1
            if made == count:
                break
        return {**values, "steps": made}

    @tf.function
    def eval_step(self, features: Any, labels: Any) -> dict[str, tuple[tf.Tensor, ...]]:
        """Returns what each metric takes."""
        logits = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, logits)
        positive = tf.cast(tf.greater(logits, 0.0), tf.float32)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "accuracy": (labels, positive),
            "precision": (tf.cast(labels, tf.bool), positive),
            "auc": (labels, tf.sigmoid(logits)),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "accuracy": keras.metrics.Accuracy(),
            "precision": keras.metrics.Precision(),
            "auc": keras.metrics.AUC(num_thresholds=20),
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
        made = int(found.pop("steps"))
        if made == 0:
            break  # the input has ended
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
