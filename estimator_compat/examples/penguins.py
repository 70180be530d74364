"""A legacy program: a model_fn that classifies penguins into three species.

It is written as such programs were, with one difference: it imports EstimatorSpec and ModeKeys from
`estimator_compat`. A program of 2018 took them from `tf.estimator`.

Data: `penguins.csv`, 344 birds measured near Palmer Station, Antarctica. The file is from
palmerpenguins by A. M. Horst, A. P. Hill and K. B. Gorman (2020),
https://allisonhorst.github.io/palmerpenguins/. The data were collected by K. B. Gorman and the
Palmer Station Long Term Ecological Research program, and first published in K. B. Gorman, T. D.
Williams and W. R. Fraser (2014), Ecological Sexual Dimorphism and Environmental Variability within
a Community of Antarctic Penguins (Genus Pygoscelis), PLoS ONE 9(3): e90081,
https://doi.org/10.1371/journal.pone.0090081. License: CC0 1.0.
"""

import csv
import os
import zlib
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

import estimator_compat as estimator
from estimator_compat.type_aliases import Dataset, Features, Labels

SPECIES = ["Adelie", "Chinstrap", "Gentoo"]
ISLANDS = ["Biscoe", "Dream", "Torgersen"]
SEXES = ["female", "male"]
# Mean and standard deviation of each column over all birds. The model_fn normalizes with them.
MEASUREMENTS = {
    "bill_length_mm": (43.92, 5.46),
    "bill_depth_mm": (17.15, 1.97),
    "flipper_length_mm": (200.92, 14.06),
    "body_mass_g": (4201.75, 801.95),
}

BATCH_SIZE = 32

CSV_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "penguins.csv")


def is_held_out(line: str) -> bool:
    """Tells whether a bird is held out for evaluation, as about a fifth of the birds are.

    A checksum of the bird's line decides, so the split is the same in every process.

    Args:
      line: The bird's line of the CSV file.
    """
    return zlib.crc32(line.encode()) % 5 == 0


def read_birds(held_out: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Reads the features and labels of the held-out birds or of the others.

    Two birds were never measured: their weight is 0, and their measurements are the means.

    Args:
      held_out: Whether to read the held-out birds or the others.

    Returns:
      A dict of arrays, `[birds]`, by feature name, and the index of each bird's species, int32
      `[birds]`.
    """
    with open(CSV_FILE, encoding="utf-8") as file:
        header, *lines = file.read().splitlines()
    chosen = [line for line in lines if is_held_out(line) == held_out]
    birds = list(csv.DictReader([header, *chosen]))
    features = {
        name: np.array([mean if b[name] == "NA" else b[name] for b in birds], np.float32)
        for name, (mean, _) in MEASUREMENTS.items()
    }
    features["island"] = np.array([b["island"] for b in birds])
    features["sex"] = np.array([b["sex"] for b in birds])
    features["weight"] = np.array([float(b["body_mass_g"] != "NA") for b in birds], np.float32)
    return features, np.array([SPECIES.index(b["species"]) for b in birds], np.int32)


def train_input_fn() -> Dataset:
    """Returns shuffled batches of the birds that are not held out, without end."""
    features, labels = read_birds(held_out=False)
    dataset = tf.data.Dataset.from_tensor_slices((features, labels))
    return dataset.shuffle(len(labels)).repeat().batch(BATCH_SIZE)


def eval_input_fn() -> Dataset:
    """Returns batches of the held-out birds and their species."""
    return tf.data.Dataset.from_tensor_slices(read_birds(held_out=True)).batch(BATCH_SIZE)


def predict_input_fn() -> Dataset:
    """Returns batches of the held-out birds' features, without labels."""
    features, _ = read_birds(held_out=True)
    return tf.data.Dataset.from_tensor_slices(features).batch(BATCH_SIZE)


def serving_input_fn() -> Any:
    """Returns the receiver of a SavedModel: the features of birds, by their names."""
    features = {name: tf.placeholder(tf.float32, [None], name) for name in MEASUREMENTS}
    features |= {name: tf.placeholder(tf.string, [None], name) for name in ("island", "sex")}
    return estimator.export.ServingInputReceiver(features, features)


def feature_columns() -> list[Any]:
    """Returns normalized numeric columns of the measurements, and one-hot island and sex."""
    numeric = [
        tf.feature_column.numeric_column(
            name, normalizer_fn=lambda x, mean=mean, scale=scale: (x - mean) / scale
        )
        for name, (mean, scale) in MEASUREMENTS.items()
    ]
    # A bird whose sex was not recorded has zeros in both columns.
    categorical = [
        tf.feature_column.indicator_column(
            tf.feature_column.categorical_column_with_vocabulary_list(name, vocabulary)
        )
        for name, vocabulary in (("island", ISLANDS), ("sex", SEXES))
    ]
    return numeric + categorical


def model_fn(features: Features, labels: Labels, mode: str, params: dict[str, Any]) -> Any:
    """Builds a network of dense layers with a weighted mean of cross entropies as its loss.

    Args:
      features: The tensors that `read_birds` names, `[batch]`.
      labels: Indices of species, int32 `[batch]`; None in PREDICT mode.
      mode: One of `ModeKeys`.
      params: `hidden_units`, a list of layer sizes, and `learning_rate`.

    Returns:
      The EstimatorSpec of the mode.
    """
    net = tf.feature_column.input_layer(features, feature_columns())
    for units in params["hidden_units"]:
        net = tf.layers.dense(net, units, activation=tf.nn.relu)
    logits = tf.layers.dense(net, len(SPECIES))
    class_ids = tf.argmax(logits, axis=1, output_type=tf.int32)

    if mode == estimator.ModeKeys.PREDICT:
        predictions = {
            "species": tf.gather(SPECIES, class_ids),
            "probabilities": tf.nn.softmax(logits),
        }
        return estimator.EstimatorSpec(mode, predictions=predictions)

    weights = features["weight"]
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits, weights=weights)
    if mode == estimator.ModeKeys.EVAL:
        accuracy = tf.metrics.accuracy(labels, class_ids, weights=weights)
        return estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})

    optimizer = tf.train.AdamOptimizer(learning_rate=params["learning_rate"])
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
