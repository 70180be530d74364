"""The line of a program that created an op."""

import os
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.ledger import source_lines
from estimator_compat.losses.weighted_losses import weighted_loss

HERE = os.path.dirname(estimator_compat.__file__)
LIBRARIES = os.path.dirname(os.path.dirname(np.__file__))


def by_tensorflow(value: Any) -> Any:
    return tf.reduce_mean(value)


def by_us(value: Any) -> Any:
    return weighted_loss(value, 2.0)


# `co_firstlineno` is the line of `def`; each function's one statement is on the next.
@pytest.mark.parametrize("function", [by_tensorflow, by_us])
def test_the_innermost_line_of_the_users_code(function: Any) -> None:
    with tf.Graph().as_default():
        tensor = function(tf.constant([1.0, 2.0]))
    line = source_lines.line_of(tensor.op)
    assert line is not None
    assert (line.file, line.function) == (__file__, function.__name__)
    assert line.number == function.__code__.co_firstlineno + 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (__file__, True),
        (os.path.join(HERE, "examples", "penguins.py"), True),
        (os.path.join(LIBRARIES, "bert", "modeling.py"), True),
        (estimator_compat.__file__, False),
        (tf.__file__, False),
        (os.__file__, False),
        ("<string>", False),
    ],
)
def test_whose_a_file_may_be(path: str, expected: bool) -> None:
    assert source_lines.may_be_users(path) is expected
