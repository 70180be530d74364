"""deepctr's thirteen models, made small: for their targets, and a legacy program that fits them.

The program writes the losses and the evaluation of each as JSON. It must be Python 3.7, since
TensorFlow 1.15.5 runs it, too (with deepctr==0.9.3 and requests on Python's path):

    python tests/corpus/deepctr_models.py tests/corpus/recordings/deepctr.json
"""

import importlib
import json
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

BATCH, VOCABULARY, FIELDS = 8, 10, ("user", "item", "place")
HIDDEN = {"dnn_hidden_units": (8, 4)}
# What makes a model small, by its file and its function; AFM has no hidden layers.
MODELS: dict[tuple[str, str], dict[str, Any]] = {
    ("afm", "AFMEstimator"): {"attention_factor": 4},
    ("autoint", "AutoIntEstimator"): dict(HIDDEN, att_embedding_size=4),
    ("ccpm", "CCPMEstimator"): dict(HIDDEN, conv_kernel_width=(2, 2), conv_filters=(2, 2)),
    ("dcn", "DCNEstimator"): HIDDEN,
    ("deepfefm", "DeepFEFMEstimator"): HIDDEN,
    ("deepfm", "DeepFMEstimator"): HIDDEN,
    ("fibinet", "FiBiNETEstimator"): HIDDEN,
    ("fnn", "FNNEstimator"): HIDDEN,
    ("fwfm", "FwFMEstimator"): HIDDEN,
    ("nfm", "NFMEstimator"): HIDDEN,
    ("pnn", "PNNEstimator"): HIDDEN,
    ("wdl", "WDLEstimator"): HIDDEN,
    ("xdeepfm", "xDeepFMEstimator"): dict(HIDDEN, cin_layer_size=(4, 4)),
}


def impressions():
    """An input_fn of three categories and a number, and whether there was a click."""
    features = {
        name: tf.random.stateless_uniform([BATCH], (1, index), 0, VOCABULARY, tf.int32)
        for index, name in enumerate(FIELDS)
    }
    clicks = tf.cast(features["user"] + features["item"] > VOCABULARY, tf.float32)
    features["price"] = tf.random.stateless_normal([BATCH, 1], (1, 9))
    return tf.data.Dataset.from_tensors((features, clicks)).repeat()


def estimator(file, name, **settings):
    """The Estimator of a model; `settings` are more of its arguments."""
    column = tf.feature_column
    columns = [column.categorical_column_with_identity(one, VOCABULARY) for one in FIELDS]
    deep = [column.embedding_column(one, 4) for one in columns]
    given: dict[str, Any] = {"dnn_feature_columns": [*deep, column.numeric_column("price")]}
    if file != "pnn":
        given["linear_feature_columns"] = columns
    module = importlib.import_module("deepctr.estimator.models." + file)
    return getattr(module, name)(**given, **MODELS[file, name], **settings)


def initial(variable, index):
    """Initial values that need no random numbers; `index` is the variable's."""
    shape = variable.shape.as_list()
    return np.sin(np.arange(1, np.prod(shape) + 1) + index).reshape(shape) * 0.3


class Watch(tf.compat.v1.train.SessionRunHook):
    """Sets the variables to their initial values, and keeps the loss of each step."""

    def __init__(self):
        self.names, self.losses = [], []

    def begin(self):
        variables = tf.trainable_variables()
        self.names = [one.name for one in variables]
        self._assign = [one.assign(initial(one, index)) for index, one in enumerate(variables)]
        self._loss = tf.get_collection(tf.GraphKeys.LOSSES)[-1]

    def after_create_session(self, session, coord):
        session.run(self._assign)

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self._loss)

    def after_run(self, run_context, run_values):
        self.losses.append(float(run_values.results))


def fitted(file, name):
    """What five steps of a model give."""
    model = estimator(file, name, model_dir=tempfile.mkdtemp())
    watch = Watch()
    model.train(impressions, hooks=[watch], steps=5)
    results = model.evaluate(impressions, steps=2)
    results = {key: float(value) for key, value in results.items()}
    return {"variables": watch.names, "losses": watch.losses, "results": results}


if __name__ == "__main__":
    found = {name: fitted(file, name) for file, name in MODELS}
    rows = [json.dumps({name: found[name]}, sort_keys=True)[1:-1] for name in sorted(found)]
    with open(sys.argv[1], "w") as out:
        out.write("{\n" + ",\n".join(rows) + "\n}\n")
