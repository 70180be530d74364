"""Tests for migrate.verifying.written_inputs: a module's inputs against the legacy program's."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import migrate
from migrate.verifying import written_inputs
from migrate.verifying.verdict import Stage

MODULE = """
import tensorflow as tf
from absl import flags

SIZE = flags.DEFINE_integer("size", 2, "The size of a batch.")

def numbers(count=5, factor=1.0):
    x = factor * tf.range(count, dtype=tf.float32)
    return tf.data.Dataset.from_tensor_slices(({"x": x, "words": tf.strings.as_string(x)}, x))

def same():
    return numbers().map(sparse).batch(SIZE.value)

def sparse(features, labels):
    return {**features, "ids": tf.sparse.from_dense([[1, 0], [0, 2]])}, labels

def other_numbers():
    return numbers(factor=1.5).map(sparse).batch(2)

def shorter():
    return numbers(2).map(sparse).batch(2)

def without_ids():
    return numbers().batch(2)

def broken():
    return numbers().map(lambda features, labels: tf.reshape(labels, [7])).batch(2)

def to_fill_in():
    raise NotImplementedError("write it")

def shuffled():
    return same().unbatch().shuffle(5).batch(2)

def main(_):
    pass
"""


def _target(*, is_random: bool = False) -> migrate.Target:
    """The input of `same`, as a legacy program has it."""

    def input_fn() -> Any:
        x = tf.range(5, dtype=tf.float32)
        dataset = tf.data.Dataset.from_tensor_slices(
            ({"x": x, "words": tf.strings.as_string(x)}, x)
        )
        dataset = dataset.map(
            lambda f, y: ({**f, "ids": tf.sparse.from_dense([[1, 0], [0, 2]])}, y)
        )
        return (dataset.shuffle(5) if is_random else dataset).batch(2)

    return migrate.Target(model_fn=lambda features: None, input_fns={"train": input_fn})


def _stage(folder: Path, expression: str, *, is_random: bool = False) -> Stage:
    path = folder / "loop.py"
    path.write_text(MODULE)
    target = _target(is_random=is_random)
    return written_inputs.compared(target, str(path), {"train": expression})


@pytest.mark.subprocess
def test_the_same_batches(tmp_path: Path) -> None:
    found = _stage(tmp_path, "same()")
    assert (found.name, found.outcome.value) == ("inputs", "identical")
    # In each of three batches: x, words, the three parts of ids, and the labels.
    assert (found.comparisons, found.compared) == (18, "the first 3 batches of 'train'")


# What the first comparison that differs says.
DIFFERENT = {
    "other_numbers()": "train, batch 1: features/x",
    "shorter()": "3 batches in the legacy input, 1 in the module's",
    "without_ids()": "features/words, labels in the module's",
    "broken()": "the module's input raised ValueError: Cannot reshape",
}


@pytest.mark.subprocess
@pytest.mark.parametrize("expression", DIFFERENT)
def test_other_batches(expression: str, tmp_path: Path) -> None:
    found = _stage(tmp_path, expression)
    assert found.outcome.value == "different"
    assert found.first is not None
    assert DIFFERENT[expression] in f"{found.first.name} {found.first.note}"


@pytest.mark.subprocess
def test_of_random_batches_only_dtypes_and_ranks(tmp_path: Path) -> None:
    found = _stage(tmp_path, "shuffled()", is_random=True)
    assert (found.outcome.value, len(found.notes)) == ("identical", 1)
    assert found.notes[0].startswith("the input of 'train' is drawn at random")


@pytest.mark.subprocess
def test_a_place_to_fill_in_is_not_compared(tmp_path: Path) -> None:
    found = _stage(tmp_path, "to_fill_in()")
    assert (found.outcome.value, found.notes) == (
        "not compared",
        ("the input of 'train' is a place to fill in",),
    )
