"""The TF2 training loop of `model_fn` in masked_sequence.py.

The loss of TRAIN and EVAL:

    loss = sum(sequence_mask(features[1]) * softmax_cross_entropy[batch, 5]) /
        (sum(sequence_mask(features[1])) + 1e-05)

    reduction     The losses, reduced as the legacy program did
    optimizer     Adam: rate 0.01, beta1 0.9, beta2 0.999, epsilon 1e-08
    gradients     clipped to a global norm of 5

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


PARAMS: dict[str, Any] = {"vocabulary": 12, "embedding": 5, "units": 6, "tags": 3, "clip": 5.0}
_random = np.random.RandomState(6)
_LENGTHS = _random.randint(1, 6, size=24).astype(np.int32)
_WORDS = _random.randint(1, 12, size=(24, 5)).astype(np.int64)
_WORDS[np.arange(5) >= _LENGTHS[:, None]] = 0
_TAGS = (_WORDS % 3).astype(np.int64)


def _sentences(first, last):
    for words, tags, length in zip(_WORDS[first:last], _TAGS[first:last], _LENGTHS[first:last]):
        yield (words[:length], length), tags[:length]


def _dataset(first, last):
    dataset = tf.data.Dataset.from_generator(
        lambda: _sentences(first, last),
        output_types=((tf.int64, tf.int32), tf.int64),
        output_shapes=(([None], []), [None]),
    )
    return dataset.padded_batch(6, padded_shapes=(([5], []), [5]))


def train_input_fn(params):
    assert params["tags"] == 3
    return _dataset(0, 16).repeat()


def eval_input_fn(params):
    return _dataset(16, 24)


def predict_input_fn(params):
    return _dataset(16, 24)


class GRUCell(keras.layers.Layer):
    """`tf.nn.rnn_cell.GRUCell`: one kernel for both gates, over the input and the state.

    `keras.layers.GRUCell` has a kernel for the input and one for the state, each with the update
    gate first.
    """

    def __init__(self, units: int, activation: Any = tf.tanh) -> None:
        super().__init__()
        self.state_size = units
        self.gates = keras.layers.Dense(2 * units, activation=tf.sigmoid, bias_initializer="ones")
        self.candidate = keras.layers.Dense(units, activation=activation)

    def build(self, input_shape: tuple[int, ...]) -> None:
        for dense in (self.gates, self.candidate):
            dense.build((None, input_shape[-1] + self.state_size))

    def call(self, x: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        [state] = states
        reset, update = tf.split(self.gates(tf.concat([x, state], axis=1)), 2, axis=1)
        candidate = self.candidate(tf.concat([x, reset * state], axis=1))
        state = update * state + (1.0 - update) * candidate
        return state, [state]


FEATURES = (
    tf.TensorSpec([None, 5], tf.int64),
    tf.TensorSpec([None], tf.int32),
)


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = self.add_weight(shape=[PARAMS["vocabulary"], PARAMS["embedding"]])
        self.encoder = keras.layers.RNN(
            GRUCell(PARAMS["units"]), return_sequences=True, zero_output_for_mask=True
        )
        self.encoder_dropout = keras.layers.Dropout(0.1)
        self.tags = keras.layers.Dense(PARAMS["tags"])

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        words, lengths = features
        embedded = tf.nn.embedding_lookup(self.embeddings, words)
        encoder_mask = tf.sequence_mask(lengths, 5)
        outputs = self.encoder(embedded, mask=encoder_mask)
        outputs = self.encoder_dropout(outputs, training=training)
        return self.tags(outputs)


def predictions(logits: tf.Tensor, features: Any) -> Any:
    """Returns what PREDICT returned."""
    words, lengths = features
    predicted = tf.argmax(logits, axis=-1)
    return {"tags": predicted, "logits": logits, "length": lengths}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch, 5]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def reduce_loss(losses: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The losses, reduced as the legacy program did."""
    numerator = tf.reduce_sum(mask * losses)
    denominator = tf.reduce_sum(mask) + 1e-05
    return numerator / denominator


def compute_loss(
    features: Any, labels: Any, logits: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the loss, the losses of the examples, and their weights.

    A further term is added here.
    """
    words, lengths = features
    mask = tf.sequence_mask(lengths, maxlen=5, dtype=tf.float32)
    losses = loss_per_example(labels, logits)
    loss = reduce_loss(losses, mask)
    return loss, losses, mask


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
            "embeddings": model.embeddings.value,
            "encoder/rnn/gru_cell/gates/kernel": model.encoder.cell.gates.kernel.value,
            "encoder/rnn/gru_cell/gates/bias": model.encoder.cell.gates.bias.value,
            "encoder/rnn/gru_cell/candidate/kernel": model.encoder.cell.candidate.kernel.value,
            "encoder/rnn/gru_cell/candidate/bias": model.encoder.cell.candidate.bias.value,
            "tags/kernel": model.tags.kernel.value,
            "tags/bias": model.tags.bias.value,
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
        """Returns the loss, the losses of the examples, their weights, and the gradients."""
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)
            loss, losses, weights = compute_loss(features, labels, logits)
        return loss, losses, weights, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, weights, gradients = self.differentiate(features, labels)
        clipped, norm = tf.clip_by_global_norm(list(gradients.values()), clip_norm=PARAMS["clip"])
        self.optimizer.apply(clipped, 0.01)
        self.global_step.assign_add(1)
        return {
            "loss": loss,
            "loss_per_example": losses,
            "average_loss": tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.reduce_sum(weights)
            ),
            "gradient_norm": norm,
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
        loss, losses, weights = compute_loss(features, labels, logits)
        words, lengths = features
        predicted = tf.argmax(logits, axis=-1)
        mask = tf.sequence_mask(lengths, maxlen=5, dtype=tf.float32)
        per_word_loss = losses
        return {
            "loss": (loss,),
            "average_loss": (losses, weights),
            "accuracy": (labels, predicted, mask),
            "word_loss": (per_word_loss, mask),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "accuracy": keras.metrics.Accuracy(),
            "word_loss": keras.metrics.Mean(),
        }
        for features, labels in dataset:
            for name, values in self.eval_step(features, labels).items():
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
