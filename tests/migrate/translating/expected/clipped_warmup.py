"""The TF2 training loop of `model_fn` in clipped_warmup.py.

The loss of TRAIN and EVAL:

    loss = mean(cross_entropy[batch])

    reduction     The mean; a short last batch counts its own size: SUM_OVER_BATCH_SIZE
    optimizer     Adam: rate learning_rate(step), beta1 0.9, beta2 0.999, epsilon 1e-06
    gradients     clipped to a global norm of 1

The update is that of `tf.train.AdamOptimizer`, with its slots under their legacy names; the rows
of an embedding move as under that optimizer.
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


PARAMS: dict[str, Any] = {
    "hidden": 8,
    "vocabulary": 20,
    "init_lr": 0.005,
    "train_steps": 20,
    "warmup_steps": 4,
}
_random = np.random.RandomState(3)
_IDS = _random.randint(1, 20, size=(32, 6)).astype(np.int32)
_MASK = (np.arange(6) < _random.randint(3, 7, size=(32, 1))).astype(np.int32)
_LABELS = (_IDS[:, 0] > 9).astype(np.int32)


def _dataset(start, stop):
    features = {"input_ids": _IDS[start:stop], "input_mask": _MASK[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 21).repeat().shuffle(buffer_size=10).batch(8)


def eval_input_fn():
    return _dataset(21, 32).batch(4)


def predict_input_fn():
    return _dataset(21, 32).batch(4)


def gelu(x):
    return x * 0.5 * (1.0 + tf.math.erf(x / np.sqrt(2.0)))


FEATURES = {
    "input_ids": tf.TensorSpec([None, 6], tf.int32),
    "input_mask": tf.TensorSpec([None, 6], tf.int32),
}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()

        def initializer() -> keras.initializers.Initializer:
            # Made anew for each weight: one would give them all the same numbers.
            return keras.initializers.TruncatedNormal(stddev=0.5)

        self.word_embeddings = self.add_weight(
            shape=[PARAMS["vocabulary"], PARAMS["hidden"]], initializer=initializer()
        )
        self.position_embeddings = self.add_weight(
            shape=[6, PARAMS["hidden"]], initializer=initializer()
        )
        self.embeddings_layer_norm_gamma = self.add_weight(shape=[8], initializer="ones")
        self.embeddings_layer_norm_beta = self.add_weight(shape=[8], initializer="zeros")
        self.query = keras.layers.Dense(
            PARAMS["hidden"], use_bias=False, kernel_initializer=initializer()
        )
        self.key = keras.layers.Dense(
            PARAMS["hidden"], use_bias=False, kernel_initializer=initializer()
        )
        self.value = keras.layers.Dense(
            PARAMS["hidden"], use_bias=False, kernel_initializer=initializer()
        )
        self.attention_layer_norm_gamma = self.add_weight(shape=[8], initializer="ones")
        self.attention_layer_norm_beta = self.add_weight(shape=[8], initializer="zeros")
        self.dense = keras.layers.Dense(
            12, activation=gelu, kernel_initializer=initializer(), bias_initializer=initializer()
        )
        self.dropout = keras.layers.Dropout(0.1)
        self.classifier = keras.layers.Dense(2)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        hidden = PARAMS["hidden"]
        x = (
            tf.nn.embedding_lookup(self.word_embeddings, features["input_ids"])
            + self.position_embeddings
        )
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        x = (
            self.embeddings_layer_norm_gamma * (x - mean) * tf.math.rsqrt(variance + 1e-06)
            + self.embeddings_layer_norm_beta
        )
        # No biases: the gradient of the keys' bias consists of rounding errors only.
        query = self.query(x)
        key = self.key(x)
        value = self.value(x)
        scores = tf.matmul(query, key, transpose_b=True) / np.sqrt(float(hidden))
        scores += (1.0 - tf.cast(tf.expand_dims(features["input_mask"], 1), tf.float32)) * -10000.0
        attended = tf.matmul(tf.nn.softmax(scores), value)
        x = x + attended
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        x = (
            self.attention_layer_norm_gamma * (x - mean) * tf.math.rsqrt(variance + 1e-06)
            + self.attention_layer_norm_beta
        )
        # Not from zero: Adam steps by the same length for a gradient that is little but rounding.
        x = self.dense(x)
        x = self.dropout(x, training=training)
        pooled = x[:, 0, :]
        return self.classifier(pooled)


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    probabilities = tf.nn.softmax(logits)
    return {"probabilities": probabilities}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Cross entropy, [batch]."""
    one_hot_labels = tf.one_hot(labels, depth=2)
    return -tf.reduce_sum(one_hot_labels * tf.nn.log_softmax(logits), axis=-1)


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
    return (
        (1.0 - tf.cast(step < PARAMS["warmup_steps"], tf.float32))
        * (
            PARAMS["init_lr"]
            * (
                1.0
                - (
                    tf.minimum(tf.cast(step, tf.float32), float(PARAMS["train_steps"]))
                    / float(PARAMS["train_steps"])
                )
            )
        )
    ) + (
        tf.cast(step < PARAMS["warmup_steps"], tf.float32)
        * ((PARAMS["init_lr"] * tf.cast(step + 1, tf.float32)) / float(PARAMS["warmup_steps"]))
    )


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
            "embeddings/word_embeddings": model.word_embeddings.value,
            "embeddings/position_embeddings": model.position_embeddings.value,
            "embeddings/layer_norm/gamma": model.embeddings_layer_norm_gamma.value,
            "embeddings/layer_norm/beta": model.embeddings_layer_norm_beta.value,
            "attention/query/kernel": model.query.kernel.value,
            "attention/key/kernel": model.key.kernel.value,
            "attention/value/kernel": model.value.kernel.value,
            "attention/layer_norm/gamma": model.attention_layer_norm_gamma.value,
            "attention/layer_norm/beta": model.attention_layer_norm_beta.value,
            "intermediate/dense/kernel": model.dense.kernel.value,
            "intermediate/dense/bias": model.dense.bias.value,
            "classifier/kernel": model.classifier.kernel.value,
            "classifier/bias": model.classifier.bias.value,
        }
        self.optimizer = Adam(list(self.weights.values()), epsilon=1e-06)
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
        clipped, _ = tf.clip_by_global_norm(list(gradients.values()), clip_norm=1.0)
        rate = learning_rate(self.global_step)
        self.optimizer.apply(clipped, rate)
        self.global_step.assign_add(1)
        return {
            "loss": loss,
            "loss_per_example": losses,
            "average_loss": tf.reduce_mean(losses),
            "learning_rate": rate,
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
            "eval_accuracy": (labels, tf.argmax(logits, axis=-1)),
            "eval_loss": (per_example_loss,),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "eval_accuracy": keras.metrics.Accuracy(),
            "eval_loss": keras.metrics.Mean(),
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
