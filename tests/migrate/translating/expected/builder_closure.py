"""The TF2 training loop of `model_fn` in builder_closure.py.

The loss of TRAIN and EVAL:

    loss = mean(cross_entropy[batch])

    reduction     The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE
    optimizer     Adam: rate LEARNING_RATE (0.01), beta1 0.9, beta2 0.999, epsilon 1e-08

The update is that of `tf.train.AdamOptimizer`, with its slots under their legacy names.

Not carried over:

    training_hooks of TRAIN: [logging_hook]
    the hyperparameter export_probabilities, whose value is fixed in the module
    params['batch_size'], which nothing in the module reads
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


PARAMS: dict[str, Any] = {"batch_size": 5}
LEARNING_RATE = 0.01
NUM_LABELS = 3
_random = np.random.RandomState(10)
_X = _random.randn(30, 4).astype(np.float32)
_LABELS = _random.randint(0, 3, size=30).astype(np.int32)
_IS_REAL = (np.arange(30) % 5 != 4).astype(np.int32)


def input_fn_builder(start, stop, is_training):
    def input_fn(params):
        features = {
            "unique_ids": tf.range(start, stop),
            "x": tf.constant(_X[start:stop]),
            "label_ids": tf.constant(_LABELS[start:stop]),
            "is_real_example": tf.constant(_IS_REAL[start:stop]),
        }
        dataset = tf.data.Dataset.from_tensor_slices(features)
        if is_training:
            dataset = dataset.repeat().shuffle(buffer_size=12)
        return dataset.batch(params["batch_size"], drop_remainder=False)

    return input_fn


train_input_fn = input_fn_builder(0, 18, is_training=True)
eval_input_fn = input_fn_builder(18, 30, is_training=False)
predict_input_fn = input_fn_builder(18, 30, is_training=False)


FEATURES = {
    "unique_ids": tf.TensorSpec([None], tf.int32),
    "x": tf.TensorSpec([None, 4], tf.float32),
    "label_ids": tf.TensorSpec([None], tf.int32),
    "is_real_example": tf.TensorSpec([None], tf.int32),
}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.output_weights_layer = self.add_weight(
            shape=[NUM_LABELS, 4], initializer=keras.initializers.TruncatedNormal(stddev=0.2)
        )
        self.output_bias_layer = self.add_weight(shape=[NUM_LABELS], initializer="zeros")
        self.dropout = keras.layers.Dropout(0.1)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        x = features["x"]
        x = self.dropout(x, training=training)
        return tf.nn.bias_add(
            tf.matmul(x, self.output_weights_layer, transpose_b=True), self.output_bias_layer
        )


def predictions(logits: tf.Tensor, features: Any) -> Any:
    """Returns what PREDICT returned."""
    predictions = {"unique_ids": features["unique_ids"]}
    predictions["probabilities"] = tf.nn.softmax(logits, axis=-1)
    return predictions


def loss_per_example(logits: tf.Tensor, features: Any) -> tf.Tensor:
    """Cross entropy, [batch]."""
    label_ids = features["label_ids"]
    one_hot = tf.one_hot(label_ids, depth=NUM_LABELS, dtype=tf.float32)
    return -tf.reduce_sum(one_hot * tf.nn.log_softmax(logits), axis=-1)


def reduce_loss(losses: tf.Tensor) -> tf.Tensor:
    """The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE."""
    return tf.reduce_mean(losses)


def compute_loss(features: Any, labels: Any, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss and the losses of the examples.

    A further term is added here.
    """
    losses = loss_per_example(logits, features)
    total_loss = reduce_loss(losses)
    loss = total_loss
    return loss, losses


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
            "output_weights": model.output_weights_layer.value,
            "output_bias": model.output_bias_layer.value,
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

    def differentiate(self, features: Any, labels: Any = None) -> tuple[Any, ...]:
        """Returns the loss, the losses of the examples, and the gradients."""
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, logits)
        return loss, losses, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any = None) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any = None) -> dict[str, tf.Tensor]:
        loss, losses, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), LEARNING_RATE)
        self.global_step.assign_add(1)
        return {"loss": loss, "loss_per_example": losses, "average_loss": tf.reduce_mean(losses)}

    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph; returns what the last one does."""
        for _ in tf.range(count - 1):
            self.train_step(next(batches))
        result: dict[str, tf.Tensor] = self.train_step(next(batches))
        return result

    @tf.function
    def eval_step(self, features: Any, labels: Any = None) -> dict[str, tuple[tf.Tensor, ...]]:
        """Returns what each metric takes."""
        logits = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, logits)
        label_ids = features["label_ids"]
        per_example_loss = losses
        metric_fn_predicted = tf.argmax(logits, axis=-1, output_type=tf.int32)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "eval_accuracy": (label_ids, metric_fn_predicted, features["is_real_example"]),
            "eval_loss": (per_example_loss, features["is_real_example"]),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "eval_accuracy": keras.metrics.Accuracy(),
            "eval_loss": keras.metrics.Mean(),
        }
        for features in dataset:
            for name, values in self.eval_step(features).items():
                metrics[name].update_state(*values)
        return {name: float(metric.result()) for name, metric in metrics.items()}

    @tf.function
    def predict_step(self, features: Any) -> Any:
        logits = self.model(features, training=False)
        return predictions(logits, features)

    def predict(self, dataset: tf.data.Dataset) -> Iterator[Any]:
        """Yields the predictions for each batch; labels in the input are left alone."""
        for batch in dataset:
            yield self.predict_step(batch[0] if isinstance(batch, tuple) else batch)

    def restore_legacy(self, path: str) -> None:
        """Takes the values of an Estimator's checkpoint, slots and step included."""
        reader = tf.train.load_checkpoint(path)
        for name, variable in self.variables.items():
            variable.assign(reader.get_tensor(name))


# Not carried over: training_hooks of TRAIN, [logging_hook].
# logging_hook = tf.train.LoggingTensorHook({'total': total_loss}, every_n_iter=2)


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
    dataset = train_input_fn(PARAMS)
    train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)
    print(loop.evaluate(eval_input_fn(PARAMS)))


if __name__ == "__main__":
    app.run(main)
