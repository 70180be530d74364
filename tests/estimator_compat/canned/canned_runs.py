"""Small canned estimators under a given Estimator API: checkpoints, exports, predictions.

    python -m tests.estimator_compat.canned.canned_runs --api=estimator_compat \
        --v1=estimator_compat.v1 --folder=runs --steps=3 --out=run.json

A folder below `--folder` belongs to each estimator. If it has checkpoints, training goes on there.
With `--steps=0`, the estimators of these checkpoints are evaluated and exported only.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.recording import estimator_apis

WORDS = ("rain", "snow", "sun")
_X = np.linspace(-1.0, 1.0, 20).astype(np.float32).reshape(10, 2)
FEATURES = {
    "x": _X[:, :1],
    "y": _X[:, 1:] ** 2,
    "weather": np.array([WORDS[i % 3] for i in range(10)]),
    "w": np.array([1, 0, 2, 0.5, 0, 0, 1, 3, 0.25, 0], np.float32),
}
CLASSES = np.array([2, 1, 0, 0, 1, 2, 2, 1, 0, 1], np.int64)
KINDS = np.array(["ant", "bee", "cat"])[CLASSES]
NUMBERS = _X[:, :1] * 3 + 1
Made = dict[str, tuple[Callable[[Any, Any], Any], Any]]


def _columns() -> dict[str, list[Any]]:
    column = tf.feature_column
    x, y = column.numeric_column("x"), column.numeric_column("y")
    weather = column.categorical_column_with_vocabulary_list("weather", WORDS)
    buckets = column.bucketized_column(x, [-0.5, 0.0, 0.5])
    crossed = column.crossed_column([buckets, "weather"], 7)
    return {
        "wide": [buckets, weather, crossed],
        "deep": [x, y, column.embedding_column(weather, 2), column.indicator_column(weather)],
    }


def estimators(api: Any, v1: Any) -> Made:
    """The estimators by name: a function of the model_dir and the config, and the labels."""
    columns = _columns()
    wide, deep = columns["wide"], columns["deep"]
    kinds = {"n_classes": 3, "label_vocabulary": ["ant", "bee", "cat"], "weight_column": "w"}
    both = {"linear_feature_columns": wide, "dnn_feature_columns": deep, "dnn_hidden_units": [4, 3]}

    def made(make: Any, *arguments: Any, **more: Any) -> Callable[[Any, Any], Any]:
        return lambda folder, config: make(*arguments, model_dir=folder, config=config, **more)

    norm = {"batch_norm": True, "weight_column": "w"}
    parts = {"input_layer_partitioner": tf1.fixed_size_partitioner(2)}
    v1_wide_deep = made(v1.DNNLinearCombinedClassifier, weight_column="w", **both)
    return {
        "v1_wide_deep": (v1_wide_deep, CLASSES % 2),
        "v2_wide_deep": (made(api.DNNLinearCombinedClassifier, **both, **kinds), KINDS),
        "v1_dnn": (made(v1.DNNClassifier, [4, 3], deep, **kinds, **parts), KINDS),
        "v2_dnn": (made(api.DNNClassifier, [4, 3], deep, optimizer="Adam", **norm), CLASSES % 2),
        "v1_dnn_norm": (made(v1.DNNRegressor, [4, 3], deep, **norm), NUMBERS),
        "v1_linear": (made(v1.LinearRegressor, wide, weight_column="w"), NUMBERS),
        "v2_linear": (made(api.LinearClassifier, wide, **kinds), KINDS),
        "v1_baseline": (made(v1.BaselineClassifier, n_classes=3), CLASSES),
    }


def input_fn(labels: Any) -> Any:
    """Returns a Dataset of the examples, in batches of 4, 4 and 2."""
    return tf1.data.Dataset.from_tensor_slices((FEATURES, labels)).batch(4).repeat()


def _receiver(api: Any) -> Any:
    """Returns a receiver of serialized examples; the weights are not served."""
    columns = [column for some in _columns().values() for column in some]
    spec = tf.feature_column.make_parse_example_spec(columns)
    return api.export.build_parsing_serving_input_receiver_fn(spec)


def _examples() -> list[bytes]:
    examples = []
    for at in range(2):
        feature = {
            name: tf.train.Feature(float_list=tf.train.FloatList(value=FEATURES[name][at]))
            for name in ("x", "y")
        }
        word = tf.train.BytesList(value=[FEATURES["weather"][at].encode()])
        feature["weather"] = tf.train.Feature(bytes_list=word)
        example = tf.train.Example(features=tf.train.Features(feature=feature))
        examples.append(example.SerializeToString())
    return examples


def _served(folder: Any) -> dict[str, Any]:
    """Returns each signature of a SavedModel: its method, inputs, outputs, and their values."""
    with tf.Graph().as_default(), tf1.Session() as session:
        meta = tf1.saved_model.load(session, ["serve"], tf.compat.as_str(folder))
        found = {}
        for name, signature in sorted(meta.signature_def.items()):
            if name.startswith("__"):
                continue  # what later versions of TensorFlow add
            [(key, given)] = signature.inputs.items()
            names = {key: one.name for key, one in signature.outputs.items()}
            values = session.run(names, {given.name: _examples()})
            outputs = {
                key: [tf.dtypes.as_dtype(one.dtype).name, _sizes(one), _plain(values[key])]
                for key, one in sorted(signature.outputs.items())
            }
            inputs = [key, tf.dtypes.as_dtype(given.dtype).name, _sizes(given)]
            found[name] = [signature.method_name, inputs, outputs]
        return found


def _sizes(info: Any) -> list[int]:
    return [one.size for one in info.tensor_shape.dim]


def _plain(values: Any) -> Any:
    if values.dtype == object:
        return [_plain(one) if isinstance(one, np.ndarray) else one.decode() for one in values]
    return values.tolist()


def _value(reader: Any, name: str) -> Any:
    try:
        return np.asarray(reader.get_tensor(name)).tolist()
    except ValueError:  # a slot of one part of a partitioned variable
        return "a part"


def run(api: Any, make: Callable[[Any, Any], Any], labels: Any, folder: str, steps: int) -> Any:
    """Trains, evaluates and exports one estimator."""
    config = api.RunConfig(tf_random_seed=1, save_summary_steps=100)
    estimator = make(folder, config)
    if steps:
        estimator.train(lambda: input_fn(labels), steps=steps)
    metrics = estimator.evaluate(lambda: input_fn(labels), steps=3)
    exported = estimator.export_saved_model(f"{folder}_exported", _receiver(api))
    reader = tf.train.load_checkpoint(folder)
    return {
        "variables": {
            name: _value(reader, name) for name in sorted(reader.get_variable_to_shape_map())
        },
        "metrics": {name: float(value) for name, value in sorted(metrics.items())},
        "served": _served(exported),
    }


def outline(found: Any) -> Any:
    """Returns what of a run depends on no number: shapes, and signatures without values."""
    return {
        "variables": {
            name: "a part" if value == "a part" else list(np.shape(value))
            for name, value in found["variables"].items()
        },
        "served": {
            name: [method, inputs, {key: output[:2] for key, output in outputs.items()}]
            for name, (method, inputs, outputs) in found["served"].items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--v1", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    tf1.disable_v2_behavior()
    api, v1 = estimator_apis.find(options.api), estimator_apis.find(options.v1)
    found = {
        name: run(api, make, labels, f"{options.folder}/{name}", options.steps)
        for name, (make, labels) in estimators(api, v1).items()
    }
    Path(options.out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
