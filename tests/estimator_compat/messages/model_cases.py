"""Mistakes in an EstimatorSpec, in exports and exporters, in hooks and in inputs."""

import tempfile
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.estimator_compat.messages.api import Case, X, Y, input_fn, nothing, other_graph


def _metric(case: Case, make: Any) -> Any:
    return case.spec("eval", eval_metric_ops=lambda: {"m": make()})


def _keras_metric_without_update() -> Any:
    return tf.keras.metrics.Mean(name="mean")


def _outputs(case: Case, make: Any) -> Any:
    return case.spec("infer", predictions=lambda: {"y": tf.zeros([1])}, export_outputs=make)


def _replaced(case: Case) -> Any:
    with tf.Graph().as_default():
        spec = case.v2.EstimatorSpec("eval", loss=tf.constant(1.0))
        return spec._replace(mode="train")


def _receiver(case: Case, cls: str, *arguments: Any) -> Any:
    with tf.Graph().as_default():
        made = [each() if callable(each) else each for each in arguments]
        return getattr(case.v2.export, cls)(*made)


def _tensor() -> Any:
    return tf1.placeholder(tf.string, [None])


def _exported(case: Case, receiver: Any, **arguments: Any) -> Any:
    return case.trained().export_saved_model(tempfile.mkdtemp(), receiver, **arguments)


def _all_exported(case: Case, receivers: Any) -> Any:
    model = case.trained()
    return model.experimental_export_all_saved_models(tempfile.mkdtemp(), receivers)


def _compared(case: Case, best: Any, current: Any) -> Any:
    exporter = case.v2.BestExporter(serving_input_receiver_fn=nothing, event_file_pattern=None)
    for result in (best, current):
        exporter._has_exported = bool(best)
        exporter._best_eval_result = exporter._best = best
        exporter.export(case.estimator(), tempfile.mkdtemp(), "", result, False)


def _in_memory(case: Case, **scaffold: Any) -> Any:
    def spec() -> Any:
        made = {name: value() for name, value in scaffold.items()}
        return {"scaffold": tf1.train.Scaffold(**made)}

    case.v2.experimental.InMemoryEvaluatorHook(case.estimator(spec=spec), input_fn).begin()


def _clustered_hook(case: Case) -> Any:
    config = case.in_cluster({"type": "chief", "index": 0}, chief=["a:1"], worker=["b:1"])
    return case.v2.experimental.InMemoryEvaluatorHook(case.estimator(config=config), input_fn)


def _numpy(case: Case, x: Any, y: Any = None, shuffle: Any = False) -> Any:
    with tf.Graph().as_default():
        return case.v1.inputs.numpy_input_fn(x, y, shuffle=shuffle)()


def _pandas(case: Case, **arguments: Any) -> Any:
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0, 2.0]})
    given = {"x": frame, "y": pd.Series([1.0, 2.0]), "shuffle": False, **arguments}
    if given.pop("shifted", False):
        given["y"] = pd.Series([1.0, 2.0], index=[5, 6])
    return case.v1.inputs.pandas_input_fn(**given)


CASES = {
    "spec, no train_op": lambda c: c.spec(train_op=None),
    "spec, no loss": lambda c: c.spec("eval", loss=None),
    "spec, no predictions": lambda c: c.spec("infer"),
    "spec, train_op of text": lambda c: c.spec(train_op="op"),
    "spec, train_op of another graph": lambda c: c.spec(train_op=other_graph),
    "spec, loss of text": lambda c: c.spec(loss="loss"),
    "spec, loss of a vector": lambda c: c.spec(loss=lambda: tf.zeros([3])),
    "spec, loss of another graph": lambda c: c.spec(loss=other_graph),
    "spec, prediction of a number": lambda c: c.spec("infer", predictions={"y": 1.0}),
    "spec, predictions of a number": lambda c: c.spec("infer", predictions=1.0),
    "spec, prediction of another graph": lambda c: c.spec(
        "infer", predictions=lambda: {"y": other_graph()}
    ),
    "spec, predictions of another graph": lambda c: c.spec("infer", predictions=other_graph),
    "spec, metrics of a list": lambda c: c.spec("eval", eval_metric_ops=[]),
    "spec, metric of a number": lambda c: _metric(c, lambda: 1.0),
    "spec, metric of another graph": lambda c: _metric(c, lambda: (other_graph(), tf.no_op())),
    "spec, metric without update": lambda c: _metric(c, _keras_metric_without_update),
    "spec, outputs of a list": lambda c: _outputs(c, list),
    "spec, output of a number": lambda c: _outputs(c, lambda: {"a": 1.0}),
    "spec, two outputs, no default": lambda c: _outputs(
        c, lambda: {n: c.v2.export.PredictOutput(tf.zeros([1])) for n in "ab"}
    ),
    "spec, hooks": lambda c: c.spec(training_hooks=["hook"]),
    "spec, scaffold": lambda c: c.spec(scaffold="scaffold"),
    "spec, another mode": _replaced,
    "output, classes and scores": lambda c: c.v2.export.ClassificationOutput(),
    "output, scores of text": lambda c: c.v2.export.ClassificationOutput(scores=tf.constant("a")),
    "output, classes of numbers": lambda c: c.v2.export.ClassificationOutput(
        classes=tf.constant(1.0)
    ),
    "output, value of text": lambda c: c.v2.export.RegressionOutput(tf.constant("a")),
    "output, a number": lambda c: c.v2.export.PredictOutput({"a": 1.0}),
    "receiver, no features": lambda c: _receiver(c, "ServingInputReceiver", None, _tensor),
    "receiver, no tensors": lambda c: _receiver(c, "ServingInputReceiver", _tensor, None),
    "receiver, key of a tuple": lambda c: _receiver(
        c, "ServingInputReceiver", lambda: {("a",): _tensor()}, _tensor
    ),
    "receiver, tensor's key": lambda c: _receiver(
        c, "ServingInputReceiver", _tensor, lambda: {1: _tensor()}
    ),
    "receiver, feature of text": lambda c: _receiver(
        c, "ServingInputReceiver", {"a": "text"}, _tensor
    ),
    "receiver, tensor of text": lambda c: _receiver(
        c, "ServingInputReceiver", _tensor, {"a": "text"}
    ),
    "receiver, alternatives": lambda c: _receiver(c, "ServingInputReceiver", _tensor, _tensor, [1]),
    "receiver, alternative of text": lambda c: _receiver(
        c, "ServingInputReceiver", _tensor, _tensor, {"b": {"a": "text"}}
    ),
    "one tensor, no features": lambda c: _receiver(c, "TensorServingInputReceiver", None, _tensor),
    "one tensor, a dict": lambda c: _receiver(
        c, "TensorServingInputReceiver", lambda: {"a": _tensor()}, _tensor
    ),
    "receivers, overlap": lambda c: c.v2.experimental.build_raw_supervised_input_receiver_fn(
        {"a": X}, {"a": Y}
    ),
    "export, no receiver": lambda c: c.estimator().export_saved_model("base", None),
    "export, untrained": lambda c: c.estimator().export_saved_model("base", nothing),
    "export, no mode": lambda c: _all_exported(c, {"other": nothing}),
    "BestExporter, no compare_fn": lambda c: c.v2.BestExporter(compare_fn=None),
    "BestExporter, no best": lambda c: c.v2.BestExporter(compare_fn=lambda current_eval_result: 1),
    "BestExporter, no current": lambda c: c.v2.BestExporter(compare_fn=lambda best_eval_result: 1),
    "BestExporter, other": lambda c: c.v2.BestExporter(
        compare_fn=lambda best_eval_result, current_eval_result, other: 1
    ),
    "BestExporter, exports_to_keep": lambda c: c.v2.BestExporter(exports_to_keep=0),
    "LatestExporter, exports_to_keep": lambda c: c.v2.LatestExporter("a", None, exports_to_keep=0),
    "BestExporter, no current loss": lambda c: _compared(c, {"loss": 1.0}, {"other": 1.0}),
    "early stopping, estimator": lambda c: c.v2.experimental.make_early_stopping_hook(
        "model", nothing
    ),
    "early stopping, both": lambda c: c.v2.experimental.make_early_stopping_hook(
        c.estimator(), nothing, run_every_secs=1, run_every_steps=1
    ),
    "early stopping, no function": lambda c: c.v2.experimental.make_early_stopping_hook(
        c.estimator(), "stop"
    ),
    "early stopping, higher, estimator": lambda c: c.v2.experimental.stop_if_higher_hook(
        c.estimator(), "loss", 1.0, run_every_secs=1, run_every_steps=1
    ),
    "in memory, every_n_iter": lambda c: c.v2.experimental.InMemoryEvaluatorHook(
        c.estimator(), input_fn, every_n_iter=0
    ),
    "in memory, cluster": _clustered_hook,
    "in memory, hooks": lambda c: c.v2.experimental.InMemoryEvaluatorHook(
        c.estimator(), input_fn, hooks=["hook"]
    ),
    "in memory, steps": lambda c: c.v2.experimental.InMemoryEvaluatorHook(
        c.estimator(), input_fn, steps=0
    ),
    "in memory, saver": lambda c: _in_memory(c, saver=lambda: tf1.train.Saver()),
    "in memory, init_fn": lambda c: _in_memory(c, init_fn=lambda: nothing),
    "add_metrics, other arguments": lambda c: c.v2.add_metrics(c.estimator(), lambda other: {}),
    "numpy, shuffle": lambda c: _numpy(c, X, shuffle=None),
    "numpy, empty dict": lambda c: _numpy(c, {}),
    "numpy, empty array": lambda c: _numpy(c, np.zeros([0])),
    "numpy, list": lambda c: _numpy(c, [1, 2]),
    "numpy, empty labels": lambda c: _numpy(c, X, {}),
    "numpy, one name": lambda c: _numpy(c, {"a": X}, {"a": Y}),
    "numpy, lengths": lambda c: _numpy(c, {"a": X, "b": X[:1]}),
    "pandas, shuffle": lambda c: _pandas(c, shuffle=None),
    "pandas, target_column": lambda c: _pandas(c, target_column=1),
    "pandas, target_column is there": lambda c: _pandas(c, target_column="a"),
    "pandas, index": lambda c: _pandas(c, shifted=True),
}
