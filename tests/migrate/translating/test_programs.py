"""Programs in the styles of public tutorials: what is written for some, and the verdict of all."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.migrate.translating.programs_runner import NAMES
from tests.recording.pythons import ROOT

_CONTRIB = {"contrib_layers", "slim_cnn"}
# Candidates of a sampled loss are drawn by an op that cannot be aligned.
# Those of dropout within an RNN are drawn in each step.
_NOT_VERIFIED = {"word2vec", "stacked_cells"}


def _run(*arguments: str) -> dict[str, str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrate.translating.programs_runner", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _skip_without_slim(name: str) -> None:
    if name in _CONTRIB and importlib.util.find_spec("tf_slim") is None:
        pytest.skip("the program needs tf-slim")


# What the source of a program must have.
WRITTEN = {
    "deep_fm": (
        "keras.layers.Dropout(1.0 - list(map(float, ",
        "for mlp, dropout in zip(self.mlp_layers, self.dropout_layers, strict=True):",
        "x = dropout(x, training=training)",
        '"mean_prob": keras.metrics.Mean(),',
    ),
    "feature_columns": (
        "return self.linear_model(features) + self.dense_2(net)",
        "left = self.input_layer(scaled)",
        "right = self.input_layer_2(features)",
        'tf.math.log1p(features["price"])',
        "self.dims = self.add_weight(shape=[3, 1]",
        "keras.initializers.RandomUniform(minval=-0.5, maxval=0.5)",
    ),
    # What is changed between two layers, by a statement that reads the features alone.
    "sparse_factors": ("feat_vals = tf.reshape(feat_vals, shape=[-1, field_size, 1])",),
    "language_model": (
        '"""Softmax cross entropy, [batch, 6]."""',
        "loss = reduce_loss(losses, mask)",
        '"""The weighted sum by the sum of the weights: MEAN."""',
    ),
    # Both reductions are a mean; by name, they are two.
    "sampled_candidates": ("def reduce_loss(", "def reduce_evaluation_loss("),
    "vocabulary_tables": (
        "tf.lookup.KeyValueTensorInitializer(WORDS, tf.range(len(WORDS), dtype=tf.int64)), 1",
        '"label": REVERSE_TABLE.lookup(pred_ids)',
    ),
    "focal_loss": ('"auc_pr": keras.metrics.AUC(200, curve="PR"),',),
    # Three metrics that only others are computed of, each once.
    "f1_scores": (
        'recall = metrics.pop("recall").result()',
        "p = precision",
        "fbeta = (1 + beta**2) * p * r / (beta**2 * p + r + 1e-08)",
        '"rmse": float(tf.sqrt(mse)),',
        '"share": float(tp / (tp + fp)),',
    ),
    # Two hyperparameters are 0.9, and a literal, too.
    "hyperparameters": (
        'momentum=PARAMS["momentum"], use_nesterov=True',
        'PARAMS["rate"], tf.floor(tf.cast(step, tf.float32) / float(PARAMS["decay_steps"]))',
        'tf.clip_by_value(gradient, -PARAMS["clip"], PARAMS["clip"])',
        'return PARAMS["l2"] * tf.add_n(',
        "keras.layers.BatchNormalization(momentum=0.9, trainable=False)",
        "the hyperparameters params['examples'], params['batch'], whose values are fixed in the",
        "params['smoothing'], params['name'], which nothing in the module reads",
        "the number of iterations of the loop over hp['units'] (line",
    ),
    # Keras would count the examples: a batch of longer sequences would count more.
    "padded_tagger": (
        '"acc_all": (tf.reshape(labels, [-1]), tf.reshape(pred, [-1])),',
        '"average_loss": (tf.reshape(losses, [-1]), tf.reshape(weights, [-1])),',
    ),
    "penalty_loops": (
        'return 0.1 * tf.nn.l2_loss(variables["enc/weights"]) + 0.01 * tf.add_n(',
        'l1_names = ("enc/weights", "dec/kernel")',
        "loss += regularization(variables)",
        "logits = output = self.dec(h)",
    ),
    "losses_by_mode": (
        'ids = features["id"]',
        "loss = softmax_cross_entropy + regularization(variables)",
        "labels=tf.stop_gradient(tf.one_hot(labels, 3)), logits=logits",
        "weights = tf.ones_like(weights)",
    ),
    "stacked_cells": (
        'GRUCell(PARAMS["rnn_size"]), return_sequences=True, zero_output_for_mask=True',
        "outputs = self.rnn_1(outputs, mask=mask)",
        "outputs = self.rnn_1_dropout(outputs, training=training)",
    ),
    "module_constants": (
        "return L2 * tf.add_n(",
        "LEARNING_RATE * tf.pow(0.5, tf.cast(step, tf.float32) / float(DECAY_STEPS))",
        "clip_norm=CLIP",
    ),
    "task_towers": (
        "return logits_a, logits_b, logits_c",
        "loss_c = reduce_c_loss(c_losses)",
        '"a_mean": (predictions["a"],),',
        '"c/auc": keras.metrics.AUC(num_thresholds=200),',
    ),
    "different_losses": (
        "losses = evaluation_loss_per_example(labels, logits)",
        "def compute_evaluation_loss(",
        "loss, losses = compute_evaluation_loss(features, labels, logits)",
        "loss = loss + regularization(variables)",
    ),
    "ema_getter": (
        "self.hidden_average = keras.layers.Dense(6, activation=tf.nn.relu, trainable=False)",
        "average.assign_sub((average - self.weights[name]) * (1.0 - decay))",
    ),
    "gradient_multipliers": (
        'factors = {"body/kernel": 0.1, "body/bias": 0.1}',
        "gradient * factors[name] if name in factors else gradient",
    ),
    "inherited_model": (
        'self.dense = keras.layers.Dense(PARAMS["units"] * 2, activation=tf.nn.relu)',
        "def predictions(logits: tf.Tensor) -> Any:",
    ),
    "names_of_its_own": (
        "LEGACY_FEATURES = 3  # columns",
        "legacy_losses * tf.square(model - loss)",
        "from_tensor_slices(_zeros(0)).repeat().batch(LEGACY_STEPS)",
        "FEATURES = tf.TensorSpec([None, 3], tf.float32)",
        "predictions - labels) * legacy_weights[1],)",
    ),
    "scaffold_init_fn": (
        "init_fn of TRAIN: `init_fn`, which stands below as a comment",
        "# def init_fn(scaffold, session):",
    ),
    "second_values": (
        """\
        tower_x = x
        for bought_fc in self.bought_fc_layers:
            tower_x = bought_fc(tower_x)
        logits = self.logit(tower_x)
        for spent_fc in self.spent_fc_layers:
            x = spent_fc(x)
""",
        """\
    # the labels are a vector
    logits_2 = PARAMS["scale"] * tf.squeeze(logits, axis=-1)
""",
        'for size in PARAMS["units"]',
        "# [batch, 3]",
        "x = self.dropout(x, training=training)",
        """\
                f"training/{name}/{end}": slot
                for end, slots in [("Slow", self.adam_1.m), ("Slow_1", self.adam_1.v)]
""",
        '"training/beta2_power_1": self.adam_2.beta2_power,',
        """\
        "loss/bought": reduce_bought_loss(bought_losses),
        "loss/spent": reduce_spent_loss(spent_losses),
""",
        '"mean": (logits_2,),',
        "return {name: metric.result().numpy().tolist() for name, metric in metrics.items()}",
    ),
    "triplets": (
        """Returns the loss, one number: its losses couple the examples of a batch.""",
        "    loss, share = triplet_loss(labels, embeddings, PARAMS[",
        "    loss = compute_loss(features, labels, embeddings)",
        "        x = self.dense(features)",
    ),
}


@pytest.mark.subprocess
def test_programs_are_written() -> None:
    found = _run(*WRITTEN)
    for name, texts in WRITTEN.items():
        for text in texts:
            assert text in found[name], (name, text)


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", NAMES)
def test_programs_are_proved(name: str) -> None:
    _skip_without_slim(name)
    outcome = _run("--prove=15", name)[name]
    expected = {"not verified"} if name in _NOT_VERIFIED else {"identical", "equivalent"}
    assert outcome in expected
