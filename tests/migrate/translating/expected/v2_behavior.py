"""The TF2 training loop of `model_fn` in v2_behavior.py.

The loss of TRAIN and EVAL:

    loss = mean(softmax_cross_entropy[batch])

    reduction     The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE
    optimizer     Adam: rate PARAMS['learning_rate'] (0.02), beta1 0.9, beta2 0.999, epsilon 1e-08

The update is that of `tf.train.AdamOptimizer`, with its slots under their legacy names.
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


PARAMS: dict[str, Any] = {"units": 6, "learning_rate": 0.02}
_random = np.random.RandomState(13)
_X = _random.randn(28, 4).astype(np.float32)
_LABELS = (_X[:, 0] * _X[:, 1] > 0).astype(np.int64)


def make_input_fn(start, stop, training):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(({"x": _X[start:stop]}, _LABELS[start:stop]))
        if training:
            dataset = dataset.shuffle(18).repeat()
        return dataset.batch(5)

    return input_fn


train_input_fn = make_input_fn(0, 18, training=True)
eval_input_fn = make_input_fn(18, 28, training=False)
predict_input_fn = make_input_fn(18, 28, training=False)


FEATURES = {"x": tf.TensorSpec([None, 4], tf.float32)}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(PARAMS["units"], activation="relu")
        self.dropout = keras.layers.Dropout(0.2)
        self.dense_1 = keras.layers.Dense(2)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        hidden = self.dense(features["x"])
        hidden = self.dropout(hidden, training=training)
        return self.dense_1(hidden)


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"logits": logits}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


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


def summaries(losses: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns what the legacy program's own summaries show, by their tags."""
    return {"largest": tf.reduce_max(losses)}


class Adam:
    """`tf.train.AdamOptimizer`, whose `beta1_power` and `beta2_power` are in its checkpoints.

    The gradient of an embedding moves its every row, as there: moments decay in those that no
    batch looked up.
    """

    def __init__(
        self,
        weights: list[tf.Variable],
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.weights, self.beta1, self.beta2, self.epsilon = weights, beta1, beta2, epsilon
        self.m = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.v = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.beta1_power, self.beta2_power = tf.Variable(beta1), tf.Variable(beta2)

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, m, v, gradient in zip(self.weights, self.m, self.v, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=self.beta1_power,
                beta2_power=self.beta2_power,
                lr=rate,
                beta1=self.beta1,
                beta2=self.beta2,
                epsilon=self.epsilon,
                grad=tf.convert_to_tensor(gradient),
            )
        self.beta1_power.assign(self.beta1_power * self.beta1)
        self.beta2_power.assign(self.beta2_power * self.beta2)


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
        self.optimizer = Adam(list(self.weights.values()))
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/{end}": slot
                for end, slots in [("Adam", self.optimizer.m), ("Adam_1", self.optimizer.v)]
                for name, slot in zip(self.weights, slots, strict=True)
            },
            "beta1_power": self.optimizer.beta1_power,
            "beta2_power": self.optimizer.beta2_power,
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses, `shown`, and the gradients."""
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, logits)
        shown = summaries(losses)
        return loss, losses, shown, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, shown, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), PARAMS["learning_rate"])
        self.global_step.assign_add(1)
        return {
            "loss": loss,
            "loss_per_example": losses,
            "average_loss": tf.reduce_mean(losses),
            **shown,
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
        logits = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, logits)
        per_example_loss = losses
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "accuracy": (labels, tf.argmax(logits, 1)),
            "mean_loss": (per_example_loss,),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "accuracy": keras.metrics.Accuracy(),
            "mean_loss": keras.metrics.Mean(),
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
