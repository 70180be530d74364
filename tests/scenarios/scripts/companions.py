"""Warm starts, added metrics and evaluation in memory."""

import os

import tensorflow.compat.v1 as tf

from tests.recording.values import encode
from tests.scenarios.scripts import model

tf.disable_v2_behavior()


def _events(folder):
    rows: list = []
    for name in sorted(os.listdir(folder)):
        for event in tf.train.summary_iterator(os.path.join(folder, name)):
            rows.extend(
                [event.step, value.tag, float(value.simple_value).hex()]
                for value in event.summary.value
                if value.HasField("simple_value")
            )
    return rows


def _warm(folder, warm_start_from, params):
    estimator = tf.estimator.Estimator(
        model.model_fn,
        folder,
        tf.estimator.RunConfig(tf_random_seed=3),
        params=params,
        warm_start_from=warm_start_from,
    )
    evaluated = model.hexed(estimator.evaluate(model.eval_input_fn))
    estimator.train(model.train_input_fn, steps=2)
    return {
        "evaluated": evaluated,
        "variables": {
            name: encode(estimator.get_variable_value(name))
            for name in estimator.get_variable_names()
        },
    }


def run(folder):
    source = model.estimator(os.path.join(folder, "source"))
    source.train(model.train_input_fn, steps=10)
    settings = tf.estimator.WarmStartSettings(
        source.model_dir, var_name_to_prev_var_name={"renamed": "kernel"}
    )
    watched = model.estimator(os.path.join(folder, "watched"))
    hook = tf.estimator.experimental.InMemoryEvaluatorHook(
        watched, model.eval_input_fn, name="memory", every_n_iter=4
    )
    watched.train(model.train_input_fn, hooks=[hook], steps=10)
    more = tf.estimator.add_metrics(
        source,
        lambda labels, predictions: {
            "ones": tf.metrics.mean(labels),
            "predicted": tf.metrics.mean(predictions["class"]),
        },
    )
    return {
        "by_path": _warm(os.path.join(folder, "a"), source.model_dir, {}),
        "by_checkpoint": _warm(os.path.join(folder, "b"), source.model_dir + "/model.ckpt-5", {}),
        "renamed": _warm(os.path.join(folder, "c"), settings, {"kernel": "renamed"}),
        "in_memory": _events(watched.eval_dir("memory")),
        "added": model.hexed(more.evaluate(model.eval_input_fn)),
    }
