"""The axes after each op that changes a shape, from the axes before it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import reshaped_axes as rules
from tests.estimator_compat.ledger.named_axes import NamedAxes

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


# The inputs: their shapes, and the names of their axes.
INPUTS: dict[str, tuple[list[int | None], Any]] = {
    "x": ([None, 4, 3], ("batch", "4", "3")),
    "y": ([None], ("batch",)),
    "column": ([None, 1, 1], ("batch", "1", "1")),
    "ids": ([None, None], ("batch", "?")),
    "folded": ([None, 3], ("batch*4", "3")),
    "ragged": ([None, 3], ("batch*?", "3")),
    "other": ([None, 3], ("?", "3")),
    "lost": ([None, 3], None),
    "unfollowed": ([None, 3], (None, "3")),
}


def unknown(*shape: int) -> Any:
    return tf1.placeholder(tf.int32, shape)


# A rule, a tensor, and the names of its axes.
CASES: dict[str, tuple[Any, Callable[[dict[str, Any]], Any], Any]] = {
    "transposed": (
        rules.transposed,
        lambda t: tf.transpose(t["x"], [2, 0, 1]),
        ("3", "batch", "4"),
    ),
    "transposed by a tensor": (
        rules.transposed,
        lambda t: tf.transpose(t["x"], unknown(3)),
        None,
    ),
    "transposed of unknown": (rules.transposed, lambda t: tf.transpose(t["lost"], [1, 0]), None),
    "expanded": (rules.expanded, lambda t: tf.expand_dims(t["x"], 1), ("batch", "1", "4", "3")),
    "expanded at the end": (rules.expanded, lambda t: tf.expand_dims(t["y"], -1), ("batch", "1")),
    "squeezed": (rules.squeezed, lambda t: tf.squeeze(t["column"], [-1]), ("batch", "1")),
    "squeezed everywhere": (rules.squeezed, lambda t: tf.squeeze(t["column"]), ("batch",)),
    # 4 * 3 elements of each example: 4 rows of 3, 1 row of 12, 2 rows of 6, no rows of 5.
    "reshaped to rows": (rules.reshaped, lambda t: tf.reshape(t["x"], [-1, 3]), ("batch*4", "?")),
    "reshaped to one row": (rules.reshaped, lambda t: tf.reshape(t["x"], [-1, 12]), ("batch", "?")),
    "reshaped to two": (rules.reshaped, lambda t: tf.reshape(t["x"], [-1, 6]), ("batch*2", "?")),
    "reshaped across": (rules.reshaped, lambda t: tf.reshape(t["x"], [-1, 5]), ("?", "?")),
    "reshaped back": (
        rules.reshaped,
        lambda t: tf.reshape(t["folded"], [-1, 4, 3]),
        ("batch", "?", "?"),
    ),
    "reshaped like another": (
        rules.reshaped,
        lambda t: tf.reshape(t["folded"], tf.shape(t["x"])),
        ("batch", "4", "3"),
    ),
    "flat of unknown": (rules.reshaped, lambda t: tf.reshape(t["ids"], [-1]), ("batch*?",)),
    "rows of unknown": (
        rules.reshaped,
        lambda t: tf.reshape(t["ragged"], [-1, 3]),
        ("batch*?", "?"),
    ),
    "reshaped of no batch": (rules.reshaped, lambda t: tf.reshape(t["other"], [-1]), ("?",)),
    "reshaped of unfollowed": (rules.reshaped, lambda t: tf.reshape(t["unfollowed"], [-1]), None),
    "stacked": (rules.stacked, lambda t: tf.stack([t["y"]] * 3, axis=1), ("batch", "3")),
    "stacked at the end": (rules.stacked, lambda t: tf.stack([t["y"]] * 3, -1), ("batch", "3")),
    "stacked first": (rules.stacked, lambda t: tf.stack([t["y"]] * 2), ("2", "batch")),
    "unstacked": (rules.unstacked, lambda t: tf.unstack(t["x"], axis=-1)[0], ("batch", "4")),
    "unstacked of unknown": (rules.unstacked, lambda t: tf.unstack(t["lost"], axis=1)[0], None),
    "joined": (rules.concatenated, lambda t: tf.concat([t["x"]] * 2, 2), ("batch", "4", "?")),
    "appended": (rules.concatenated, lambda t: tf.concat([t["x"]] * 2, 0), ("?", "4", "3")),
    "padded": (
        rules.padded,
        lambda t: tf.pad(t["x"], [[0, 0], [1, 0], [0, 0]]),
        ("batch", "?", "3"),
    ),
    "padded by a tensor": (rules.padded, lambda t: tf.pad(t["x"], unknown(3, 2)), ("?",) * 3),
    "split": (rules.split, lambda t: tf.split(t["x"], 2, axis=1)[0], ("batch", None, "3")),
    "split at the end": (rules.split, lambda t: tf.split(t["x"], 3, -1)[0], ("batch", "4", None)),
    "split by sizes": (
        rules.split,
        lambda t: tf.split(t["x"], [1, 3], axis=1)[1],
        ("batch", None, "3"),
    ),
    "split into one part": (rules.split, lambda t: tf.split(t["x"], 1)[0], ("batch", "4", "3")),
}


@pytest.mark.parametrize(("rule", "make", "names"), CASES.values(), ids=CASES)
def test_names(rule: Any, make: Any, names: Any) -> None:
    tensors = {
        name: tf1.placeholder(tf.float32, shape, name=name) for name, (shape, _) in INPUTS.items()
    }
    follower = NamedAxes({name: given for name, (_, given) in INPUTS.items()})
    assert rule(follower, make(tensors), 8) == names
