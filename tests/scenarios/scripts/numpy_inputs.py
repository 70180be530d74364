"""`numpy_input_fn`: batches, their order and their ends, and what a training run on it writes."""

import numpy as np
import tensorflow.compat.v1 as tf

from tests.recording.values import encode
from tests.scenarios.scripts import model

tf.disable_v2_behavior()


def batches(input_fn, most=20):
    with tf.Graph().as_default():
        batch = input_fn()
        found: list = []
        with tf.train.MonitoredSession() as session:
            while not session.should_stop() and len(found) < most:
                found.append(session.run(batch))
        tags = [
            summary.op.inputs[0].op.node_def.attr["value"].tensor.string_val
            for summary in tf.get_collection(tf.GraphKeys.SUMMARIES)
        ]
    return found, [tag[0].decode() for tag in tags]


def _order(**options):
    input_fn = tf.estimator.inputs.numpy_input_fn(np.arange(10.0), np.arange(10), **options)
    found, tags = batches(input_fn)
    return {"batches": [[encode(x), encode(y)] for x, y in found], "tags": tags}


def error(call):
    try:
        call()
    except (TypeError, ValueError) as error:
        return [type(error).__name__, str(error).split(" ")[:4]]
    return None


def run(folder):
    numpy_input_fn = tf.estimator.inputs.numpy_input_fn
    shuffled, tags = batches(
        numpy_input_fn(np.arange(10), batch_size=4, num_epochs=2, shuffle=True, queue_capacity=8)
    )
    estimator = model.estimator(folder)
    x, y = {"x": model.X}, {"y": model.Y}
    estimator.train(
        lambda: (lambda features, labels: (features, labels["y"]))(
            *numpy_input_fn(x, y, batch_size=7, num_epochs=2, shuffle=False)()
        )
    )
    predicted = estimator.predict(numpy_input_fn(x, batch_size=7, shuffle=False))
    return {
        "once": _order(batch_size=4, shuffle=False),
        "twice": _order(batch_size=4, num_epochs=2, shuffle=False),
        "large": _order(batch_size=15, num_epochs=3, shuffle=False),
        "shuffled": sorted(int(value) for batch in shuffled for value in batch),
        "shuffled_lengths": [len(batch) for batch in shuffled],
        "shuffled_tags": tags,
        "trained": encode(estimator.get_variable_value("kernel")),
        "predicted": encode(np.stack([row["probabilities"] for row in predicted])),
        "errors": [
            error(lambda: numpy_input_fn(np.arange(3))),
            error(numpy_input_fn({}, shuffle=False)),
            error(numpy_input_fn([1], shuffle=False)),
            error(numpy_input_fn(np.arange(3), np.arange(4), shuffle=False)),
            error(numpy_input_fn({"a": np.arange(3)}, {"a": np.arange(3)}, shuffle=False)),
        ],
    }
