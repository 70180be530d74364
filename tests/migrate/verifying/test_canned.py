"""Canned estimators with vocabularies, warm starts and partitioners are hosted, and the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from estimator_compat import v1
from migrate.verifying.verdict import Outcome
from tests.estimator_compat.canned import canned_runs

pytestmark = pytest.mark.slow

KINDS = {"n_classes": 3, "label_vocabulary": ["ant", "bee", "cat"], "weight_column": "w"}
BINARY = canned_runs.CLASSES % 2
APIS = {"v1": v1, "v2": estimator_compat}


def config() -> Any:
    # A summary of each step: see test_heads.
    return estimator_compat.RunConfig(tf_random_seed=1, save_summary_steps=1)


def deep_columns(folder: Path) -> list[Any]:
    """Columns, one of them of a vocabulary that is in a file."""
    path = folder / "words.txt"
    path.write_text("\n".join(canned_runs.WORDS))
    column = tf.feature_column
    words = column.categorical_column_with_vocabulary_file("weather", str(path), num_oov_buckets=1)
    return [column.numeric_column("x"), column.embedding_column(words, 2)]


def given(labels: Any) -> Callable[[], Any]:
    data = (canned_runs.FEATURES, labels)
    return lambda: tf1.data.Dataset.from_tensor_slices(data).batch(4)


def outcome(estimator: Any, labels: Any) -> Outcome:
    target = migrate.Target.from_estimator(estimator, given(labels))
    return migrate.verify(target, steps=3, eval_steps=3, predict_steps=3).outcome


@pytest.mark.parametrize("api", APIS)
def test_vocabularies(api: str, tmp_path: Path) -> None:
    make = APIS[api].DNNClassifier
    estimator = make([4, 3], deep_columns(tmp_path), config=config(), **KINDS)
    assert outcome(estimator, canned_runs.KINDS) is Outcome.IDENTICAL


@pytest.mark.parametrize(
    ("api", "more"),
    [("v1", {}), ("v2", {}), ("v1", {"input_layer_partitioner": tf1.fixed_size_partitioner(2)})],
)
def test_a_warm_start(api: str, more: dict[str, Any], tmp_path: Path) -> None:
    make, columns = APIS[api].DNNClassifier, deep_columns(tmp_path)
    trained = str(tmp_path / "trained")
    make([4, 3], columns, model_dir=trained, config=config()).train(given(BINARY), steps=3)
    estimator = make([4, 3], columns, config=config(), warm_start_from=trained, **more)
    assert outcome(estimator, BINARY) is Outcome.IDENTICAL


HALVES = {"input_layer_partitioner": tf1.fixed_size_partitioner(2)}


def wide_and_deep(api: str, words: Any, **more: Any) -> Any:
    column = tf.feature_column
    return APIS[api].DNNLinearCombinedClassifier(
        linear_feature_columns=[words, column.crossed_column(["weather", "y"], 5)],
        dnn_feature_columns=[column.embedding_column(words, 2), column.numeric_column("x")],
        dnn_hidden_units=[3],
        config=config(),
        **more,
    )


def words_of(path: Path, words: list[str]) -> Any:
    path.write_text("\n".join(words))
    return tf.feature_column.categorical_column_with_vocabulary_file("weather", str(path))


def test_parts_of_wide_and_deep(tmp_path: Path) -> None:
    words = words_of(tmp_path / "words.txt", list(canned_runs.WORDS))
    estimator = wide_and_deep("v1", words, weight_column="w", **HALVES)
    assert outcome(estimator, BINARY) is Outcome.IDENTICAL


def test_parts_of_a_linear_model(tmp_path: Path) -> None:
    words = words_of(tmp_path / "words.txt", list(canned_runs.WORDS))
    halves = tf1.fixed_size_partitioner(2)
    estimator = v1.LinearClassifier([words], partitioner=halves, config=config())
    assert outcome(estimator, BINARY) is Outcome.IDENTICAL


@pytest.mark.parametrize(("api", "more"), [("v1", HALVES), ("v2", {})])
def test_a_warm_start_with_another_vocabulary(
    api: str, more: dict[str, Any], tmp_path: Path
) -> None:
    folder, old, new = (str(tmp_path / name) for name in ("trained", "old.txt", "new.txt"))
    trained = wide_and_deep(api, words_of(tmp_path / "old.txt", ["rain", "snow"]), model_dir=folder)
    trained.train(given(BINARY), steps=3)
    words = words_of(tmp_path / "new.txt", ["sun", "rain", "snow"])
    names = [name for name in trained.get_variable_names() if _is_of_words(name)]
    vocabulary = tf1.train.VocabInfo(new, 3, 0, old, 2)
    settings = estimator_compat.WarmStartSettings(
        folder, ".*(weights|kernel|bias)", dict.fromkeys(names, vocabulary)
    )
    estimator = wide_and_deep(api, words, warm_start_from=settings, **more)
    assert outcome(estimator, BINARY) is Outcome.IDENTICAL

    loop = migrate.host(migrate.Target.from_estimator(estimator, given(BINARY)))
    assert loop.trainable_variables  # builds the graph
    for name in names:  # the new word comes first
        parts = [one for key, one in sorted(loop.variables.items()) if _whole(key) == name]
        rows = tf.concat(parts, 0).numpy()
        assert rows[1:].tolist() == trained.get_variable_value(name).tolist()


def _is_of_words(name: str) -> bool:
    return name.endswith(("weather/weights", "weather_embedding/embedding_weights"))


def _whole(name: str) -> str:
    return name.rpartition("/part_")[0] or name
