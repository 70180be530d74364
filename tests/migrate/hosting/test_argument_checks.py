"""The checks of a loop's arguments, and an Estimator's message about a loop's folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat as estimator
from migrate.hosting import argument_checks
from tests.models.hosted_programs import INPUT_FNS, hosted, model_fn


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda loop: loop.train(steps=0), "steps"),
        (lambda loop: loop.train(steps=5, steps_per_loop=0), "steps_per_loop"),
        (lambda loop: loop.evaluate(steps=0), "steps"),
    ],
    ids=["train", "steps_per_loop", "evaluate"],
)
def test_numbers_of_steps(ask: Callable[[Any], Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"`{name}` \(0\) must be a positive integer; give one"):
        ask(hosted())


SPEC = ({"a": tf.TensorSpec([None, 2]), "b": tf.TensorSpec([])}, tf.TensorSpec([None]))
OTHERS = {
    "another name": ({"a": tf.zeros([3, 2]), "c": tf.zeros([])}, tf.zeros([3])),
    "another shape": ({"a": tf.zeros([3, 4]), "b": tf.zeros([])}, tf.zeros([3])),
    "another type": ({"a": tf.zeros([3, 2], tf.int32), "b": tf.zeros([])}, tf.zeros([3])),
    "no labels": {"a": tf.zeros([3, 2]), "b": tf.zeros([])},
}


@pytest.mark.parametrize("element", OTHERS.values(), ids=OTHERS.keys())
def test_batches_of_another_form(element: Any) -> None:
    dataset = tf.data.Dataset.from_tensors(element)
    with pytest.raises(ValueError, match=r"as the input_fn yields, .*; give a Dataset of that"):
        argument_checks.check_batches(dataset, SPEC)


def test_batches_that_fit() -> None:
    good = ({"b": np.float32(1), "a": np.zeros([3, 2], np.float32)}, np.zeros([3], np.float32))
    argument_checks.check_batches(tf.data.Dataset.from_tensors(good), SPEC)
    argument_checks.check_batches([good], SPEC)  # a list has no element_spec


def test_features_of_other_names_are_not_taken_by_their_place() -> None:
    given = tf.data.Dataset.from_tensors(({"z": tf.zeros([4, 3])}, tf.zeros([4, 1])))
    with pytest.raises(ValueError, match=r"`dataset` yields .*'z'.*expected .*'x'"):
        hosted().train(given)


def test_a_folder_with_a_checkpoint_is_not_trained_in_anew(tmp_path: Path) -> None:
    config = estimator.RunConfig(str(tmp_path), tf_random_seed=1)
    hosted(config=config).train(steps=2)
    loop = hosted(config=config)
    with pytest.raises(ValueError, match=r"has the checkpoint ckpt-2, .*; call `restore\("):
        loop.train(steps=1)
    loop.restore(str(tmp_path))
    loop.train(steps=1)
    assert loop.global_step == 3


def test_an_estimator_says_of_a_loops_checkpoint_what_to_do(tmp_path: Path) -> None:
    config = estimator.RunConfig(str(tmp_path), tf_random_seed=1)
    hosted(config=config).train(steps=2)
    run = estimator.Estimator(model_fn, params={}, config=config)
    with pytest.raises(
        ValueError, match=r"ckpt-2 was written by tf.train.Checkpoint.*`save_legacy`"
    ):
        run.evaluate(INPUT_FNS["eval"])


def test_a_number_of_steps_is_no_dataset() -> None:
    with pytest.raises(ValueError, match=r"`dataset` \(3\) has no batches; .* as `steps=`"):
        argument_checks.check_is_iterable(3)
    argument_checks.check_is_iterable([])
