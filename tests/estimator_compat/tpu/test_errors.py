"""Mistakes: the same error as the original's, its first words, and what to do about it."""

import re
from typing import Any

import pytest

import estimator_compat
from tests.estimator_compat.tpu import error_cases, record

RECORDED = record.recorded("errors")

# How our message ends: its actionable clause.
ENDINGS = {
    "no config": "build one, or use an Estimator.",
    "another config": "build one, or use an Estimator.",
    "params: batch_size": "rename ['batch_size'], or pass the batch sizes as `train_batch_size=` "
    "and so on.",
    "params: context": "rename ['context'], or pass the batch sizes as `train_batch_size=` and so "
    "on.",
    "tpu, no train_batch_size": "expected the number of examples in a global batch; pass it.",
    "tpu, train_batch_size 0": "expected a positive integer; raise it.",
    "tpu, train_batch_size text": "'8'; expected a positive integer; convert it with int().",
    "tpu, eval_batch_size -1": "expected a positive integer; raise it.",
    "tpu, predict_batch_size 0.5": "0.5; expected a positive integer; convert it with int().",
    "export version": "leave it out.",
    "input_fn without params": "expected an argument of that name; add it.",
    "model_fn without params": "expected an argument of that name; add it.",
    "no eval_batch_size": "pass `eval_batch_size=`.",
    "no predict_batch_size": "pass `predict_batch_size=`.",
    "no batch size, model_fn": "pass `eval_batch_size=`.",
    "sliced evaluation": "expected PER_HOST_V1; leave it out.",
    "sliced prediction": "expected PER_HOST_V1; leave it out.",
    "eval_metrics is a dict": "write `(metric_fn, [labels, logits])`.",
    "eval_metrics of three": "write `(metric_fn, [labels, logits])`.",
    "eval_metrics of no function": "write `(metric_fn, [labels, logits])`.",
    "eval_metrics of one tensor": "write `(metric_fn, [labels, logits])`.",
    "eval_metrics of too many": "or pass a dict of argument names to tensors.",
    "host_call is a function": "write `(metric_fn, [labels, logits])`.",
    "host_call of too few": "or pass a dict of argument names to tensors.",
    # Python's own.
    "host_call by other names": "got an unexpected keyword argument 'b'",
    "a hook's class": "derive it from tf.compat.v1.train.SessionRunHook.",
    "no loss": "pass `loss=`, reduced over the batch.",
    "no train_op": "tf.compat.v1.train.get_global_step())`.",
    "no predictions": "pass `predictions=`.",
    "iterations_per_loop 0": "write for example 100, '3600s', '60m' or '1h'.",
    "iterations_per_loop 5x": "write for example 100, '3600s', '60m' or '1h'.",
    "num_shards 0": "expected a positive integer; raise it.",
    "num_shards text": "'8'; expected a positive integer; convert it with int().",
    "num_cores_per_replica 3": "leave it out if the model is not split over cores.",
    "evaluation from PER_HOST_V2": "leave it out for PER_HOST_V1.",
    "initial_infeed_sleep_secs -1": "expected a positive integer; raise it.",
    "three partitions": "nest them within these two elements.",
    "partitions per host V1": "set it, or leave input_partition_dims out.",
    "partitions without cores": "set it, or leave input_partition_dims out.",
    "master and cluster": "leave the other out.",
    "two clusters": "leave cluster_def out of the session_config.",
    "replace of an unknown": "set the others through TF_CONFIG.",
}


def first_words(message: str, count: int = 4) -> list[str]:
    """The first words of a message, without places in memory and punctuation."""
    return re.findall(r"\w+", re.sub(r" at 0x[0-9a-f]+", "", message))[:count]


@pytest.fixture(scope="module")
def raised() -> dict[str, Any]:
    return {case: error_cases.raised(case, estimator_compat) for case in error_cases.CASES}


@pytest.mark.parametrize("case", error_cases.CASES)
def test_the_error_of_the_real_one(case: str, raised: dict[str, Any]) -> None:
    kind, message = RECORDED[case]
    assert type(raised[case]).__name__ == kind
    words = first_words(message)
    assert first_words(str(raised[case]), len(words)) == words


@pytest.mark.parametrize("case", error_cases.CASES)
def test_what_to_do_about_it(case: str, raised: dict[str, Any]) -> None:
    assert str(raised[case]).rstrip('"').endswith(ENDINGS[case])


def test_every_case_is_recorded_and_has_an_ending() -> None:
    assert RECORDED.keys() == error_cases.CASES.keys() == ENDINGS.keys()


def test_other_words_are_told_apart() -> None:
    assert first_words("`a` must (be) int") == ["a", "must", "be", "int"]
    assert first_words("a must be text") != first_words("`a` must (be) int")
