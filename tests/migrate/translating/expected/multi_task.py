"""The TF2 training loop of `model_fn` in multi_task.py.

The loss of TRAIN and EVAL:

    loss = mean(sigmoid_cross_entropy[batch, 1]) + 0.3 * sum(labels['sold'] *
        squared_difference[batch, 1]) / count(labels['sold'] != 0)

    reduction     sigmoid_cross_entropy: The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS;
                  squared_difference: The weighted sum by the number of weights that are not 0:
                  SUM_BY_NONZERO_WEIGHTS
    optimizer     Adam: rate 0.01, beta1 0.9, beta2 0.999, epsilon 1e-08

The update is that of `tf.train.AdamOptimizer`, with its slots under their legacy names.

Not carried over:

    the scalar summary 'loss/click' (line 57)
    the scalar summary 'loss/price' (line 57)
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


PARAMS: dict[str, Any] = {"task_weights": {"click": 1.0, "price": 0.3}}
_random = np.random.RandomState(8)
_X = _random.randn(30, 4).astype(np.float32)
_CLICK = (_X[:, :1] > 0).astype(np.float32)
_PRICE = (_X[:, 1:2] * 2.0 + 1.0).astype(np.float32)
_SOLD = (_random.rand(30, 1) > 0.4).astype(np.float32)


def _dataset(start, stop):
    labels = {"click": _CLICK[start:stop], "price": _PRICE[start:stop], "sold": _SOLD[start:stop]}
    return tf.data.Dataset.from_tensor_slices((_X[start:stop], labels))


def train_input_fn():
    return _dataset(0, 20).repeat(8).shuffle(15).batch(7)


def eval_input_fn():
    return _dataset(20, 30).batch(4)


def predict_input_fn():
    return _dataset(20, 30).batch(4)


FEATURES = tf.TensorSpec([None, 4], tf.float32)


class Model(keras.Model):
    """The forward pass: from the features to `click`, `price`."""

    def __init__(self) -> None:
        super().__init__()
        self.w = self.add_weight(
            shape=[4, 6], initializer=keras.initializers.RandomNormal(stddev=0.5)
        )
        self.b = self.add_weight(shape=[6], initializer="zeros")
        self.click = keras.layers.Dense(1)
        self.price = keras.layers.Dense(1)

    def call(self, features: Any, training: bool = False) -> Any:
        body = tf.nn.relu(tf.nn.bias_add(tf.matmul(features, self.w), self.b))
        click = self.click(body)
        price = self.price(body)
        return click, price


def predictions(click: tf.Tensor, price: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    return {"click": tf.nn.sigmoid(click), "price": price}


def click_loss_per_example(labels: Any, click: tf.Tensor) -> tf.Tensor:
    """Sigmoid cross entropy, [batch, 1]."""
    labels["click"].shape.assert_is_compatible_with(click.shape)
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels["click"], logits=click)


def reduce_click_loss(losses: tf.Tensor) -> tf.Tensor:
    """The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS."""
    return tf.reduce_mean(losses)


def price_loss_per_example(labels: Any, price: tf.Tensor) -> tf.Tensor:
    """Squared error, [batch, 1]."""
    labels["price"].shape.assert_is_compatible_with(price.shape)
    return tf.math.squared_difference(price, labels["price"])


def reduce_price_loss(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted sum by the number of weights that are not 0: SUM_BY_NONZERO_WEIGHTS."""
    count = tf.math.count_nonzero(weights, dtype=losses.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), count)


def compute_loss(
    features: Any, labels: Any, click: tf.Tensor, price: tf.Tensor
) -> tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]:
    """Returns the loss, and for each term the losses of the examples and their weights.

    A further term is added here.
    """
    click_losses = click_loss_per_example(labels, click)
    price_losses = price_loss_per_example(labels, price)
    # Only what was sold has a price.
    losses = {
        "click": reduce_click_loss(click_losses),
        "price": reduce_price_loss(price_losses, labels["sold"]),
    }
    total_loss = tf.add_n([PARAMS["task_weights"][task] * losses[task] for task in sorted(losses)])
    terms = {
        "sigmoid_cross_entropy": (click_losses, tf.ones_like(click_losses)),
        "squared_difference": (price_losses, labels["sold"]),
    }
    return total_loss, terms


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
            "shared/w": model.w.value,
            "shared/b": model.b.value,
            "click/kernel": model.click.kernel.value,
            "click/bias": model.click.bias.value,
            "price/kernel": model.price.kernel.value,
            "price/bias": model.price.bias.value,
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
        """Returns the loss, its terms, and the gradients."""
        with tf.GradientTape() as tape:
            click, price = self.model(features, training=True)
            loss, terms = compute_loss(features, labels, click, price)
        return loss, terms, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, terms, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.01)
        self.global_step.assign_add(1)
        result = {"loss": loss}
        for name, (losses, weights) in terms.items():
            result[f"loss_per_example/{name}"] = losses
            result[f"average_loss/{name}"] = tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.reduce_sum(weights)
            )
        return result

    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph, fewer if the input ends; returns the last one's values.

        `steps` is how many it made.
        """
        made = tf.constant(0)
        values = dict.fromkeys(
            (
                "loss",
                "loss_per_example/sigmoid_cross_entropy",
                "loss_per_example/squared_difference",
                "average_loss/sigmoid_cross_entropy",
                "average_loss/squared_difference",
            ),
            tf.constant(0.0),
        )
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
        click, price = self.model(features, training=False)
        loss, terms = compute_loss(features, labels, click, price)
        predictions = {"click": tf.nn.sigmoid(click), "price": price}
        return {
            "loss": (loss,),
            **{f"average_loss/{name}": values for name, values in terms.items()},
            "click/accuracy": (labels["click"], tf.round(predictions["click"])),
            "price/error": (tf.abs(price - labels["price"]), labels["sold"]),
        }

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {
            "loss": keras.metrics.Mean(),
            "average_loss/sigmoid_cross_entropy": keras.metrics.Mean(),
            "average_loss/squared_difference": keras.metrics.Mean(),
            "click/accuracy": keras.metrics.Accuracy(),
            "price/error": keras.metrics.Mean(),
        }
        for features, labels in dataset:
            for name, values in self.eval_step(features, labels).items():
                metrics[name].update_state(*values)
        return {name: float(metric.result()) for name, metric in metrics.items()}

    @tf.function
    def predict_step(self, features: Any) -> Any:
        click, price = self.model(features, training=False)
        return predictions(click, price)

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
