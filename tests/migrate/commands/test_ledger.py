"""`migrate ledger`: a target's ledgers in both modes, as text, as JSON and as an exit status."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.recording.commands import migrate

pytestmark = pytest.mark.subprocess

PROGRAM = """
import tensorflow as tf

def model_fn(features, labels, mode, params):
    outputs = tf.layers.dense(features["x"], 1)
    loss = tf.losses.mean_squared_error(labels, outputs, weights=features["w"])
    if params.get("penalty"):
        loss += 0.1 * tf.nn.l2_loss(tf.trainable_variables()[0])
    if params.get("normalized"):
        tf.layers.batch_normalization(features["x"], training=True)
    if mode == tf.estimator.ModeKeys.EVAL and params.get("differs"):
        loss = tf.reduce_sum(tf.square(labels - outputs))
    if params.get("rooted"):
        loss = tf.sqrt(loss)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=tf.no_op())

def data():
    features = {"x": [[1.0], [2.0], [3.0]], "w": [[1.0], [0.0], [2.0]]}
    return tf.data.Dataset.from_tensor_slices((features, [[1.0], [2.0], [3.0]])).batch(2)
"""
SAME = """\
TRAIN  loss = sum(features['w'] * squared_difference[batch, 1]) / count(features['w'] != 0)
  recomputed from its terms: the same bits, on 2 batches (the first loss is {first})

  1. squared_difference, data: sum(features['w'] * squared_difference[batch, 1]) /
       count(features['w'] != 0)
     losses     squared_difference of shape [batch, 1] (program.py:6 in model_fn)
     weights    features['w']
     reduction  SUM_BY_NONZERO_WEIGHTS, sum(w*l) / count(w != 0)
                A short last batch is divided by how many of its own weights are not 0, and counts
                as much as a full one in evaluate()'s `loss`: the mean over batches is not the
                dataset's mean. `average_loss` is.
                An example of weight 0 counts neither above nor below; other weights scale the loss,
                since they are counted and not added up. All 0 gives 0.
                On N replicas the Estimator averaged the replicas' losses: the same as one replica
                on the whole batch only where all replicas have equal divisors.
                Keras has no SUM_BY_NONZERO_WEIGHTS: its nearest, 'sum_over_batch_size', divides by
                the number of elements, those of weight 0 included, and gives {half} for {train}
                on the first batch: take reduction=None (or 'none'), and compute sum(features['w'] *
                squared_difference[batch, 1]) / count(features['w'] != 0) by hand.

EVAL  loss = the same formula as in TRAIN
  recomputed from its terms: the same bits, on 2 batches (the first loss is {eval:.6g})
  EVAL computes the same loss as TRAIN, for the same weights and batch.
"""


def run(folder: Path, *arguments: str, fresh: bool = False) -> Any:
    (folder / "program.py").write_text(PROGRAM)
    given = ["ledger", "--facade", "program.py:model_fn", "--input_fn=program.py:data"]
    return migrate(*given, *arguments, cwd=folder, fresh=fresh)


def test_the_whole_text(tmp_path: Path) -> None:
    as_json = json.loads(run(tmp_path, "--format=json").stdout)
    losses = {one["mode"]: one["check"]["loss"] for one in as_json}
    result = run(tmp_path, fresh=True)
    # One of the two examples of the first batch has the weight 0.
    assert result.stdout == SAME.format(
        first=f"{losses['train']:.6g}",
        eval=losses["eval"],
        train=f"{losses['train']:.4g}",
        half=f"{losses['train'] / 2:.4g}",
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_json(tmp_path: Path) -> None:
    [ledger] = json.loads(run(tmp_path, "--format=json", "--mode=train", "--batches=1").stdout)
    assert ledger["formula"] == (
        "sum(features['w'] * squared_difference[batch, 1]) / count(features['w'] != 0)"
    )
    [term] = ledger["terms"]
    assert term["reduction"] == "SUM_BY_NONZERO_WEIGHTS"
    assert term["axes"] == ["batch", "1"]
    assert (ledger["check"]["batches"], ledger["check"]["exact"]) == (1, True)


def test_train_and_eval_that_differ(tmp_path: Path) -> None:
    result = run(tmp_path, "--params=differs=true")
    assert result.returncode == 1
    assert "! train-eval: `loss` is not the same in TRAIN and EVAL." in result.stdout
    assert "program.py:12 in model_fn" in result.stdout.split("! train-eval")[1]


def test_a_part_that_is_not_understood(tmp_path: Path) -> None:
    result = run(tmp_path, "--params=rooted=true", "--mode=train")
    assert result.returncode == 1
    assert "TRAIN  loss = Sqrt(Sqrt)" in result.stdout
    assert "! opaque: A part of the loss is known as one number only." in result.stdout


def test_a_hint_is_not_a_caution(tmp_path: Path) -> None:
    result = run(tmp_path, "--params=penalty=true")
    assert result.returncode == 0
    assert result.stdout.count("\nhint l2-half: In 0.1 * l2(dense/kernel), l2 is") == 1
    assert "the same penalty is L2(0.05) there.\n  program.py:8 in model_fn\n" in result.stdout


def test_cautions_and_hints_in_json(tmp_path: Path) -> None:
    params = "--params=penalty=true", "--params=normalized=true"
    result = run(tmp_path, *params, "--format=json", "--batches=1")
    train, evaluation = json.loads(result.stdout)
    assert result.returncode == 1
    [caution] = train["cautions"]
    assert caution["code"] == "update-ops-left-out"
    assert [line["number"] for line in caution["lines"]] == [10]
    assert [hint["code"] for hint in train["hints"]] == ["l2-half"]
    assert [part["part"] for part in train["left_out"]] == ["update-ops"]
    assert (evaluation["cautions"], evaluation["left_out"]) == ([], [])


FAULTS = {
    "no module": (["ledger", "nope:model_fn"], "there is no module named nope; expected"),
    "no input_fn": (
        ["ledger", "--facade", "program.py:model_fn"],
        "there is no --input_fn; expected an input_fn that yields its features and labels; add",
    ),
    "no target": (
        ["ledger", "--facade", "program.py:data"],
        "expected a migrate.Target, an Estimator, or a model_fn with the argument `features`; "
        "name one",
    ),
    "no facade": (
        ["ledger", "program.py:model_fn", "--input_fn=program.py:data"],
        "Code that was written for TensorFlow 1 needs --facade.",
    ),
    "batches": (["ledger", "--batches=0"], "argument --batches: (0) must be a positive integer"),
    "unknown flag": (["ledger", "--", "--nope=1"], "Unknown command line flag 'nope'"),
}


@pytest.mark.parametrize(("arguments", "told"), FAULTS.values(), ids=FAULTS)
def test_faults(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    result = migrate(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
