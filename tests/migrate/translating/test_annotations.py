"""Tests for migrate.translating.annotations."""

import ast

import pytest

from migrate.translating import annotations

_FUNCTION = """
def batches(features: Features, count: int = 2, *rest: np.ndarray) -> tuple[Labels, Any]:
    def inner(x: Row) -> None: ...
"""


def test_names_of_all_annotations() -> None:
    names = annotations.names(ast.parse(_FUNCTION).body[0])
    assert names == ["Any", "Features", "Labels", "Row", "int", "np", "tuple"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from typing import Any", True),
        ("import numpy as np", True),
        ("import collections.abc", True),
        ("from modeling import BertConfig", False),
        ("from . import modeling", False),
        ("import numpy, modeling", False),
        ("import tensorflow as tf", False),
    ],
)
def test_common_imports(source: str, wanted: bool) -> None:
    assert annotations.is_common(ast.parse(source).body[0]) is wanted
