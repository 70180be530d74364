"""Trains a program with an Estimator and in its written loop, and compares their event files.

    python -m tests.migrate.translating.summaries FOLDER

Both begin with the same weights and get the same batches. Printed is a JSON object: the tags and
steps of both, the largest relative difference of a number, and what the loop leaves out.
"""

import importlib.util
import json
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

X = np.random.RandomState(2).rand(24, 4, 4, 1).astype(np.float32)
Y = (X.sum(axis=(1, 2, 3)) > 8.0).astype(np.int64)


def data():
    return tf.data.Dataset.from_tensor_slices(({"image": X}, Y)).batch(8).repeat()


def model_fn(features, labels, mode):
    net = tf1.layers.flatten(features["image"])
    with tf1.variable_scope("hidden"):
        net = tf1.layers.dense(net, 5, tf.nn.tanh)
        tf1.summary.scalar("largest", tf.reduce_max(net))
        net = tf1.layers.dense(net, 4, tf.nn.tanh)
        tf1.summary.histogram("activations", net)
    logits = tf1.layers.dense(net, 2, name="logits")
    classes = tf.argmax(logits, 1)
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"classes": classes})
    cross_entropy = tf1.losses.sparse_softmax_cross_entropy(labels, logits)
    kernel = [v for v in tf1.trainable_variables() if v.name == "logits/kernel:0"][0]
    loss = cross_entropy + 0.01 * tf.nn.l2_loss(kernel)
    tf1.summary.scalar("cross_entropy", cross_entropy)
    tf1.summary.scalar("accuracy", tf.reduce_mean(tf.cast(tf.equal(labels, classes), tf.float32)))
    if mode == "train":
        tf1.summary.image("digits", features["image"], max_outputs=2)
        tf1.summary.text("notes", tf.constant("as written"))
        for name in ("a", "b"):
            tf1.summary.scalar(name, tf.reduce_mean(logits))
    step = tf1.train.get_global_step()
    rate = tf1.train.exponential_decay(0.5, step, 2, 0.5)
    tf1.summary.scalar("rate", rate)
    optimizer = tf1.train.GradientDescentOptimizer(rate)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, 0.1)
    tf1.summary.scalar("norm", norm)
    train_op = optimizer.apply_gradients(zip(clipped, variables), step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _events(folder: Path) -> dict[tuple[str, int], Any]:
    """Returns what an event file shows, by tag and step."""
    found: dict[tuple[str, int], Any] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                found[value.tag, event.step] = _shown(value)
    return found


def _shown(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return [value.simple_value]
    if kind == "histo":
        histogram = value.histo
        return [histogram.min, histogram.max, histogram.num, histogram.sum]
    if kind == "image":
        return value.image.encoded_image_string.hex()
    return value.tensor.SerializeToString().hex()  # a writer leaves out metadata but for the first


def main(folder: Path) -> None:
    """Prints how the event files compare."""
    eager_mode.keep_eager_execution()
    (folder / "program.py").write_text(PROGRAM)
    program = _module(folder / "program.py")
    target = migrate.Target(model_fn=program.model_fn, input_fns=program.data)
    translated = translation.translate(target)
    (folder / "loop.py").write_text(translated.source())
    config = estimator_compat.RunConfig(
        model_dir=str(folder / "legacy"), tf_random_seed=1, save_summary_steps=3
    )
    estimator_compat.Estimator(program.model_fn, config=config).train(program.data, steps=8)
    module = _module(folder / "loop.py")
    loop = module.Loop()
    loop.restore_legacy(str(folder / "legacy" / "model.ckpt-0"))
    module.train(loop, program.data(), str(folder / "own"), 8, 3)
    legacy, own = _events(folder / "legacy"), _events(folder / "own")
    legacy = {key: value for key, value in legacy.items() if key[0] != "global_step/sec"}
    apart, others = 0.0, []
    for key in legacy.keys() & own.keys():
        if isinstance(legacy[key], str):
            others += [key] if legacy[key] != own[key] else []
        else:
            numbers = np.array(legacy[key]), np.array(own[key])
            apart = max(apart, float(np.max(np.abs(numbers[0] - numbers[1]) / np.abs(numbers[0]))))
    print(
        json.dumps(
            {
                "legacy": sorted(legacy),
                "own": sorted(own),
                "apart": apart,
                "other bytes": others,
                "left out": translated.left_out,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
