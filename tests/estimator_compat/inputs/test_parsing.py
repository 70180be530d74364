"""The forms of an input_fn's result, and the hooks that each form needs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import inputs
from tests.models.small_model import X, Y

tf1 = tf.compat.v1
Dataset = tf.data.Dataset


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def sparse() -> Any:
    return tf.SparseTensor([[0, 0], [1, 1]], [1.0, 2.0], [2, 2])


# The structure of (features, labels): a leaf is written as `t` or `sparse`.
RETURNED: dict[str, tuple[Callable[[], Any], Any]] = {
    "dataset_pair": (lambda: Dataset.from_tensors((X, Y)), ("t", "t")),
    "dataset_features": (lambda: Dataset.from_tensors(X), ("t", None)),
    "dataset_dict": (lambda: Dataset.from_tensors({"a": X}), ({"a": "t"}, None)),
    "dataset_dicts": (
        lambda: Dataset.from_tensors(({"a": X}, {"b": Y})),
        ({"a": "t"}, {"b": "t"}),
    ),
    "dataset_nested": (lambda: Dataset.from_tensors(((X, Y), Y)), (("t", "t"), "t")),
    "dataset_sparse": (lambda: Dataset.from_tensors((sparse(), Y)), ("sparse", "t")),
    "dataset_v1": (lambda: tf1.data.Dataset.from_tensors((X, Y)), ("t", "t")),
    "iterator_of_v1": (
        lambda: tf1.data.make_one_shot_iterator(Dataset.from_tensors((X, Y))).get_next(),
        ("t", "t"),
    ),
    "pair": (lambda: (tf.constant(X), tf.constant(Y)), ("t", "t")),
    "list": (lambda: [tf.constant(X), tf.constant(Y)], ("t", "t")),
    "features": (lambda: tf.constant(X), ("t", None)),
    "dict": (lambda: {"a": tf.constant(X)}, ({"a": "t"}, None)),
    "no_labels": (lambda: ({"a": tf.constant(X)}, None), ({"a": "t"}, None)),
    "sparse": (lambda: (sparse(), tf.constant(Y)), ("sparse", "t")),
    "nothing": (lambda: None, (None, None)),
}


def _kind(value: Any) -> Any:
    return "sparse" if isinstance(value, tf.SparseTensor) else value if value is None else "t"


@pytest.mark.parametrize(("build", "structure"), RETURNED.values(), ids=RETURNED)
def test_structures(build: Callable[[], Any], structure: Any) -> None:
    features, labels, hooks = inputs.parse_input_fn_result(build())
    assert tf.nest.map_structure(_kind, (features, labels)) == structure
    is_dataset = isinstance(build(), tf.data.Dataset)
    assert [type(h) for h in hooks] == [inputs.DatasetInitializerHook] * is_dataset


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("of", [tuple, list])
def test_tuples_that_are_no_pair(count: int, of: Any) -> None:
    with pytest.raises(ValueError, match="put the other tensors into a dict of features"):
        inputs.parse_input_fn_result(of([tf.constant(X)] * count))


def test_the_hook_initializes_the_iterator() -> None:
    parsed = inputs.parse_input_fn_result(Dataset.from_tensors((X, Y)))
    with tf1.train.SingularMonitoredSession(hooks=parsed.hooks) as session:
        features, labels = session.run([parsed.features, parsed.labels])
    np.testing.assert_array_equal(features, X)
    np.testing.assert_array_equal(labels, Y)


def queue() -> Any:
    return tf1.train.batch([tf1.train.slice_input_producer([X], num_epochs=1)[0]], 2)


ENDS: dict[str, tuple[Callable[[], Any], bool]] = {
    "dataset": (lambda: Dataset.from_tensors({"a": X}), True),
    "endless_dataset": (lambda: Dataset.from_tensors({"a": X}).repeat(), True),
    "queue": (queue, True),
    "tensors": (lambda: {"a": tf.constant(X)}, False),
    # As in the original, only top-level Tensors count. It warns, but this prediction ends, too.
    "sparse_dataset": (lambda: Dataset.from_tensors({"a": sparse()}), False),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("build", "ends"), ENDS.values(), ids=ENDS)
def test_ends_by_itself(build: Callable[[], Any], ends: bool) -> None:
    assert inputs.ends_by_itself(inputs.parse_input_fn_result(build()).features) is ends
