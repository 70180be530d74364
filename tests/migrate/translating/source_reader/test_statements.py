"""Tests for migrate.translating.source_reader.statements."""

import ast

import pytest

from migrate.translating.source_reader import statements


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("os.remove(path)", {"os"}),
        ("table[0] = 1", {"table"}),
        ("import os; os.remove(path)", set()),
        ("table = []; table.append(path)", set()),
        ("def inner(): return other\n    inner()", {"other"}),
    ],
)
def test_what_a_function_reads_from_outside(body: str, wanted: set[str]) -> None:
    [function] = ast.parse(f"def f(path):\n    {body}").body
    assert statements.loads(function) == wanted
