"""Tests for migrate.mappings.functions: the rows against the installed TensorFlow."""

import inspect
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.mappings import functions


def _found(root: Any, name: str) -> Any:
    for part in name.split(".")[1:]:
        root = getattr(root, part, None)
    return root


MOVED = [n for n, row in functions.ROWS.items() if row.name and row.positional is None]
REORDERED = [n for n, row in functions.ROWS.items() if row.positional is not None]
# The same function in TF2, defined anew.
_REDEFINED = {"tf.bincount", "tf.as_string", "tf.nn.softmax_cross_entropy_with_logits_v2"}


@pytest.mark.parametrize("name", MOVED)
def test_a_function_that_moved_is_the_same_object(name: str) -> None:
    legacy, new = _found(tf1, name), _found(tf, functions.ROWS[name].name)
    assert legacy is not None
    if name in _REDEFINED:
        assert (
            list(inspect.signature(legacy).parameters)[:2]
            == (list(inspect.signature(new).parameters)[:2])
        )
    else:
        assert legacy is new


@pytest.mark.parametrize("name", REORDERED)
def test_arguments_keep_their_meaning(name: str) -> None:
    row = functions.ROWS[name]
    legacy = list(inspect.signature(_found(tf1, name)).parameters)
    new = list(inspect.signature(_found(tf, row.name)).parameters)
    assert row.positional is not None
    assert list(row.parameters) == legacy[: len(row.parameters)]
    called = [row.renamed.get(one, one) for one in row.parameters]
    assert called[: row.positional] == new[: row.positional]
    dropped = {*row.dropped, "name", "strict", "back_prop"}
    assert set(called) - dropped <= set(new)


@pytest.mark.parametrize("name", sorted(functions.ABSENT))
def test_absent_names_are_not_in_tf2(name: str) -> None:
    assert _found(tf1, name) is not None
    assert _found(tf, name) is None


def test_templates_take_the_legacy_arguments() -> None:
    for name, row in functions.ROWS.items():
        if row.template:
            legacy = list(inspect.signature(_found(tf1, name)).parameters)
            assert list(row.parameters) == legacy[: len(row.parameters)]
