"""Tests for migrate.graph_reading.object_sources: objects as source."""

import collections
import functools
import threading
from typing import Any

import pytest
import tensorflow as tf

from migrate.graph_reading.object_sources import ObjectSources


class Config:
    def __init__(self, units: int) -> None:
        self.units, self.inner = units, {"rate": 0.1}


Pair = collections.namedtuple("Pair", ["first", "second"])
HERE = __name__.rpartition(".")[2]
CASES = [
    (None, "None"),
    ([1, (2.5,), {"a": b"c"}], "[1, (2.5,), {'a': b'c'}]"),
    (tf.float16, "tf.float16"),
    (Pair(1, "b"), f"{HERE}.Pair(1, 'b')"),
    (Config(3), f"restored({HERE}.Config, {{'units': 3, 'inner': {{'rate': 0.1}}}})"),
    (functools.partial(Pair, 1, second=2), f"functools.partial({HERE}.Pair, 1, second=2)"),
    (float("inf"), None),
    (threading.Lock(), None),
    (lambda: 1, None),
    ([object()], None),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=map(str, range(len(CASES))))
def test_the_source_of_an_object(value: Any, expected: str | None) -> None:
    assert ObjectSources().source(value) == expected


def test_a_class_is_imported() -> None:
    sources = ObjectSources()
    sources.source(Config(1))
    package = __name__.rpartition(".")[0]
    assert list(sources.imports) == [
        f"from {package} import {HERE}" if package else f"import {HERE}"
    ]
