"""Tests for migrate.translating.loop_test_source: what the test of a loop says and holds."""

import ast
import dataclasses

from migrate.translating import loop_test_source
from migrate.translating.loop_test_source import LoopTest

TEST = LoopTest(
    loop="loop",
    recording="test_loop.npz",
    origin="`model_fn` in model.py",
    versions="recorded with TensorFlow 2.21.0",
    specs={
        "train": ("tf.TensorSpec([None, 2], tf.float32)", "tf.TensorSpec([None], tf.int64)"),
        "infer": ("tf.TensorSpec([None, 2], tf.float32)", ""),
    },
    has_labels=True,
    batches={"train": "5 batches", "infer": "3 batches"},
    count={"train": 5, "infer": 3},
    epochs=2,
    keeps_all=False,
    keras="keras",
    not_compared={},
    tolerances={"losses": 1e-6, "variables": 1e-5, "metrics": 1e-6, "predictions": 1e-6},
    smallest=1e-3,
)


def _functions(text: str) -> list[str]:
    tree = ast.parse(text)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in names if name.startswith("test_")]


def test_only_modes_with_numbers_are_tested() -> None:
    assert _functions(loop_test_source.source(TEST)) == [
        "test_variables_have_their_legacy_names_and_shapes",
        "test_training",
        "test_many_steps_in_one_graph",
        "test_predictions",
    ]


def test_it_imports_tensorflow_pytest_and_the_loop_only() -> None:
    text = loop_test_source.source(dataclasses.replace(TEST, keeps_all=True))
    tree = ast.parse(text)
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names == {"pathlib", "typing", "keras", "numpy", "pytest", "tensorflow", "loop"}


def test_dropout_is_told_and_taken_away() -> None:
    text = loop_test_source.source(dataclasses.replace(TEST, keeps_all=True))
    assert "dropout keeps every element and scales it" in " ".join(text.split())
    assert text.count('@pytest.mark.usefixtures("dropout_keeps_all")') == 2


def test_a_training_that_is_not_compared_is_told() -> None:
    reasons = {"train": "training draws random numbers, in a loop of the graph"}
    text = loop_test_source.source(dataclasses.replace(TEST, not_compared=reasons))
    assert "What is not compared:" in text
    assert "training      training draws random numbers, in a loop of the graph" in text
    assert _functions(text) == [
        "test_variables_have_their_legacy_names_and_shapes",
        "test_training_moves_what_it_moved",
        "test_predictions",
    ]


def test_batches_without_labels() -> None:
    features = '{"x": tf.SparseTensorSpec([None, 2], tf.float32)}'
    given = dataclasses.replace(TEST, specs={"train": (features, "")}, has_labels=False)
    text = loop_test_source.source(given)
    assert "loop.train_step(batch)" in text
    assert "tf.SparseTensor(*" in text
    assert "isinstance(spec, tuple)" not in text
