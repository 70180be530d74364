"""The TF2 training loop of `model_fn` in l2_total_loss.py.

The loss of TRAIN and EVAL:

    loss = sum(features['w'] * huber[batch, 1]) / count(features['w'] != 0) + 0.02 *
        (l2(hidden_0/kernel) + l2(hidden_1/kernel) + l2(value/kernel))

    reduction     The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS
    optimizer     RMSProp: rate 0.01, decay 0.9, momentum 0.5, epsilon 1e-10

The update is that of `tf.train.RMSPropOptimizer`, with its slots under their legacy names.
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


PARAMS: dict[str, Any] = {"l2": 0.02, "units": [7, 5]}
_random = np.random.RandomState(5)
_X = _random.rand(33, 3).astype(np.float32)
_Y = (_X.sum(axis=1, keepdims=True) ** 2).astype(np.float32)
_WEIGHTS = (_random.rand(33, 1) > 0.3).astype(np.float32)


def _tensors(start, stop):
    return {"x": _X[start:stop], "w": _WEIGHTS[start:stop]}, _Y[start:stop]


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(_tensors(0, 23)).shuffle(23).batch(10).repeat()
    return dataset.prefetch(1)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_tensors(23, 33)).batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_tensors(23, 33)[0]).batch(4)


FEATURES = {"x": tf.TensorSpec([None, 3], tf.float32), "w": tf.TensorSpec([None, 1], tf.float32)}


class Model(keras.Model):
    """The forward pass: from the features to `value`."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_layers = [
            keras.layers.Dense(
                units, activation=tf.nn.elu, kernel_initializer=keras.initializers.GlorotNormal()
            )
            for units in PARAMS["units"]
        ]
        self.value = keras.layers.Dense(1)

    def call(self, features: Any, training: bool = False) -> tf.Tensor:
        net = features["x"]
        for hidden in self.hidden_layers:
            net = hidden(net)
        return self.value(net)


def predictions(value: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return value


def loss_per_example(labels: Any, value: tf.Tensor) -> tf.Tensor:
    """Huber loss, [batch, 1]."""
    labels.shape.assert_is_compatible_with(value.shape)
    error = tf.abs(value - labels)
    quadratic = tf.minimum(error, 2.0)
    return 0.5 * quadratic * quadratic + 2.0 * (error - quadratic)


def reduce_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS."""
    count = tf.math.count_nonzero(weights, dtype=losses.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), count)


def weight_penalty(variables: dict[str, tf.Variable]) -> tf.Tensor:
    """The penalty on the weights."""
    names = ("hidden_0/kernel", "hidden_1/kernel", "value/kernel")
    return PARAMS["l2"] * tf.add_n([tf.nn.l2_loss(variables[name]) for name in names])


def compute_loss(
    features: Any, labels: Any, value: tf.Tensor, variables: dict[str, tf.Variable]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the loss, the losses of the examples, and their weights.

    A further term is added here.
    """
    losses = loss_per_example(labels, value)
    huber_loss = reduce_loss(losses, features["w"])
    loss = huber_loss + weight_penalty(variables)
    return loss, losses, features["w"]


def summaries(value: tf.Tensor, variables: dict[str, tf.Variable]) -> dict[str, tf.Tensor]:
    """Returns what the legacy program's own summaries show, by their tags."""
    return {"regularization": weight_penalty(variables), "value_1": value}


class RMSProp:
    """`tf.train.RMSPropOptimizer`: epsilon is under the root; the mean square begins with 1."""

    def __init__(
        self,
        weights: list[tf.Variable],
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
    ) -> None:
        self.weights, self.decay, self.momentum, self.epsilon = weights, decay, momentum, epsilon
        self.mean_squares = [tf.Variable(tf.ones_like(weight)) for weight in weights]
        self.momenta = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, mean_square, momentum, gradient in zip(
            self.weights, self.mean_squares, self.momenta, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyRMSProp(
                var=weight.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=self.decay,
                momentum=self.momentum,
                epsilon=self.epsilon,
                grad=gradient,
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
            "hidden_0/kernel": model.hidden_layers[0].kernel.value,
            "hidden_0/bias": model.hidden_layers[0].bias.value,
            "hidden_1/kernel": model.hidden_layers[1].kernel.value,
            "hidden_1/bias": model.hidden_layers[1].bias.value,
            "value/kernel": model.value.kernel.value,
            "value/bias": model.value.bias.value,
        }
        self.optimizer = RMSProp(list(self.weights.values()), momentum=0.5)
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            **{
                f"{name}/{end}": slot
                for end, slots in [
                    ("RMSProp", self.optimizer.mean_squares),
                    ("RMSProp_1", self.optimizer.momenta),
                ]
                for name, slot in zip(self.weights, slots, strict=True)
            },
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses, their weights, `shown`, and the gradients."""
        with tf.GradientTape() as tape:
            value = self.model(features, training=True)
            loss, losses, weights = compute_loss(features, labels, value, self.variables)
        shown = summaries(value, self.variables)
        return loss, losses, weights, shown, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, weights, shown, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.01)
        self.global_step.assign_add(1)
        return {
            "loss": loss,
            "loss_per_example": losses,
            "average_loss": tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.reduce_sum(weights)
            ),
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
        value = self.model(features, training=False)
        loss, losses, weights = compute_loss(features, labels, value, self.variables)
        regularization = weight_penalty(self.variables)
        return {
            "loss": (loss,),
            "average_loss": (losses, weights),
            "squared_error": (tf.math.squared_difference(value, labels), features["w"]),
            "regularization": (regularization,),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss": keras.metrics.Mean(),
            "squared_error": keras.metrics.Mean(),
            "regularization": keras.metrics.Mean(),
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
    dataset = train_input_fn()
    train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)
    print(loop.evaluate(eval_input_fn()))


if __name__ == "__main__":
    app.run(main)
