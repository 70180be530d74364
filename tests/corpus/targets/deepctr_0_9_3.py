"""deepctr 0.9.3: thirteen functions that return an Estimator, each over a closure of its own."""

import functools
import importlib
from typing import Any

import tensorflow as tf

from migrate import Target

REQUIREMENTS = ("deepctr==0.9.3",)
LEGACY = ("deepctr",)

BATCH, VOCABULARY, FIELDS = 8, 10, ("user", "item", "place")
HIDDEN = {"dnn_hidden_units": (8, 4)}
# What makes a model small, by its file; AFM has no hidden layers.
SETTINGS: dict[str, dict[str, Any]] = {
    "afm": {"attention_factor": 4},
    "autoint": {**HIDDEN, "att_embedding_size": 4},
    "ccpm": {**HIDDEN, "conv_kernel_width": (2, 2), "conv_filters": (2, 2)},
    "dcn": HIDDEN,
    "deepfefm": HIDDEN,
    "deepfm": HIDDEN,
    "fibinet": HIDDEN,
    "fnn": HIDDEN,
    "fwfm": HIDDEN,
    "nfm": HIDDEN,
    "pnn": HIDDEN,
    "wdl": HIDDEN,
    "xdeepfm": {**HIDDEN, "cin_layer_size": (4, 4)},
}
CLASSES = {
    "afm": "AFMEstimator",
    "autoint": "AutoIntEstimator",
    "ccpm": "CCPMEstimator",
    "dcn": "DCNEstimator",
    "deepfefm": "DeepFEFMEstimator",
    "deepfm": "DeepFMEstimator",
    "fibinet": "FiBiNETEstimator",
    "fnn": "FNNEstimator",
    "fwfm": "FwFMEstimator",
    "nfm": "NFMEstimator",
    "pnn": "PNNEstimator",
    "wdl": "WDLEstimator",
    "xdeepfm": "xDeepFMEstimator",
}


def impressions() -> Any:
    """An input_fn of three categories and a number, and whether there was a click."""
    seeds = {name: (1, index) for index, name in enumerate(FIELDS)}
    features = {
        name: tf.random.stateless_uniform([BATCH], seed, 0, VOCABULARY, tf.int32)
        for name, seed in seeds.items()
    }
    clicks = tf.cast(features["user"] + features["item"] > VOCABULARY, tf.float32)
    features["price"] = tf.random.stateless_normal([BATCH, 1], (1, 9))
    return tf.data.Dataset.from_tensors((features, clicks)).repeat()


def ctr(file: str) -> Target:
    column = tf.feature_column
    columns = [column.categorical_column_with_identity(name, VOCABULARY) for name in FIELDS]
    deep = [column.embedding_column(one, 4) for one in columns]
    given: dict[str, Any] = {"dnn_feature_columns": [*deep, column.numeric_column("price")]}
    if file != "pnn":
        given["linear_feature_columns"] = columns
    module = importlib.import_module(f"deepctr.estimator.models.{file}")
    estimator = getattr(module, CLASSES[file])(**given, **SETTINGS[file])
    return Target(model_fn=estimator._model_fn, input_fns=impressions)


TARGETS = {
    f"deepctr/estimator/models/{file}.py:{name}._model_fn": functools.partial(ctr, file)
    for file, name in CLASSES.items()
}
