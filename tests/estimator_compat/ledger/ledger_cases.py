"""Cases: model_fns, their data, and the ledgers that a person reads off their source."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec, ModeKeys
from estimator_compat.ledger import reader, recomputation
from estimator_compat.ledger.values import LossLedger
from migrate.targets import Built, Target, build

tf1 = tf.compat.v1
Reduction = tf1.losses.Reduction

# Six examples, in batches of 4 and 2: the last one is short.
FEATURES = {
    "x": np.float32(np.arange(18).reshape(6, 3) % 5) / 4,
    "w": np.array([1, 0, 2, 0.5, 1, 3], np.float32),
    "mask": np.array(
        [[1, 1, 1, 0, 0], [1] * 5, [1, 0, 0, 0, 0], [1, 1, 0, 0, 0]] + [[1] * 5] * 2, np.float32
    ),
    "words": np.int32(np.arange(30).reshape(6, 5) % 7),
}
LABELS = {
    "y": np.array([0, 1, 2, 1, 0, 3], np.float32),
    "class": np.array([0, 1, 2, 1, 0, 2], np.int32),
    "binary": np.array([[0], [1], [1], [0], [1], [0]], np.float32),
    "words": np.int32(np.arange(30).reshape(6, 5) % 3),
}
W, Y, MASK = "features['w']", "labels['y']", "features['mask']"

ModelFn = Callable[[Any, Any, str, Any], Any]
LossFn = Callable[[Any, Any], Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a loss, as a person reads it in the source."""

    formula: str
    row: str | None = None
    kind: str = "data"
    shape: tuple[int | None, ...] | None = (None,)
    axes: tuple[str, ...] = ("batch",)
    batch_axis: int | None = 0
    weights: tuple[str, ...] = ()
    trained: bool = True


def fixed(formula: str, kind: str = "regularization", *, trained: bool = True) -> Term:
    """Returns a term without per-example losses."""
    return Term(formula=formula, kind=kind, shape=(), axes=(), batch_axis=None, trained=trained)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A model_fn, with its ledger.

    Attributes:
      model_fn: A function of `(features, labels, mode, params)`.
      terms: The ledger's terms.
      exact: Whether recomputing gives the same bits; None if that depends on the data.
      batch: The number of examples in a batch; with `drop` it is static in the graph.
    """

    model_fn: Callable[..., Any]
    terms: tuple[Term, ...]
    exact: bool | None = True
    batch: int = 4
    drop: bool = False

    @property
    def target(self) -> Target:
        return Target(model_fn=self.model_fn, input_fns=lambda: examples(self.batch, self.drop))

    def __str__(self) -> str:
        return self.model_fn.__name__


def examples(batch: int = 4, drop: bool = False) -> Any:
    return tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).batch(batch, drop)


def of(loss_fn: LossFn, **spec: Any) -> Callable[..., Any]:
    """Returns the model_fn of a loss, as a function that builds model_fns would return it."""

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions={"p": predicted(features)})
        loss = loss_fn(features, labels)
        return EstimatorSpec(mode, loss=loss, train_op=trained(loss), **spec)

    model_fn.__name__ = loss_fn.__name__
    return model_fn


def trained(loss: Any) -> Any:
    optimizer = tf1.train.GradientDescentOptimizer(0.01)
    return optimizer.minimize(loss, tf1.train.get_global_step())


class Cases(list[Case]):
    """A table to which decorators add rows."""

    def loss(self, *terms: Term, **case: Any) -> Callable[[LossFn], LossFn]:
        """Adds the model_fn of a loss `(features, labels) -> tensor`."""

        def add(loss_fn: LossFn) -> LossFn:
            self.append(Case(model_fn=of(loss_fn), terms=terms, **case))
            return loss_fn

        return add

    def model_fn(self, *terms: Term, **case: Any) -> Callable[[ModelFn], ModelFn]:
        """Adds a whole model_fn."""

        def add(model_fn: ModelFn) -> ModelFn:
            self.append(Case(model_fn=model_fn, terms=terms, **case))
            return model_fn

        return add


# The parts of the models.


def predicted(features: Any) -> Any:
    """Returns a number for each example: [batch]."""
    return tf.squeeze(logits(features, 1, "kernel"), axis=1)


def logits(features: Any, units: int = 3, name: str = "classes") -> Any:
    return features["x"] @ kernel(name, [3, units])


def kernel(name: str, shape: list[int]) -> Any:
    values = np.float32(np.arange(np.prod(shape)).reshape(shape) % 4) / 3 - 0.3
    values += np.float32(ord(name[0]) % 7) / 20
    with tf1.variable_scope(tf1.get_variable_scope(), reuse=tf1.AUTO_REUSE):
        return tf1.get_variable(name, initializer=values)


def squares(features: Any, labels: Any) -> Any:
    return tf.square(labels["y"] - predicted(features))


def cross_entropies(features: Any, labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["class"], logits=logits(features)
    )


def word_losses(features: Any, labels: Any) -> Any:
    """Returns a loss for each word of a sequence: [batch, 5]."""
    states = tf.one_hot(features["words"], 7) * features["x"][:, tf.newaxis, :1]
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels["words"], logits=tf.einsum("btd,dc->btc", states, kernel("words", [7, 3]))
    )


# Reading and checking.


@functools.cache
def ledger_of(case: Case, mode: str = "train") -> LossLedger:
    """Reads a case's ledger, once in a process: it is a value, and the graph is not kept."""
    return read(case, mode)[0]


def read(case: Case, mode: str = "train") -> tuple[LossLedger, Built]:
    """Builds a case's graph and reads its ledger."""
    built = build(case.target, mode)
    features, labels, _ = built.inputs
    return reader.ledger(built.spec.loss, features, labels, mode=mode), built


def values(ledger: LossLedger, built: Built) -> list[dict[str, Any]]:
    """Returns the values that `recomputation.check` needs, for each batch."""
    names = recomputation.tensors(ledger)
    batches = []
    with (
        built.graph.as_default(),
        tf1.train.SingularMonitoredSession(hooks=list(built.inputs.hooks)) as session,
    ):
        while not session.should_stop():
            try:
                batches.append(dict(zip(names, session.run(list(names)), strict=True)))
            except tf.errors.OutOfRangeError:
                break
    return batches


def checked(case: Case, mode: str = "train") -> LossLedger:
    ledger, built = read(case, mode)
    return recomputation.check(ledger, values(ledger, built), sizes=[case.batch])
