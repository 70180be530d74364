"""Loops that users write: their gradients and predictions, and stages that cannot be compared."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate.verifying.verdict import Outcome, Stage, Verdict

_IDS = np.array([[0, 2], [1, 2], [2, 2]], np.int32)
_TABLE = np.float32(np.arange(8.0).reshape(4, 2) / 8)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"id": _IDS}, np.ones([3, 2, 2], np.float32)))


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    table = tf1.get_variable("table", initializer=_TABLE)
    found = tf.gather(table, features["id"])
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions=found)
    loss = tf.reduce_sum(
        tf.square(labels - tf1.layers.dropout(found, 0.5, training=params["drop"]))
    )
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    step = tf1.train.get_global_step()
    return estimator.EstimatorSpec(mode, loss=loss, train_op=optimizer.minimize(loss, step))


class Loop:
    """A loop whose gradient is IndexedSlices, with one row twice, and that predicts nothing."""

    def __init__(self) -> None:
        self.table = tf.Variable(tf.zeros([4, 2]))
        self.variables = {"table": self.table}

    def _loss(self, features: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            found = tf.gather(self.table, features["id"])
            loss = tf.reduce_sum(tf.square(labels - found))
        return loss, tape.gradient(loss, self.table)

    def gradients(self, features: Any, labels: Any) -> dict[str, Any]:
        found = self._loss(features, labels)[1]
        assert isinstance(found, tf.IndexedSlices)
        return {"table": found}

    def train_step(self, features: Any, labels: Any) -> Any:
        loss, gradient = self._loss(features, labels)
        self.table.assign_sub(0.1 * tf.convert_to_tensor(gradient))
        return loss

    def predict(self, dataset: Any) -> Iterator[Any]:
        yield from ()


def verified(drop: bool, modes: tuple[str, ...]) -> Verdict:
    target = migrate.Target(
        model_fn=model_fn, input_fns=dict.fromkeys(modes, input_fn), params={"drop": drop}
    )
    return migrate.verify(target, Loop())


def stage(verdict: Verdict, name: str) -> Stage:
    return next(one for one in verdict.stages if one.name == name)


def test_gradients_of_an_embedding() -> None:
    verdict = verified(False, ("train",))
    assert stage(verdict, "gradients").outcome is Outcome.IDENTICAL
    assert verdict.passed, verdict.first


def test_a_loop_that_predicts_nothing() -> None:
    verdict = verified(False, ("train", "infer"))
    assert "predictions: the subject's `predict` yields nothing" in stage(verdict, "forward").notes
    assert verdict.first is not None
    where = verdict.first[1]
    assert (where.name, where.note) == ("batches", "3 batches in the reference, 0 in the subject")


def test_a_loop_without_the_dropout_of_the_model_fn() -> None:
    verdict = verified(True, ("train",))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.first is not None
    assert verdict.first[0].name == "forward"
    note = "the reference draws 1 random tensor in a training step, the subject none"
    assert note in stage(verdict, "forward").notes
