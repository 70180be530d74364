"""The TF2 training loop of `model_fn` in convolution_hooks.py.

The loss of TRAIN and EVAL:

    loss = mean(softmax_cross_entropy[batch])

    reduction     The mean, as all weights are 1: SUM_BY_NONZERO_WEIGHTS
    optimizer     GradientDescent: rate 0.05

The update is that of `tf.train.GradientDescentOptimizer`.

Not carried over:

    prediction_hooks of INFER: [tf.train.LoggingTensorHook([classes], every_n_iter=1)]
    evaluation_hooks of EVAL: [evaluation_hook]
    training_hooks of TRAIN: [own_summaries]
    training_chief_hooks of TRAIN: [CountingHook()]
    the scalar summary 'accuracy' (line 91)
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


_random = np.random.RandomState(12)
_LABELS = _random.randint(0, 2, size=22).astype(np.int32)
_IMAGES = _random.rand(22, 8, 8, 1).astype(np.float32)
_IMAGES[_LABELS == 1, 2:6, 2:6] += 0.5


def _dataset(start, stop):
    return tf.data.Dataset.from_tensor_slices(({"image": _IMAGES[start:stop]}, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 15).shuffle(15).batch(4).repeat()


def eval_input_fn():
    return _dataset(15, 22).batch(3)


def predict_input_fn():
    return _dataset(15, 22).batch(3)


FEATURES = {"image": tf.TensorSpec([None, 8, 8, 1], tf.float32)}


class Model(keras.Model):
    """The forward pass: from the features to `logits`, `mean_1`, `activations`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1_conv2d = keras.layers.Conv2D(4, 3, padding="same", activation=tf.nn.relu)
        self.max_pooling = keras.layers.MaxPooling2D(2, 2)
        self.conv2_conv2d = keras.layers.Conv2D(6, 3, 2, activation=tf.nn.relu)
        self.flatten = keras.layers.Flatten()
        self.logits = keras.layers.Dense(2)

    def call(self, features: Any, training: bool = False) -> Any:
        net = self.conv1_conv2d(features["image"])
        mean_1 = tf.reduce_mean(net)
        net = self.max_pooling(net)
        net = self.conv2_conv2d(net)
        activations = net
        net = self.flatten(net)
        logits = self.logits(net)
        return logits, mean_1, activations


def predictions(logits: tf.Tensor) -> Any:
    """Returns what PREDICT returned."""
    classes = tf.argmax(logits, axis=1, output_type=tf.int32)
    return {"logits": logits, "classes": classes}


def loss_per_example(labels: Any, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy, [batch]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


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


def summaries(features: Any, mean_1: tf.Tensor, activations: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns what the legacy program's own summaries show, by their tags."""
    return {
        "inputs/image": features["image"],
        "conv1/mean_1": mean_1,
        "conv2/activations": activations,
    }


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
            "conv1/conv2d/kernel": model.conv1_conv2d.kernel.value,
            "conv1/conv2d/bias": model.conv1_conv2d.bias.value,
            "conv2/conv2d/kernel": model.conv2_conv2d.kernel.value,
            "conv2/conv2d/bias": model.conv2_conv2d.bias.value,
            "logits/kernel": model.logits.kernel.value,
            "logits/bias": model.logits.bias.value,
        }
        self.optimizer = GradientDescent(list(self.weights.values()))
        self.global_step = tf.Variable(0, dtype=tf.int64)
        self.variables = {
            **self.weights,
            "global_step": self.global_step,
        }

    def differentiate(self, features: Any, labels: Any) -> tuple[Any, ...]:
        """Returns the loss, the losses, `shown`, and the gradients."""
        with tf.GradientTape() as tape:
            logits, mean_1, activations = self.model(features, training=True)
            loss, losses = compute_loss(features, labels, logits)
        shown = summaries(features, mean_1, activations)
        return loss, losses, shown, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, labels: Any) -> dict[str, tf.Tensor]:
        loss, losses, shown, gradients = self.differentiate(features, labels)
        self.optimizer.apply(list(gradients.values()), 0.05)
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
        logits, *_ = self.model(features, training=False)
        loss, losses = compute_loss(features, labels, logits)
        classes = tf.argmax(logits, axis=1, output_type=tf.int32)
        return {
            "loss": (loss,),
            "average_loss": (losses,),
            "accuracy": (labels, classes),
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
        logits, *_ = self.model(features, training=False)
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


# Not carried over: evaluation_hooks of EVAL, [evaluation_hook].
# evaluation_hook = tf.train.SummarySaverHook(save_steps=1, output_dir=os.path.join(config.model_dir, 'images'), summary_op=tf.summary.merge([images]))


# Not carried over: training_hooks of TRAIN, [own_summaries].
# own_summaries = tf.train.SummarySaverHook(save_steps=1, output_dir=os.path.join(config.model_dir, 'own'), summary_op=summary)


# Not carried over: training_chief_hooks of TRAIN, [CountingHook()].
# class CountingHook(tf.train.SessionRunHook):
#     """Reads the step of every run, and insists that none is skipped."""
#
#     def begin(self):
#         self.last = None
#         self.step = tf.train.get_global_step()
#
#     def after_create_session(self, session, coord):
#         self.last = session.run(self.step)
#
#     def after_run(self, run_context, run_values):
#         step = run_context.session.run(self.step)
#         assert step == self.last + 1, (step, self.last)
#         self.last = step


IMAGES = {"inputs/image": 2}  # how many of a batch are shown, by their tags


@tf.function  # as the op of images runs in graphs only
def write_summaries(writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
            if tag in IMAGES:
                summary = tf.raw_ops.ImageSummary(tag=tag, tensor=value, max_images=IMAGES[tag])
            elif value.shape.rank == 0:
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
