"""Tests for migrate.translating.kept_program: statements in their scopes, and their conditions."""

import ast

from migrate.translating.kept_program import lines_in_scopes
from migrate.translating.source_reader.statements import Statement

MODES = ("train", "eval", "infer")


def _statement(text: str, *scopes: ast.withitem, modes: tuple[str, ...] = MODES) -> Statement:
    return Statement(ast.parse(text).body[0], frozenset(modes), [], scopes)


def _scope(text: str) -> ast.withitem:
    [node] = ast.parse(f"with {text}: pass").body
    assert isinstance(node, ast.With)
    return node.items[0]


def test_statements_of_one_scope_stand_in_one_with() -> None:
    outer, inner = _scope("tf1.variable_scope('a')"), _scope("tf1.variable_scope('b') as scope")
    statements = [
        _statement("x = features"),
        _statement("x = f(x)", outer),
        _statement("x = g(x)", outer, inner),
        _statement("x = h(x)", outer),
        _statement("y = x"),
    ]
    statements[2].comments = ["# Twice."]
    assert (
        "\n".join(lines_in_scopes(statements, MODES))
        == """\
x = features
with tf1.variable_scope('a'):
    x = f(x)
    with tf1.variable_scope('b') as scope:
        # Twice.
        x = g(x)
    x = h(x)
y = x"""
    )


def test_two_scopes_of_one_name_stay_two() -> None:
    statements = [_statement("x = f(x)", _scope("s(None, 'a')")) for _ in range(2)]
    assert "\n".join(lines_in_scopes(statements, MODES)).count("with") == 2


def test_modes_become_conditions() -> None:
    chosen = (("train",), ("eval", "infer"), ("infer",), ("train", "eval"))
    lines = lines_in_scopes([_statement("x = 1", modes=one) for one in chosen], MODES)
    assert [line.splitlines()[0] for line in lines] == [
        "if training:",
        "if not training:",
        'if mode == "infer":',
        'if mode != "infer":',
    ]


def test_a_program_without_predictions_has_no_condition_for_them() -> None:
    assert lines_in_scopes([_statement("x = 1", modes=MODES[:2])], MODES[:2]) == ["x = 1"]
