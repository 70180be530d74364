"""Tests for migrate.translating.text_places."""

import ast

import pytest

from migrate.translating import text_places

NAMES = {"SIZE": "LEGACY_SIZE", "Model": "LegacyModel", "train": "legacy_train"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SIZE = 3  # of a row", "LEGACY_SIZE = 3  # of a row"),
        ("WORDS = ['ä', SIZE]", "WORDS = ['ä', LEGACY_SIZE]"),
        ("def train(n):\n    return n * SIZE", "def legacy_train(n):\n    return n * LEGACY_SIZE"),
        ("def f(SIZE):\n    return SIZE", "def f(SIZE):\n    return SIZE"),
        ("def f():\n    train = 1\n    return train", "def f():\n    train = 1\n    return train"),
        ("class Model:\n    size = SIZE", "class LegacyModel:\n    size = LEGACY_SIZE"),
        ("f(train=x.train)", "f(train=x.train)"),
    ],
)
def test_names_of_a_module_are_renamed(text: str, expected: str) -> None:
    assert text_places.renamed(text, NAMES) == expected


def test_places_count_characters_and_not_bytes() -> None:
    text = "größe = 1\nx = größe + y"
    node = ast.parse(text).body[1].value.right  # type: ignore[attr-defined]
    start, end = text_places.Places(text).of(node)
    assert text[start:end] == "y"


def test_a_place_within_another_goes_with_it() -> None:
    assert text_places.replaced("f(g(x))", [(2, 6, "h"), (4, 5, "y")]) == "f(h)"
