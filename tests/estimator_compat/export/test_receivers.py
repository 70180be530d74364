"""Receivers: the names and checks of tensors, and the placeholders that builders create."""

from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import export


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def floats() -> Any:
    return tf.constant([1.0])


def test_a_receiver_without_labels() -> None:
    given = export.UnsupervisedInputReceiver(floats(), tf.constant(["a"]))
    assert isinstance(given, export.ServingInputReceiver)
    assert (list(given.features), list(given.receiver_tensors)) == (["feature"], ["input"])
    assert given.receiver_tensors_alternatives is None
    with pytest.raises(ValueError, match="features must be defined"):
        export.UnsupervisedInputReceiver(None, floats())
