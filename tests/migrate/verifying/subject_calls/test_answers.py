"""What the methods of a subject return: what is taken, and what is refused with which words."""

import re
import types
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.subject_calls import answers

KERNEL = ("dense/kernel",)


@pytest.mark.parametrize(
    "returned",
    [
        tf.constant(0.5),
        np.float32(0.5),
        0.5,
        {"loss": tf.constant(0.5), "rate": 1.0},
        types.SimpleNamespace(loss=tf.constant(0.5)),
        tf.constant(0.5, tf.bfloat16),
    ],
    ids=["tensor", "array", "float", "mapping", "attribute", "bfloat16"],
)
def test_a_loss(returned: Any) -> None:
    loss = answers.loss(returned, "Loop")
    assert (loss.shape, float(loss)) == ((), 0.5)


LOSSES = {
    "None": (None, TypeError, "returned None; expected the loss, an object with the attribute"),
    "list": ([0.5], TypeError, "returned a list, [0.5]; expected the loss"),
    "tuple": ((0.5, {}), TypeError, "returned a tuple, (0.5, {}); expected the loss"),
    "text": ("0.5", TypeError, "returned a str, '0.5'; expected the loss"),
    "key": ({"total": 1.0}, ValueError, "a mapping with the keys 'total'; expected"),
    "None by key": ({"loss": None}, TypeError, "returned a dict, {'loss': None}; expected"),
    "shape": (np.zeros(8), ValueError, "a loss of shape [8]; expected a scalar"),
    "shape of one": (tf.zeros([1]), ValueError, "reduce the losses as the model_fn does"),
}


@pytest.mark.parametrize(("returned", "kind", "words"), LOSSES.values(), ids=LOSSES)
def test_no_loss(returned: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=re.escape(words)) as caught:
        answers.loss(returned, "Loop")
    assert str(caught.value).startswith("`train_step` of `subject` (Loop) returned ")


def test_losses_of_many_steps() -> None:
    given = (
        tf.constant([1.0, 2.0]),
        [tf.constant(1.0), 2.0],
        {"loss": np.array([1, 2], np.float32)},
    )
    assert all(answers.losses(each, 2, "Loop").tolist() == [1.0, 2.0] for each in given)
    last = ({"loss": tf.constant(2.0), "steps": 2}, tf.constant(2.0))
    assert all(answers.losses(each, 2, "Loop").shape == () for each in last)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "returned None; expected the loss of the last step, or the losses of all 2 steps"),
        ({"total": 1.0}, "or give the method another name"),
        (tf.zeros([3]), "losses of shape [3]; expected the loss of the last step"),
    ],
)
def test_no_losses(returned: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        answers.losses(returned, 2, "Loop")


def test_gradients() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([2, 2]), [3, 1])
    given = {"table": slices, "unused": None, "bias": tf.constant([1.0])}
    found = answers.gradients(given, ("table", "unused", "bias"), "Loop")
    assert sorted(found) == ["bias", "table"]
    assert found["table"].tolist() == [[0.0], [0.0], [3.0]]  # 1 + 2 in row 2


GRADIENTS = {
    "None": (None, "returned None; expected a mapping of the names in `variables`"),
    "list": ([tf.zeros([2])], "return a dict, such as {'dense/kernel': gradient}"),
    "key": (
        {"dense/kernel:0": tf.zeros([2])},
        "the keys 'dense/kernel:0'; expected a mapping of the names in `variables` to gradients, "
        "which are 'dense/kernel'; use the same names",
    ),
    "text": ({"dense/kernel": "none"}, "returned a str, 'none' for 'dense/kernel'"),
}


@pytest.mark.parametrize(("returned", "words"), GRADIENTS.values(), ids=GRADIENTS)
def test_no_gradients(returned: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        answers.gradients(returned, KERNEL, "Loop")


def test_metrics() -> None:
    class Mean:
        def result(self) -> Any:
            return tf.constant(0.25)

    found = answers.metrics({"mean": Mean(), "loss": tf.constant(1.0), "steps": 3}, "Loop")
    assert {name: float(value) for name, value in found.items()} == {
        "mean": 0.25,
        "loss": 1.0,
        "steps": 3.0,
    }


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "`evaluate` of `subject` (Loop) returned None; expected a mapping of metric names"),
        ([0.5, 0.7], "returned a list, [0.5, 0.7]; expected a mapping"),
        ({"accuracy": None}, "returned None for 'accuracy'; expected a mapping"),
    ],
)
def test_no_metrics(returned: Any, words: str) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        answers.metrics(returned, "Loop")


def test_predictions() -> None:
    sparse = tf.SparseTensor([[0, 1]], [2.0], [1, 2])
    first, second = answers.predictions(iter([{"p": tf.constant([1.0])}, sparse]), "Loop")
    assert isinstance(first["p"], np.ndarray)
    assert isinstance(second, tf.compat.v1.SparseTensorValue)


@pytest.mark.parametrize("returned", [None, {"p": 1.0}, tf.zeros([4, 2]), np.zeros([4, 2])])
def test_no_predictions(returned: Any) -> None:
    with pytest.raises(TypeError, match="expected an iterable with the predictions for each batch"):
        list(answers.predictions(returned, "Loop"))
