"""The TF2 training loop of `model_fn` in wide_and_deep.py.

The loss of TRAIN and EVAL:

    loss = sum(features['weight'] * sigmoid_cross_entropy[batch]) / count(features['weight'] != 0)

    reduction     The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS
    optimizer     Ftrl: rate 0.05, learning_rate_power -0.5, initial_accumulator_value 0.1,
                  l1_regularization_strength 0.001; for wide/linear_model/age_bucketized/weights
                  and 4 more
    optimizer     Adagrad: rate 0.05, initial_accumulator_value 0.1; for
                  deep/input_layer/city_embedding/embedding_weights and 6 more

The update is that of `tf.train.FtrlOptimizer` and `tf.train.AdagradOptimizer`, with its slots
under their legacy names; the rows of an embedding move as under that optimizer.

Not carried over:

    the hyperparameters params['wide_columns'], params['deep_columns'], whose values are fixed in
        the module
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


PARAMS: dict[str, Any] = {"hidden_units": [6, 4]}
_COLORS = np.array(["red", "green", "blue", "beige"])
_random = np.random.RandomState(7)
_DATA = {
    "age": _random.randint(18, 70, size=36).astype(np.float32),
    "hours": _random.rand(36).astype(np.float32),
    "color": _COLORS[_random.randint(0, 4, size=36)],
    "city": np.array(["city%d" % number for number in _random.randint(0, 9, size=36)]),
    "weight": np.tile(np.array([1.0, 0.0, 0.5], np.float32), 12),
}
_LABELS = ((_DATA["age"] > 40) ^ (_DATA["color"] == "red")).astype(np.float32)


def _dataset(start, stop):
    features = {name: values[start:stop] for name, values in _DATA.items()}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 25).shuffle(10).batch(8).repeat()


def eval_input_fn():
    return _dataset(25, 36).batch(4)


def predict_input_fn():
    return _dataset(25, 36).map(lambda features, labels: features).batch(4)


FEATURES = {
    "age": tf.TensorSpec([None], tf.float32),
    "hours": tf.TensorSpec([None], tf.float32),
    "color": tf.TensorSpec([None], tf.string),
    "city": tf.TensorSpec([None], tf.string),
    "weight": tf.TensorSpec([None], tf.float32),
}


def rows(table: keras.layers.Embedding, ids: tf.Tensor) -> tf.Tensor:
    """The rows of the ids; zeros for a missing value, whose id is -1."""
    return tf.where(ids[:, None] < 0, 0.0, table(tf.maximum(ids, 0)))


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.dense_layers = [
            keras.layers.Dense(units, activation=tf.nn.relu) for units in PARAMS["hidden_units"]
        ]
        self.dense_2 = keras.layers.Dense(1)
        self.age_bucketized = keras.layers.Embedding(5, 1, embeddings_initializer="zeros")
        self.age_bucketized_x_color = keras.layers.Embedding(10, 1, embeddings_initializer="zeros")
        self.city = keras.layers.Embedding(6, 1, embeddings_initializer="zeros")
        self.color = keras.layers.Embedding(4, 1, embeddings_initializer="zeros")
        self.color_table = tf.lookup.StaticVocabularyTable(
            tf.lookup.KeyValueTensorInitializer(
                ["red", "green", "blue"], tf.range(3, dtype=tf.int64)
            ),
            1,
        )
        self.bias_weights = self.add_weight(shape=[1], initializer="zeros")
        self.city_embedding = keras.layers.Embedding(
            6, 3, embeddings_initializer=keras.initializers.TruncatedNormal(stddev=3 ** (-0.5))
        )

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        wide = self.linear_model(features)
        net = self.input_layer(features)
        for dense in self.dense_layers:
            net = dense(net)
        deep = self.dense_2(net)
        return tf.squeeze(wide + deep, axis=1)

    def linear_model(self, features: Any) -> tf.Tensor:
        """The feature columns, in the order of their names."""
        age_bucketized_ids = tf.searchsorted(
            [25.0, 35.0, 45.0, 55.0], features["age"], side="right", out_type=tf.int64
        )
        age_bucketized_x_color_ids = tf.sparse.cross_hashed(
            [age_bucketized_ids[:, None], features["color"][:, None]], 10
        ).values
        city_ids = tf.where(
            features["city"] == "",
            tf.constant(-1, tf.int64),
            tf.strings.to_hash_bucket_fast(features["city"], 6),
        )
        color_ids = tf.where(
            features["color"] == "",
            tf.constant(-1, tf.int64),
            self.color_table.lookup(features["color"]),
        )
        return (
            self.age_bucketized(age_bucketized_ids)
            + self.age_bucketized_x_color(age_bucketized_x_color_ids)
            + rows(self.city, city_ids)
            + rows(self.color, color_ids)
            + self.bias_weights
        )

    def input_layer(self, features: Any) -> tf.Tensor:
        """The feature columns, in the order of their names."""
        city_ids = tf.where(
            features["city"] == "",
            tf.constant(-1, tf.int64),
            tf.strings.to_hash_bucket_fast(features["city"], 6),
        )
        color_ids = tf.where(
            features["color"] == "",
            tf.constant(-1, tf.int64),
            self.color_table.lookup(features["color"]),
        )
        return tf.concat(
            [
                (features["age"][:, None] - 40.0) / 20.0,
                rows(self.city_embedding, city_ids),
                tf.one_hot(color_ids, 4),
                features["hours"][:, None],
            ],
            axis=1,
        )


def predictions(logits: tf.Tensor, features: Any) -> Any:
    """Returns what PREDICT returned."""
    probability = tf.sigmoid(logits)
    return {"probability": probability, "city": features["city"]}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Sigmoid cross entropy, [batch]."""
    labels.shape.assert_is_compatible_with(logits.shape)
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


def reduce_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS."""
    count = tf.math.count_nonzero(weights, dtype=losses.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), count)


def compute_loss(
    features: Any, labels: Any, logits: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the loss, the losses of the examples, and their weights.

    A further term is added here.
    """
    weights = features["weight"]
    losses = loss_per_example(labels, logits)
    loss = reduce_loss(losses, weights)
    return loss, losses, weights


def summed(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    """Adds up the rows that have the same index: the kernels would make a step of each."""
    indices, places = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(indices))
    return tf.IndexedSlices(values, indices)


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

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, accumulator, linear, gradient in zip(
            self.weights, self.accumulators, self.linears, gradients, strict=True
        ):
            inputs = {
                "var": weight.handle,
                "accum": accumulator.handle,
                "linear": linear.handle,
                "lr": rate,
                "l1": self.l1,
                "l2": self.l2,
                "lr_power": self.power,
            }
            if isinstance(gradient, tf.IndexedSlices):
                rows = summed(gradient)
                tf.raw_ops.ResourceSparseApplyFtrl(grad=rows.values, indices=rows.indices, **inputs)
            else:
                tf.raw_ops.ResourceApplyFtrl(grad=gradient, **inputs)


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
            "wide/linear_model/age_bucketized/weights": model.age_bucketized.embeddings.value,
            "wide/linear_model/age_bucketized_X_color/weights": model.age_bucketized_x_color.embeddings.value,
            "wide/linear_model/city/weights": model.city.embeddings.value,
            "wide/linear_model/color/weights": model.color.embeddings.value,
            "wide/linear_model/bias_weights": model.bias_weights.value,
            "deep/input_layer/city_embedding/embedding_weights": model.city_embedding.embeddings.value,
            "deep/dense/kernel": model.dense_layers[0].kernel.value,
            "deep/dense/bias": model.dense_layers[0].bias.value,
            "deep/dense_1/kernel": model.dense_layers[1].kernel.value,
            "deep/dense_1/bias": model.dense_layers[1].bias.value,
            "deep/dense_2/kernel": model.dense_2.kernel.value,
            "deep/dense_2/bias": model.dense_2.bias.value,
        }
        self.ftrl_names = [name for name in self.weights if name.startswith("wide/")]
        self.ftrl = Ftrl(
            [self.weights[name] for name in self.ftrl_names], l1_regularization_strength=0.001
        )
        self.adagrad_names = [name for name in self.weights if name.startswith("deep/")]
        self.adagrad = Adagrad([self.weights[name] for name in self.adagrad_names])
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/{end}": slot
                for end, slots in [("Ftrl", self.ftrl.accumulators), ("Ftrl_1", self.ftrl.linears)]
                for name, slot in zip(self.ftrl_names, slots, strict=True)
            },
            **{
                f"{name}/Adagrad": slot
                for name, slot in zip(self.adagrad_names, self.adagrad.accumulators, strict=True)
            },
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
        self.ftrl.apply([gradients[name] for name in self.ftrl_names], 0.05)
        self.adagrad.apply([gradients[name] for name in self.adagrad_names], 0.05)
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
        logits = self.model(features, training=False)
        loss, losses, loss_weights = compute_loss(features, labels, logits)
        probability = tf.sigmoid(logits)
        weights = features["weight"]
        return {
            "loss": (loss,),
            "average_loss": (losses, loss_weights),
            "accuracy": (labels, tf.round(probability), weights),
            "prediction_mean": (probability,),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "accuracy": keras.metrics.Accuracy(),
            "prediction_mean": keras.metrics.Mean(),
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
