"""`Subject`: what a loop must have to be verified, and how one is named that runs elsewhere."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

from estimator_compat.type_aliases import Features, Labels, Variable


class Subject(Protocol):
    """A training loop that `migrate.verify` can compare with a model_fn under an Estimator.

    Five more methods are used if it has them:

    * `gradients(features, labels)` returns a mapping of variable names to gradients of the loss. It
      is called inside a `tf.function`, because gradients that are computed op by op may differ in
      the last bits.
    * `train_steps(iterator, count)` trains on `count` batches and returns what `train_step` returns
      for the last one, or with the losses of all. They are held to those of `train_step`, from the
      same weights.
    * `evaluate(dataset)` returns a mapping of metric names to values.
    * `predict(dataset)` yields the predictions for each batch in turn.
    * `init_from_checkpoint()` gives the variables of a new loop the values that they begin with
      where the model_fn calls `tf.train.init_from_checkpoint`. It is called before the loop's own
      initial values are compared.

    A model_fn and the loop that takes its place, complete:

        import estimator_compat as estimator
        import keras
        import migrate
        import tensorflow as tf
        import tensorflow.compat.v1 as tf1

        def input_fn():
            x, y = [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [[1.0], [0.0], [1.0]]
            return tf.data.Dataset.from_tensor_slices((x, y)).batch(2).repeat()

        def model_fn(features, labels, mode):
            outputs = tf1.layers.dense(features, 1, name="dense")
            if mode == "infer":
                return estimator.EstimatorSpec(mode, predictions={"y": outputs})
            loss = tf1.losses.mean_squared_error(labels, outputs)
            step = tf1.train.get_global_step()
            train_op = tf1.train.GradientDescentOptimizer(0.01).minimize(loss, step)
            return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

        class Loop:
            def __init__(self):
                self.dense = keras.layers.Dense(1)
                self.dense.build([None, 2])
                self.step = tf.Variable(0, dtype=tf.int64)

            @property
            def weights(self):
                return {"dense/kernel": self.dense.kernel, "dense/bias": self.dense.bias}

            @property
            def variables(self):
                return {**self.weights, "global_step": self.step}

            def differentiate(self, features, labels):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(labels - self.dense(features)))
                weights = {name: weight.value for name, weight in self.weights.items()}
                return loss, tape.gradient(loss, weights)

            def gradients(self, features, labels):
                return self.differentiate(features, labels)[1]

            @tf.function
            def train_step(self, features, labels):
                loss, gradients = self.differentiate(features, labels)
                for name, weight in self.weights.items():
                    weight.assign_sub(0.01 * gradients[name])
                self.step.assign_add(1)
                return {"loss": loss}

            @tf.function
            def train_steps(self, iterator, count):
                for _ in tf.range(count - 1):
                    self.train_step(*next(iterator))
                return self.train_step(*next(iterator))

            def evaluate(self, dataset):
                losses = [self.differentiate(*batch)[0] for batch in dataset]
                return {"loss": tf.reduce_mean(losses)}

            def predict(self, dataset):
                for features, _ in dataset:
                    yield {"y": self.dense(features)}

        target = migrate.Target(model_fn=model_fn, input_fns=input_fn)
        verdict = migrate.verify(target, Loop(), eval_steps=3, predict_steps=3)
        assert verdict.passed, verdict.first
    """

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables by their legacy names, such as "dense/kernel".

        They may be `tf.Variable`s, Keras 3 variables, or variables of legacy Keras. All trainable
        variables of the model are required. Slots ("dense/kernel/Adam"), moving averages and
        `global_step` are compared if they are there. All of them are assigned the reference's
        initial values; before that, their own initial values are compared, too.
        """

    def train_step(self, features: Features, labels: Labels) -> Any:
        """Trains on one batch.

        Args:
          features: A nest of tensors.
          labels: A nest of tensors; None if the input has no labels.

        Returns:
          The loss, or an object with the attribute `loss`, or a mapping with the key "loss".
        """


@dataclasses.dataclass(frozen=True, slots=True)
class SubjectReference:
    """A subject that `migrate.verify` makes in a Python process of its own.

    In that process `tf.keras` is what it is without this package, and no graph of the reference is
    built. The subject's code may import the same modules as the model_fn, and define absl flags of
    the same names.

    Attributes:
      name: `module:name` or `path/file.py:name` of a class, or of a function, without arguments; it
        returns the loop.
      flags: Arguments for the absl flags of the subject's code. Flags that it does not define are
        ignored.
      time_limit: The most seconds that one call of a method may take.

    Raises:
      ValueError: `name` has another form, or `time_limit` is not positive.
    """

    name: str
    flags: tuple[str, ...] = ()
    time_limit: float = 600.0

    def __post_init__(self) -> None:
        place, _, name = self.name.rpartition(":")
        if not (place and name):
            raise ValueError(
                f"`subject` ({self.name}) does not name a loop; expected `module:name` or "
                "`path/file.py:name` of a class or function without arguments, which returns the "
                "loop; add what is missing."
            )
        if not self.time_limit > 0:
            raise ValueError(
                f"`time_limit` ({self.time_limit}) must be positive; expected the most seconds "
                "that one call may take; pass a larger number."
            )
