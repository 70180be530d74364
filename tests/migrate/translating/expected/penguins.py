"""The TF2 training loop of `model_fn` in penguins.py.

The loss of TRAIN and EVAL:

    loss = sum(features['weight'] * softmax_cross_entropy[batch]) / count(features['weight'] != 0)

    reduction     The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS
    optimizer     Adam: rate PARAMS['learning_rate'] (0.01), beta1 0.9, beta2 0.999, epsilon 1e-08

The update is that of `tf.train.AdamOptimizer`, with its slots under their legacy names.
"""

import csv
import zlib
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
    "steps_per_loop", 100, "How many steps to make in one graph, and between summaries."
)
EXPORT_TO = flags.DEFINE_string("export_to", None, "Where to write a SavedModel in the end.")


PARAMS: dict[str, Any] = {"hidden_units": [16], "learning_rate": 0.01}
SPECIES = ["Adelie", "Chinstrap", "Gentoo"]
# Mean and standard deviation of each column over all birds. The model_fn normalizes with them.
MEASUREMENTS = {
    "bill_length_mm": (43.92, 5.46),
    "bill_depth_mm": (17.15, 1.97),
    "flipper_length_mm": (200.92, 14.06),
    "body_mass_g": (4201.75, 801.95),
}
BATCH_SIZE = 32
CSV_FILE = "estimator_compat/examples/penguins.csv"


def is_held_out(line: str) -> bool:
    """Tells whether a bird is held out for evaluation, as about a fifth of the birds are.

    A checksum of the bird's line decides, so the split is the same in every process.

    Args:
      line: The bird's line of the CSV file.
    """
    return zlib.crc32(line.encode()) % 5 == 0


def read_birds(held_out: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Reads the features and labels of the held-out birds or of the others.

    Two birds were never measured: their weight is 0, and their measurements are the means.

    Args:
      held_out: Whether to read the held-out birds or the others.

    Returns:
      A dict of arrays, `[birds]`, by feature name, and the index of each bird's species, int32
      `[birds]`.
    """
    with open(CSV_FILE, encoding="utf-8") as file:
        header, *lines = file.read().splitlines()
    chosen = [line for line in lines if is_held_out(line) == held_out]
    birds = list(csv.DictReader([header, *chosen]))
    features = {
        name: np.array([mean if b[name] == "NA" else b[name] for b in birds], np.float32)
        for name, (mean, _) in MEASUREMENTS.items()
    }
    features["island"] = np.array([b["island"] for b in birds])
    features["sex"] = np.array([b["sex"] for b in birds])
    features["weight"] = np.array([float(b["body_mass_g"] != "NA") for b in birds], np.float32)
    return features, np.array([SPECIES.index(b["species"]) for b in birds], np.int32)


def train_input_fn() -> tf.data.Dataset:
    """Returns shuffled batches of the birds that are not held out, without end."""
    features, labels = read_birds(held_out=False)
    dataset = tf.data.Dataset.from_tensor_slices((features, labels))
    return dataset.shuffle(len(labels)).repeat().batch(BATCH_SIZE)


def eval_input_fn() -> tf.data.Dataset:
    """Returns batches of the held-out birds and their species."""
    return tf.data.Dataset.from_tensor_slices(read_birds(held_out=True)).batch(BATCH_SIZE)


def predict_input_fn() -> tf.data.Dataset:
    """Returns batches of the held-out birds' features, without labels."""
    features, _ = read_birds(held_out=True)
    return tf.data.Dataset.from_tensor_slices(features).batch(BATCH_SIZE)


FEATURES = {
    "bill_length_mm": tf.TensorSpec([None], tf.float32),
    "bill_depth_mm": tf.TensorSpec([None], tf.float32),
    "flipper_length_mm": tf.TensorSpec([None], tf.float32),
    "body_mass_g": tf.TensorSpec([None], tf.float32),
    "island": tf.TensorSpec([None], tf.string),
    "sex": tf.TensorSpec([None], tf.string),
    "weight": tf.TensorSpec([None], tf.float32),
}


class Model(keras.Model):
    """The forward pass: from the features to `logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.dense_layers = [
            keras.layers.Dense(units, activation=tf.nn.relu) for units in PARAMS["hidden_units"]
        ]
        self.dense_1 = keras.layers.Dense(len(SPECIES))
        self.island_table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                ["Biscoe", "Dream", "Torgersen"], tf.range(3, dtype=tf.int64)
            ),
            -1,
        )
        self.sex_table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(["female", "male"], tf.range(2, dtype=tf.int64)), -1
        )

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        net = self.input_layer(features)
        for dense in self.dense_layers:
            net = dense(net)
        return self.dense_1(net)

    def input_layer(self, features: Any) -> tf.Tensor:
        """The feature columns, in the order of their names."""
        island_ids = self.island_table.lookup(features["island"])
        sex_ids = self.sex_table.lookup(features["sex"])
        return tf.concat(
            [
                (features["bill_depth_mm"][:, None] - 17.15) / 1.97,
                (features["bill_length_mm"][:, None] - 43.92) / 5.46,
                (features["body_mass_g"][:, None] - 4201.75) / 801.95,
                (features["flipper_length_mm"][:, None] - 200.92) / 14.06,
                tf.one_hot(island_ids, 3),
                tf.one_hot(sex_ids, 2),
            ],
            axis=1,
        )


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    class_ids = tf.argmax(logits, axis=1, output_type=tf.int32)
    return {"species": tf.gather(SPECIES, class_ids), "probabilities": tf.nn.softmax(logits)}


SERVING_INPUTS = {
    "bill_length_mm": tf.TensorSpec([None], tf.float32),
    "bill_depth_mm": tf.TensorSpec([None], tf.float32),
    "flipper_length_mm": tf.TensorSpec([None], tf.float32),
    "body_mass_g": tf.TensorSpec([None], tf.float32),
    "island": tf.TensorSpec([None], tf.string),
    "sex": tf.TensorSpec([None], tf.string),
}


def served(logits: tf.Tensor) -> dict[str, dict[str, tf.Tensor]]:
    """Returns the outputs of each signature."""
    class_ids = tf.argmax(logits, axis=1, output_type=tf.int32)
    predictions = {"species": tf.gather(SPECIES, class_ids), "probabilities": tf.nn.softmax(logits)}
    return {"serving_default": predictions}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


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
            "dense/kernel": model.dense_layers[0].kernel.value,
            "dense/bias": model.dense_layers[0].bias.value,
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
        self.optimizer.apply(list(gradients.values()), PARAMS["learning_rate"])
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
        class_ids = tf.argmax(logits, axis=1, output_type=tf.int32)
        weights = features["weight"]
        return {
            "loss": (loss,),
            "average_loss": (losses, loss_weights),
            "accuracy": (labels, class_ids, weights),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
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

    def export(self, folder: str) -> None:
        """Writes a SavedModel with the legacy signatures."""
        root = tf.Module()
        root.weights = self.weights
        root.tables = [self.model.island_table, self.model.sex_table]

        def signature(name: str) -> Any:
            @tf.function
            def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
                features = inputs
                logits = self.model(features, training=False)
                return served(logits)[name]

            return serve.get_concrete_function(**SERVING_INPUTS)

        names = ("serving_default",)
        tf.saved_model.save(root, folder, signatures={name: signature(name) for name in names})

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
        checkpoint, model_dir, max_to_keep=5, step_counter=loop.global_step
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
    if EXPORT_TO.value:
        loop.export(EXPORT_TO.value)


if __name__ == "__main__":
    app.run(main)
