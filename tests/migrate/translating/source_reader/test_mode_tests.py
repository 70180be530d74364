"""Tests for migrate.translating.source_reader.mode_tests."""

import ast

import pytest

from migrate.translating.source_reader import mode_tests


@pytest.mark.parametrize(
    ("source", "modes"),
    [
        ("mode == tf.estimator.ModeKeys.TRAIN", {"train"}),
        ("ModeKeys.EVAL == mode", {"eval"}),
        ("mode is learn.ModeKeys.INFER", {"infer"}),
        ("mode == 'train'", {"train"}),
        ("mode != ModeKeys.PREDICT", {"train", "eval"}),
        ("mode is not ModeKeys.TRAIN", {"eval", "infer"}),
        ("mode in (ModeKeys.TRAIN, ModeKeys.EVAL)", {"train", "eval"}),
        ("mode not in ['infer']", {"train", "eval"}),
        ("mode in modes", None),
        ("mode == other", None),
        ("kind == 'train'", None),
        ("1 < mode < 2", None),
    ],
)
def test_the_modes_of_a_comparison(source: str, modes: set[str] | None) -> None:
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.Compare)
    assert mode_tests.true_in(node) == modes
