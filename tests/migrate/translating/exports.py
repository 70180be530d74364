"""Exports a program with an Estimator and with its written loop, and compares the SavedModels.

    python -m tests.migrate.translating.exports FOLDER CASE

The Estimator trains, and the loop takes its checkpoint. Printed is a JSON object: the signatures of
both, the names of their outputs, and the largest difference of the outputs.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

import estimator_compat
import migrate
from migrate import translation
from migrate.hosting import eager_mode

PROGRAM = """
import estimator_compat as estimator
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

X = np.random.RandomState(2).randn(24, 3).astype(np.float32)
COLORS = np.array(["red", "green", "blue"] * 8)
Y = X.sum(axis=1, keepdims=True)


def data():
    return tf.data.Dataset.from_tensor_slices(({{"x": X, "color": COLORS}}, Y)).batch(8).repeat()


{serving}


def model_fn(features, labels, mode):
    red = tf.cast(tf.equal(features["color"], "red"), tf.float32)[:, None]
    net = tf1.layers.dense(tf.concat([features["x"], red], 1), 4, tf.nn.tanh, name="net")
    price = tf1.layers.dense(net, 1, name="price")
    if mode == "infer":
        predictions = {{"price": price, "is_high": price > 1.0}}
        return estimator.EstimatorSpec(mode, predictions=predictions{outputs})
    loss = tf1.losses.mean_squared_error(labels, price)
    step = tf1.train.get_global_step()
    train_op = tf1.train.GradientDescentOptimizer(0.01).minimize(loss, step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
RAW = """
def serving_input_fn():
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    color = tf1.placeholder(tf.string, [None], name="color")
    features = {"x": x, "color": color}
    return estimator.export.ServingInputReceiver(features, {"numbers": x, "color": color})
"""
PARSED = """
serving_input_fn = estimator.export.build_parsing_serving_input_receiver_fn(
    {
        "x": tf.io.FixedLenFeature([3], tf.float32),
        "color": tf.io.FixedLenFeature([], tf.string, "green"),
    }
)
"""
OUTPUTS = """,
            export_outputs={
                "serving_default": estimator.export.PredictOutput(predictions),
                "high": estimator.export.PredictOutput(predictions["is_high"]),
                "regression": estimator.export.RegressionOutput(price),
            }"""
CASES = {
    "raw": (RAW, ""),
    "several": (RAW, OUTPUTS),
    "examples": (PARSED, OUTPUTS),
}
X = np.random.RandomState(5).randn(5, 3).astype(np.float32)
COLORS = np.array([b"red", b"blue", b"red", b"green", b"green"])


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _inputs(is_parsed: bool) -> dict[str, tf.Tensor]:
    if not is_parsed:
        return {"numbers": tf.constant(X), "color": tf.constant(COLORS)}
    examples = []
    for x, color in zip(X, COLORS, strict=True):
        feature = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=x))}
        if color != b"green":  # the default
            feature["color"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[color]))
        features = tf.train.Features(feature=feature)
        examples.append(tf.train.Example(features=features).SerializeToString())
    return {"examples": tf.constant(examples)}


def _outputs(folder: str, is_parsed: bool) -> dict[str, dict[str, Any]]:
    loaded = tf.saved_model.load(folder)
    found = {}
    for name, signature in loaded.signatures.items():
        inputs = _inputs(is_parsed)
        if is_parsed:
            [given] = signature.structured_input_signature[1]
            inputs = {given: inputs["examples"]}
        found[name] = {key: value.numpy() for key, value in signature(**inputs).items()}
    return found


def main(folder: Path, case: str) -> None:
    """Prints how the exports compare."""
    eager_mode.keep_eager_execution()
    serving, outputs = CASES[case]
    (folder / "program.py").write_text(PROGRAM.format(serving=serving, outputs=outputs))
    program = _module(folder / "program.py")
    target = migrate.Target(model_fn=program.model_fn, input_fns=program.data)
    text = translation.translate(target).source()
    (folder / "loop.py").write_text(text)
    config = estimator_compat.RunConfig(model_dir=str(folder / "run"), tf_random_seed=1)
    run = estimator_compat.Estimator(program.model_fn, config=config)
    run.train(program.data, steps=5)
    exported = run.export_saved_model(str(folder / "legacy"), program.serving_input_fn)
    loop = _module(folder / "loop.py").Loop()
    loop.restore_legacy(str(folder / "run"))
    loop.export(os.path.join(folder, "own"))
    is_parsed = case == "examples"
    legacy = _outputs(exported.decode(), is_parsed)
    own = _outputs(os.path.join(folder, "own"), is_parsed)
    differences = [
        float(np.max(np.abs(np.asarray(own[name][key], float) - np.asarray(value, float))))
        for name, values in legacy.items()
        for key, value in values.items()
    ]
    print(
        json.dumps(
            {
                "legacy": {name: sorted(values) for name, values in legacy.items()},
                "own": {name: sorted(values) for name, values in own.items()},
                "difference": max(differences),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
