"""Small trainings with each head and each reduction, under a given Estimator API.

    python -m tests.estimator_compat.heads.head_runs --api=estimator_compat --out=run.json

The ten examples come in batches of 4, 4 and 2, and four of their weights are 0. The model is
linear with constant initial weights: no number depends on a generator.
"""

import argparse
import functools
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.recording import estimator_apis

BATCH = 4
_X = np.linspace(-1.0, 1.0, 30).astype(np.float32).reshape(10, 3)
_WEIGHTS = np.array([1, 0, 2, 0.5, 0, 0, 1, 3, 0.25, 0], np.float32)
_IDS = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1], np.int64)
_CLASSES = np.array([2, 1, 0, 0, 1, 2, 2, 1, 0, 1], np.int64)
_SEVERAL = np.stack([_IDS, 1 - _IDS, _CLASSES // 2], axis=1)
_NUMBERS = np.stack([_X[:, 0] * 3 + 1, _X[:, 1] ** 2], axis=1)
_WORDS = np.array(["no", "yes"])[_IDS]
_KINDS = np.array(["ant", "bee", "cat"])[_CLASSES]


def _distance(labels: Any, logits: Any, features: Any) -> Any:
    return tf.abs(tf.cast(labels, tf.float32) - logits) * (2.0 + features["x"][:, :1])


Heads = dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]]


def v2_heads(api: Any) -> Heads:
    """The heads of TensorFlow 2 with their labels, and more arguments."""
    thresholds = {"thresholds": [0.25, 0.7]}
    return {
        "binary": (api.BinaryClassHead, _IDS, {}),
        "binary_words": (
            api.BinaryClassHead,
            _WORDS,
            {"label_vocabulary": ["no", "yes"], "name": "answer", **thresholds},
        ),
        "multi_class": (functools.partial(api.MultiClassHead, 3), _CLASSES, {}),
        "multi_class_words": (
            functools.partial(api.MultiClassHead, 3),
            _KINDS,
            {"label_vocabulary": ["ant", "bee", "cat"], "name": "animal"},
        ),
        "multi_label": (functools.partial(api.MultiLabelHead, 3), _SEVERAL, {}),
        "multi_label_classes": (
            functools.partial(api.MultiLabelHead, 3),
            _SEVERAL,
            {"classes_for_class_based_metrics": [0, 2], **thresholds},
        ),
        "regression": (functools.partial(api.RegressionHead, 2), _NUMBERS, {}),
        "regression_loss_fn": (
            api.RegressionHead,
            _NUMBERS[:, 0],
            {"loss_fn": _distance, "inverse_link_fn": tf.exp, "name": "far"},
        ),
        "logistic": (api.LogisticRegressionHead, np.abs(_X[:, 0]), {}),
        "poisson": (api.PoissonRegressionHead, _CLASSES, {}),
    }


def v1_heads(module: Any) -> Heads:
    """The heads of `canned.head`; `module` has them by our names or by the original's."""

    def find(ours: str, original: str) -> Any:
        return getattr(module, ours, None) or getattr(module, original)

    binary = find("canned_binary_head", "_binary_logistic_head_with_sigmoid_cross_entropy_loss")
    several = find("canned_multi_class_head", "_multi_class_head_with_softmax_cross_entropy_loss")
    regression = find("canned_regression_head", "_regression_head")
    return {
        "v1_binary": (binary, _IDS, {"thresholds": [0.25, 0.7], "name": "answer"}),
        "v1_multi_class": (functools.partial(several, 3), _CLASSES, {}),
        "v1_regression": (functools.partial(regression, label_dimension=2), _NUMBERS, {}),
    }


V2_REDUCTIONS = ("sum_over_batch_size", "sum")
V1_REDUCTIONS = (
    "weighted_sum",
    "weighted_mean",
    "weighted_sum_over_batch_size",
    "weighted_sum_by_nonzero_weights",
)
UNWEIGHTED = ("binary", "multi_label_classes", "regression", "v1_binary", "v1_regression")


def input_fn(labels: Any) -> Any:
    """Returns a Dataset of the ten examples."""
    data = ({"x": _X, "w": _WEIGHTS}, labels)
    return tf1.data.Dataset.from_tensor_slices(data).batch(BATCH)


def linear_logits(features: Any, dimension: int) -> Any:
    """Returns the logits of a linear model, and its variable."""
    start = np.linspace(-0.4, 0.6, 3 * dimension).astype(np.float32).reshape(3, dimension)
    kernel = tf1.get_variable("kernel", initializer=start)
    return tf.matmul(features["x"], kernel), kernel


def model_fn_of(head: Any, seen: list[Any]) -> Any:
    """Returns the model_fn of a linear model with a head; `seen` gets its export outputs."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        logits, kernel = linear_logits(features, head.logits_dimension)
        optimizer = tf1.train.GradientDescentOptimizer(0.1)

        def train_op_fn(loss: Any) -> Any:
            return optimizer.minimize(loss, global_step=tf1.train.get_global_step())

        spec = head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=logits,
            labels=labels,
            train_op_fn=train_op_fn,
            regularization_losses=[0.01 * tf.reduce_sum(tf.square(kernel)), tf.constant(0.5)],
        )
        if mode == "infer":
            seen.append(_signatures(spec.export_outputs))
        return spec

    return model_fn


def _signatures(outputs: Any) -> dict[str, Any]:
    return {
        name: [type(output).__name__, sorted(getattr(output, "outputs", None) or [])]
        for name, output in outputs.items()
        if type(output).__name__ != "PredictOutput" or output.outputs
    }


def _summaries(folder: Path) -> Iterator[list[Any]]:
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.HasField("simple_value") and "step/sec" not in value.tag:
                    yield [event.step, value.tag, value.simple_value]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value


def run(api: Any, head: Any, labels: Any, *, exports: bool) -> dict[str, Any]:
    """Trains, evaluates and predicts with a head, and exports it, if asked for."""
    folder = tempfile.mkdtemp()
    seen: list[Any] = []
    config = api.RunConfig(tf_random_seed=1, save_summary_steps=1, log_step_count_steps=100)
    estimator = api.Estimator(model_fn_of(head, seen), folder, config=config)
    estimator.train(lambda: input_fn(labels))
    metrics = estimator.evaluate(lambda: input_fn(labels))
    predictions = list(estimator.predict(lambda: input_fn(labels)))
    found = {
        "summaries": list(_summaries(Path(folder))),
        "metrics": sorted(metrics),
        "evaluation": _plain({name: metrics[name] for name in sorted(metrics)}),
        "predictions": [_plain(predictions[at]) for at in (0, 9)],
        "kernel": _plain(estimator.get_variable_value("kernel")),
        "export_outputs": seen[0],
    }
    if not exports:
        return found
    receiver = api.export.build_raw_serving_input_receiver_fn(
        {"x": tf1.placeholder(tf.float32, [None, 3]), "w": tf1.placeholder(tf.float32, [None])}
    )
    exported = estimator.export_saved_model(tempfile.mkdtemp(), receiver)
    return {**found, "served": _served(exported)}


def _served(folder: Any) -> dict[str, Any]:
    """Returns the outputs of each signature of a SavedModel, for two examples."""
    with tf.Graph().as_default(), tf1.Session() as session:
        meta = tf1.saved_model.load(session, ["serve"], tf.compat.as_str(folder))
        found = {}
        for name, signature in sorted(meta.signature_def.items()):
            inputs = {signature.inputs[key].name: value for key, value in _fed(signature).items()}
            outputs = {key: one.name for key, one in signature.outputs.items()}
            method = signature.method_name.rpartition("/")[2]
            found[name] = [method, _plain(session.run(outputs, inputs))]
        return found


def _fed(signature: Any) -> dict[str, Any]:
    given = {"x": _X[:2], "w": _WEIGHTS[:2]}
    return {key: given[key] for key in signature.inputs}


def first_loss(head: Any, labels: Any) -> float:
    """Returns the loss of the first batch, with the initial weights, in a graph of its own."""
    with tf.Graph().as_default(), tf1.Session() as session:
        features = {"x": tf.constant(_X[:BATCH]), "w": tf.constant(_WEIGHTS[:BATCH])}
        logits, kernel = linear_logits(features, head.logits_dimension)
        more = [0.01 * tf.reduce_sum(tf.square(kernel)), tf.constant(0.5)]
        given = tf.constant(labels[:BATCH])
        loss = head.loss(given, logits, features, "train", regularization_losses=more)
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        return float(session.run(loss))


def run_all(api: Any, v1: Any) -> dict[str, Any]:
    """Runs all heads with all reductions, with weights and without."""
    made = {}
    for heads, reductions in ((v2_heads(api), V2_REDUCTIONS), (v1_heads(v1), V1_REDUCTIONS)):
        for name, (make, labels, more) in heads.items():
            for reduction in reductions:
                head = make(weight_column="w", loss_reduction=reduction, **more)
                exports = reduction == reductions[0]
                made[f"{name} {reduction}"] = run(api, head, labels, exports=exports)
            if name in UNWEIGHTED:
                made[f"{name} unweighted"] = run(api, make(**more), labels, exports=False)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--v1", required=True, metavar="MODULE")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    tf1.disable_v2_behavior()
    found = run_all(estimator_apis.find(options.api), estimator_apis.find(options.v1))
    Path(options.out).write_text(json.dumps({"runs": found, "tensorflow": tf.__version__}))


if __name__ == "__main__":
    main()
