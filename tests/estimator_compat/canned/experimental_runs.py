"""Small trainings with `KMeans`, `LinearSDCA` and the recurrent estimators, under a given API.

    python -m tests.estimator_compat.canned.experimental_runs --api=estimator_compat --out=run.json

`--api=tensorflow:estimator` runs the original, where TensorFlow has it. The recurrent models begin
with weights that `_starting_at` writes: no number depends on a generator.
"""

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.recording import estimator_apis

_POINTS = np.random.RandomState(7).uniform(-1, 1, [30, 3]).astype(np.float32)
_POINTS[:10] += [3, 0, 0]
_POINTS[10:20] += [0, 3, 0]
_GIVEN = _POINTS[[0, 10, 20]]


def _points(batch: int, count: int | None = None) -> Any:
    return tf1.data.Dataset.from_tensor_slices(_POINTS[:count]).batch(batch).repeat()


def _by_name() -> Any:
    data = {"b": _POINTS[:, 1:], "a": _POINTS[:, :1]}
    return tf1.data.Dataset.from_tensor_slices(data).batch(30).repeat()


def _two_first(batches: Any, missing: Any) -> Any:
    """Returns the first points of a batch, two at most."""
    return batches[0][: tf.minimum(missing, 2)]


KMEANS: dict[str, dict[str, Any]] = {
    "full": {"use_mini_batch": False, "initial_clusters": _GIVEN},
    "full cosine": {
        "use_mini_batch": False,
        "initial_clusters": _GIVEN,
        "distance_metric": "cosine",
    },
    "full random": {"use_mini_batch": False},
    "full kmeans++ seed": {
        "use_mini_batch": False,
        "initial_clusters": "kmeans_plus_plus",
        "seed": 5,
    },
    "full kmeans++ cosine": {
        "use_mini_batch": False,
        "initial_clusters": "kmeans_plus_plus",
        "distance_metric": "cosine",
        "kmeans_plus_plus_num_retries": -1,
    },
    "full tolerance": {
        "use_mini_batch": False,
        "initial_clusters": _GIVEN,
        "relative_tolerance": 1.0,
    },
    "full by name": {"use_mini_batch": False, "initial_clusters": _GIVEN},
    "full columns": {"use_mini_batch": False, "initial_clusters": _GIVEN},
    "mini": {},
    "mini cosine": {"distance_metric": "cosine"},
    "mini function": {"initial_clusters": _two_first},
    "mini steps": {"mini_batch_steps_per_iteration": 3, "initial_clusters": _GIVEN},
    "mini steps cosine": {
        "mini_batch_steps_per_iteration": 3,
        "distance_metric": "cosine",
        "seed": 2,
    },
    # A batch has fewer points than there are clusters.
    "mini small batches": {"num_clusters": 7},
}


def run_kmeans(api: Any, name: str, folder: str) -> dict[str, Any]:
    """Trains k-means, and uses all its methods."""
    batch = 30 if name.startswith("full") else 4 if "small" in name else 10
    make: Callable[[], Any] = lambda: _points(batch)  # noqa: E731
    given = {"num_clusters": 3, **KMEANS[name]}
    if "by name" in name or "columns" in name:
        make = _by_name
    if "columns" in name:
        given["feature_columns"] = [
            tf.feature_column.numeric_column("a", [1]),
            tf.feature_column.numeric_column("b", [2]),
        ]
    config = api.RunConfig(tf_random_seed=3, save_summary_steps=1, log_step_count_steps=100)
    # The original has it in the API of TensorFlow 1 only.
    module = getattr(api, "v1", None) or tf1.estimator
    kmeans = module.experimental.KMeans(model_dir=folder, config=config, **given)
    kmeans.train(make, steps=7)

    def once() -> Any:
        return make().take(1)

    return {
        **_common(kmeans, folder, once),
        "centers": _plain(kmeans.cluster_centers()),
        "score": float(kmeans.score(once)),
        "indices": _plain(list(kmeans.predict_cluster_index(once))),
        "transform": _plain(list(kmeans.transform(once))[:3]),
        "signatures": _signatures(
            kmeans.export_saved_model(tempfile.mkdtemp(), _receiver(api, make is _by_name))
        ),
    }


def _receiver(api: Any, by_name: bool) -> Callable[[], Any]:
    def receiver() -> Any:
        if by_name:
            widths = {"a": 1, "b": 2}
            given = {name: tf1.placeholder(tf.float32, [None, w]) for name, w in widths.items()}
            return api.export.ServingInputReceiver(given, given)
        points = tf1.placeholder(tf.float32, [None, 3])
        return api.export.TensorServingInputReceiver(points, points)

    return receiver


_COUNT = 20
_AGES = np.linspace(-1, 1, _COUNT).astype(np.float32)
_WORDS = np.array(["red", "green", "blue", "none"])[np.arange(_COUNT) % 4]
_SIDES = np.stack([_AGES**2, 1 - _AGES], axis=1).astype(np.float32)
_WEIGHTS = (1.0 + np.arange(_COUNT) % 3).astype(np.float32)
_IDS = np.array([f"example {at}" for at in range(_COUNT)])
_YES = (np.sin(5 * _AGES) > 0).astype(np.int64)
_NUMBERS = (2 * _AGES - 0.5 + _SIDES[:, 0]).astype(np.float32)

SDCA: dict[str, dict[str, Any]] = {
    "classifier": {"symmetric_l2_regularization": 2.0},
    "classifier l1 weights": {
        "symmetric_l1_regularization": 0.5,
        "symmetric_l2_regularization": 2.0,
    },
    "classifier adaptive shards": {"adaptive": True, "num_table_shards": 3},
    "regressor": {"symmetric_l2_regularization": 1.5},
    "regressor l1 weights": {"symmetric_l1_regularization": 0.2, "num_loss_partitions": 2},
    "estimator": {},
    "v1 classifier partitioned": {"symmetric_l2_regularization": 2.0},
    "v1 regressor weights": {"symmetric_l1_regularization": 0.1},
}


def _sdca_columns() -> list[Any]:
    make = tf.feature_column
    age = make.numeric_column("age")
    word = make.categorical_column_with_vocabulary_list("word", ["red", "green", "blue"])
    bucket = make.bucketized_column(age, [-0.5, 0.0, 0.5])
    crossed = make.crossed_column([bucket, "word"], 10)
    return [age, word, make.numeric_column("sides", 2), bucket, crossed]


def run_sdca(api: Any, name: str, folder: str) -> dict[str, Any]:
    """Trains a linear model with SDCA."""
    is_v1 = name.startswith("v1")
    optimizer = api.experimental.LinearSDCA("id", **SDCA[name])
    weight = {"weight_column": "w"} if "weights" in name else {}
    given: dict[str, Any] = {
        "feature_columns": _sdca_columns(),
        "model_dir": folder,
        "optimizer": optimizer,
        "config": api.RunConfig(tf_random_seed=3, save_summary_steps=39),
    }
    module = (getattr(api, "v1", None) or tf1.estimator) if is_v1 else api
    if "partitioned" in name:
        given["partitioner"] = tf1.fixed_size_partitioner(2, axis=0)
    labels: Any = _YES
    if "classifier" in name:
        model = module.LinearClassifier(**given, **weight)
    elif "regressor" in name:
        model, labels = module.LinearRegressor(**given, **weight), _NUMBERS
    else:
        model = api.LinearEstimator(api.BinaryClassHead(weight_column="w"), **given)
    features = {"age": _AGES, "word": _WORDS, "sides": _SIDES, "w": _WEIGHTS, "id": _IDS}

    def input_fn() -> Any:
        # The op shuffles the examples of a batch, with no seed.
        return tf1.data.Dataset.from_tensor_slices((features, labels)).batch(1).repeat(2)

    model.train(input_fn)
    return _common(model, folder, lambda: input_fn().take(_COUNT))


_TOKENS = np.array([[1, 4, 2, 0], [3, 3, 0, 0], [2, 0, 0, 0], [4, 1, 1, 3], [1, 2, 0, 0]])
_LENGTHS = (_TOKENS > 0).sum(1)
_VALUES = np.linspace(-1, 1, 20).astype(np.float32).reshape(5, 4)
_CONTEXT = np.linspace(0, 1, 10).astype(np.float32).reshape(5, 2)
_BINARY = np.array([[0], [1], [1], [0], [1]])
_CLASSES = np.array([[2], [0], [1], [1], [0]])
_EACH = (_TOKENS % 2)[:, :, None]

RNN: dict[str, dict[str, Any]] = {
    "simple": {"units": [3]},
    "lstm context": {"units": [3, 2], "cell_type": "lstm"},
    "gru layer": {"units": 3, "cell_type": "gru"},
    "lstm layer adam": {"units": 3, "cell_type": "lstm", "optimizer": "Adam"},
    "cells": {},
    "three classes": {"units": [2], "cell_type": "gru", "n_classes": 3},
    "each step": {"units": [3], "cell_type": "lstm", "return_sequences": True},
    "regression": {"units": [3], "cell_type": "lstm"},
}


def run_rnn(api: Any, name: str, folder: str) -> dict[str, Any]:
    """Trains a recurrent model from given weights."""
    make = tf.feature_column
    ids = make.sequence_categorical_column_with_identity("token", 6)
    given: dict[str, Any] = {
        "sequence_feature_columns": [
            make.embedding_column(ids, 2),
            make.sequence_numeric_column("value"),
        ],
        "config": api.RunConfig(tf_random_seed=3, save_summary_steps=1, log_step_count_steps=100),
        **RNN[name],
    }
    keras = _keras()
    if "context" in name:
        given["context_feature_columns"] = [make.numeric_column("context", 2)]
    if name == "cells":
        given["rnn_cell_fn"] = lambda: [keras.layers.LSTMCell(3), keras.layers.GRUCell(2)]
        given["optimizer"] = lambda: keras.optimizers.legacy.SGD(0.1)
    labels = {"three classes": _CLASSES, "each step": _EACH}.get(name, _BINARY)
    if name == "regression":
        given["head"] = api.RegressionHead()
    kind = api.experimental.RNNEstimator if "head" in given else api.experimental.RNNClassifier

    def input_fn() -> Any:
        rows = [[row, at] for row in range(5) for at in range(_LENGTHS[row])]

        def sparse(values: Any) -> Any:
            return tf.SparseTensor(rows, [values[row, at] for row, at in rows], [5, 4])

        features = {"token": sparse(_TOKENS), "value": sparse(_VALUES), "context": _CONTEXT}
        shown = labels
        if name == "each step":
            shown = tf.SparseTensor(rows, [labels[row, at, 0] for row, at in rows], [5, 4])
        return tf1.data.Dataset.from_tensors((features, shown)).repeat(3)

    first = kind(model_dir=folder, **given)
    first.train(input_fn, steps=1)
    start = _starting_at(folder)
    # A new optimizer: one object of Keras may be used in one graph only.
    estimator = kind(model_dir=start, **given)
    estimator.train(input_fn, steps=3)
    return _common(estimator, start, lambda: input_fn().take(1))


def _keras() -> Any:
    try:
        import tf_keras
    except ImportError:
        return tf.keras
    return tf_keras


def _starting_at(folder: str) -> str:
    """Writes a checkpoint of step 0 with the variables of another, and numbers of their names."""
    made = tempfile.mkdtemp()
    with tf.Graph().as_default(), tf1.Session() as session:
        for name, shape in tf.train.list_variables(folder):
            kind = tf.train.load_variable(folder, name).dtype
            numbers = np.zeros(shape, kind)
            if name != "global_step":
                generator = np.random.RandomState(zlib.crc32(name.encode()))
                # Above 0: slots hold sums of squares.
                numbers = generator.uniform(0.1, 0.6, shape).astype(kind)
            tf1.get_variable(name, initializer=numbers, use_resource=True)
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, f"{made}/model.ckpt", 0)
    return made


def _common(estimator: Any, folder: str, once: Callable[[], Any]) -> dict[str, Any]:
    """Evaluates and predicts, and returns what is there with the variables."""
    metrics = estimator.evaluate(once)
    names = [name for name, _ in tf.train.list_variables(folder)]
    return {
        "summaries": _summaries(Path(folder)),
        "evaluation": {name: _plain(metrics[name]) for name in sorted(metrics)},
        "predictions": [_plain(one) for one in list(estimator.predict(once))[:3]],
        "variables": {name: _summed(tf.train.load_variable(folder, name)) for name in names},
    }


def _summed(value: Any) -> Any:
    """Returns the numbers of a small variable; the sums of a large one, which is a table."""
    if value.size <= 64:
        return _plain(value)
    return [list(value.shape), float(np.sum(value.astype(np.float64)))]


def _signatures(exported: Any) -> dict[str, Any]:
    with tf.Graph().as_default(), tf1.Session() as session:
        meta = tf1.saved_model.load(session, ["serve"], tf.compat.as_str(exported))
        return {
            name: [one.method_name, sorted(one.inputs), sorted(one.outputs)]
            for name, one in sorted(meta.signature_def.items())
        }


def _summaries(folder: Path) -> list[list[Any]]:
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if "_step/sec" in value.tag or value.tag == "global_step/sec":
                    continue
                number = value.simple_value if value.HasField("simple_value") else None
                found.append([event.step, value.tag, _plain(number)])
    return sorted(found, key=lambda one: one[:2])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


KINDS: dict[str, tuple[dict[str, Any], Callable[..., Any]]] = {
    "kmeans": (KMEANS, run_kmeans),
    "sdca": (SDCA, run_sdca),
    "rnn": (RNN, run_rnn),
}


def run_all(api: Any, kinds: list[str]) -> dict[str, Any]:
    """Runs all programs of some kinds."""
    return {
        f"{kind}: {name}": run(api, name, tempfile.mkdtemp())
        for kind in kinds
        for settings, run in [KINDS[kind]]
        for name in settings
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--out", required=True)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    found = run_all(estimator_apis.find(options.api), options.kinds)
    Path(options.out).write_text(json.dumps({"runs": found, "tensorflow": tf.__version__}))


if __name__ == "__main__":
    main()
