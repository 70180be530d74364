"""The TF2 training loop of `model_fn` in sparse_features.py.

The loss of TRAIN and EVAL:

    loss = sum(squared_difference[batch])

    reduction     The sum: SUM
    optimizer     GradientDescent: rate 0.005

The update is that of `tf.train.GradientDescentOptimizer`; the rows of an embedding move as under
that optimizer.

Not carried over:

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


PARAMS: dict[str, Any] = {"batch_size": 6, "vocabulary": 15}
_random = np.random.RandomState(14)
_COUNTS = _random.randint(0, 4, size=31)
_INDICES = np.array([(row, column) for row in range(31) for column in range(_COUNTS[row])])
_IDS = _random.randint(0, 15, size=len(_INDICES))
_DENSE = _random.rand(31, 2).astype(np.float32)
_Y = (_COUNTS + _DENSE[:, 0]).astype(np.float32)


def _dataset():
    ids = tf.SparseTensor(_INDICES.astype(np.int64), _IDS.astype(np.int64), [31, 3])
    return tf.data.Dataset.from_tensor_slices(((ids, _DENSE), _Y))


def train_input_fn(params):
    return _dataset().take(20).repeat().batch(params["batch_size"])


def eval_input_fn(params):
    return _dataset().skip(20).batch(params["batch_size"])


def predict_input_fn(params):
    return eval_input_fn(params)


FEATURES = (
    tf.SparseTensorSpec([None, 3], tf.int64),
    tf.TensorSpec([None, 2], tf.float32),
)


class Model(keras.Model):
    """The forward pass: from the features to `value`."""

    def __init__(self) -> None:
        super().__init__()
        self.table = self.add_weight(
            shape=[PARAMS["vocabulary"], 4],
            initializer=keras.initializers.RandomUniform(minval=-0.5, maxval=0.5),
        )
        self.dense = keras.layers.Dense(1)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        ids, dense = features
        bags = tf.nn.embedding_lookup_sparse(self.table.value, ids, None, combiner="sum")
        # A last row without any id is missing from the sums.
        missing = tf.shape(dense)[0] - tf.shape(bags)[0]
        bags = tf.pad(bags, [[0, missing], [0, 0]])
        net = tf.concat([bags, dense], axis=1)
        return self.dense(net)[:, 0]


def predictions(value: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"value": value}


def loss_per_example(labels: Any, value: tf.Tensor) -> tf.Tensor:
    """Squared error, [batch]."""
    labels.shape.assert_is_compatible_with(value.shape)
    return tf.math.squared_difference(value, labels)


def reduce_loss(losses: tf.Tensor) -> tf.Tensor:
    """The sum: SUM."""
    return tf.reduce_sum(losses)


def compute_loss(features: Any, labels: Any, value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss and the losses of the examples.

    A further term is added here.
    """
    losses = loss_per_example(labels, value)
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
            "table": model.table.value,
            "dense/kernel": model.dense.kernel.value,
            "dense/bias": model.dense.bias.value,
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
            value = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, value)
        return loss, losses, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.005)
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
        value = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, value)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "rmse": (labels, value),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "rmse": keras.metrics.RootMeanSquaredError(),
        }
        for features, labels in dataset:
            for name, values in self.eval_step(features, labels).items():
                metrics[name].update_state(*values)
        return {name: float(metric.result()) for name, metric in metrics.items()}

    @tf.function
    def predict_step(self, features: Any) -> Any:
        value = self.model(features, training=False)
        return predictions(value)

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
