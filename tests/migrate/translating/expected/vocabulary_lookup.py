"""The TF2 training loop of `model_fn` in vocabulary_lookup.py.

The loss of TRAIN and EVAL:

    loss = mean(softmax_cross_entropy[batch])

    reduction     The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS
    optimizer     Ftrl: rate 0.1, learning_rate_power -0.5, initial_accumulator_value 0.1,
                  l2_regularization_strength 0.01

The update is that of `tf.train.FtrlOptimizer`, with its slots under their legacy names.
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


PARAMS: dict[str, Any] = {"classes": ["no", "yes", "maybe"]}
_WORDS = np.array(["alpha", "beta", "gamma", "delta", "unknown"])
_random = np.random.RandomState(16)
_WORD = _WORDS[_random.randint(0, 5, size=26)]
_ANSWER = np.array(PARAMS["classes"])[_random.randint(0, 3, size=26)]


def _dataset(start, stop):
    return tf.data.Dataset.from_tensor_slices(({"word": _WORD[start:stop]}, _ANSWER[start:stop]))


def train_input_fn():
    return _dataset(0, 17).apply(tf.data.experimental.shuffle_and_repeat(17)).batch(5)


def eval_input_fn():
    return _dataset(17, 26).batch(4)


def predict_input_fn():
    return _dataset(17, 26).batch(4)


def lookup_table(strings):
    keys = tf.constant(strings)
    values = tf.range(len(strings), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)


WORD_TABLE = lookup_table(list(_WORDS[:4]))
LABELS_TABLE = lookup_table(PARAMS["classes"])


FEATURES = {"word": tf.TensorSpec([None], tf.string)}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = keras.layers.Dense(len(PARAMS["classes"]))

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        ids = WORD_TABLE.lookup(features["word"]) + 1
        return self.logits(tf.one_hot(ids, 5))


def predictions(logits: tf.Tensor, features: Any) -> Any:
    """Returns what PREDICT returned."""
    best = tf.argmax(logits, axis=1)
    names = tf.gather(tf.constant(PARAMS["classes"]), best)
    return {"answer": names, "word": features["word"]}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch]."""
    label_ids = LABELS_TABLE.lookup(labels)
    one_hot = tf.one_hot(label_ids, len(PARAMS["classes"]))
    one_hot.shape.assert_is_compatible_with(logits.shape)
    return tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.stop_gradient(one_hot * (1.0 - 0.1) + 0.1 / 3), logits=logits
    )


def reduce_loss(losses: tf.Tensor) -> tf.Tensor:
    """The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS."""
    return tf.reduce_mean(losses)


def compute_loss(features: Any, labels: Any, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss and the losses of the examples.

    A further term is added here.
    """
    losses = loss_per_example(labels, logits)
    loss = reduce_loss(losses)
    return loss, losses


class Ftrl:
    """`tf.train.FtrlOptimizer`."""

    def __init__(
        self,
        weights: list[tf.Variable],
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
    ) -> None:
        self.weights, self.power = weights, learning_rate_power
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.accumulators = [
            tf.Variable(tf.fill(weight.shape, initial_accumulator_value)) for weight in weights
        ]
        self.linears = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, accumulator, linear, gradient in zip(
            self.weights, self.accumulators, self.linears, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyFtrl(
                var=weight.handle,
                accum=accumulator.handle,
                linear=linear.handle,
                grad=gradient,
                lr=rate,
                l1=self.l1,
                l2=self.l2,
                lr_power=self.power,
            )


class MeanPerClassAccuracy(keras.metrics.Metric):
    """`tf.metrics.mean_per_class_accuracy`: a class that does not occur counts as 0."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.correct = self.add_weight(shape=[num_classes], initializer="zeros", name="correct")
        self.count = self.add_weight(shape=[num_classes], initializer="zeros", name="count")

    def update_state(self, labels: Any, predictions: Any, sample_weight: Any = None) -> None:
        labels, predictions = tf.reshape(labels, [-1]), tf.reshape(predictions, [-1])
        weights = tf.ones_like(labels, tf.float32)
        if sample_weight is not None:
            weights = tf.reshape(tf.cast(sample_weight, tf.float32), [-1])
        predictions = tf.cast(predictions, labels.dtype)
        correct = weights * tf.cast(labels == predictions, tf.float32)
        self.correct.assign_add(tf.math.unsorted_segment_sum(correct, labels, self.num_classes))
        self.count.assign_add(tf.math.unsorted_segment_sum(weights, labels, self.num_classes))

    def result(self) -> tf.Tensor:
        correct, count = tf.convert_to_tensor(self.correct), tf.convert_to_tensor(self.count)
        return tf.reduce_mean(tf.math.divide_no_nan(correct, count))


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
            "logits/kernel": model.logits.kernel.value,
            "logits/bias": model.logits.bias.value,
        }
        self.optimizer = Ftrl(list(self.weights.values()), l2_regularization_strength=0.01)
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/{end}": slot
                for end, slots in [
                    ("Ftrl", self.optimizer.accumulators),
                    ("Ftrl_1", self.optimizer.linears),
                ]
                for name, slot in zip(self.weights, slots, strict=True)
            },
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
        self.optimizer.apply(list(gradients.values()), 0.1)
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
        logits = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, logits)
        best = tf.argmax(logits, axis=1)
        label_ids = LABELS_TABLE.lookup(labels)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "by_class": (label_ids, best),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "by_class": MeanPerClassAccuracy(3),
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
    dataset = train_input_fn()
    train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)
    print(loop.evaluate(eval_input_fn()))


if __name__ == "__main__":
    app.run(main)
